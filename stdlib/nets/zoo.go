package nets

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/hbollon/go-edlib"

	"graft/stdlib/graph"
)

// Net describes a net of the zoo.
type Net struct {
	// Name is TF-Slim's name in nets_factory, such as "resnet_v1_50".
	Name string
	// ImageSize is the height and width that the net is made for.
	ImageSize int
	// Frames is the length of the clips of a video net, else 0: its input is
	// [batch, frames, height, width, channels].
	Frames int
	// Channels of the images: 3, or 1 for lenet.
	Channels int
	// NumClasses is the number of classes of TF-Slim's checkpoint, or of the
	// data set that the net is made for.
	NumClasses int
	// LabelsOffset is what to take from ImageNet's labels 0 … 1000, of which 0
	// is the background, to have the net's: 1 for nets with 1000 classes.
	LabelsOffset int
	// Preprocessing is "inception", "vgg", "lenet", "cifarnet", or "" where
	// TF-Slim has none. For the resnets V2 it is that of their published
	// checkpoints (inception, at 299×299), though nets_factory says vgg.
	Preprocessing string
	// HeadScopes are the scopes to leave out when restoring for other
	// classes, and to train first. They end in "/", so that they match whole
	// scopes only, and are those of the default Scope.
	HeadScopes []string
	// WeightDecay is the default scale of the L2 penalty; 0 is none.
	WeightDecay float64
	// Options are the fields of Config that the net has.
	Options []string
}

// Build builds the net of the zoo's table with Config's options, as its own
// function does.
func (n Net) Build(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build(n.Name, images, c)
}

// spec is a row of the zoo's table.
type spec struct {
	Net
	defaults     Config                    // of options that are not given
	takes        []string                  // options beyond the common ones
	headAnywhere bool                      // FinalEndpoint does not leave out the head
	convOpFields func(ConvOpKind) []string // what ConvDefs may say
	arguments    func(b *builder)          // its arg scope
	build        func(b *builder)
}

// zoo is the table of all nets, by family, most used first.
func zoo() []spec {
	return slices.Concat(vggs(), inceptions(), resnets(), mobilenets(), smallNets(), nasnets(), videoNets())
}

func find(name string) (*spec, error) {
	all := zoo()
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	// vgg16 and resnet50 mean vgg_16 and resnet_v1_50.
	plain := func(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "") }
	word := strings.TrimRightFunc(plain(name), func(r rune) bool { return !unicode.IsLetter(r) })
	var alike []string
	for _, n := range all {
		if word != "" && strings.HasPrefix(plain(n.Name), word) {
			alike = append(alike, n.Name)
		}
	}
	if len(alike) == 0 {
		alike = misspelt(name)
	}
	if len(alike) == 0 {
		alike = Names()
	}
	return nil, fmt.Errorf("nets: there is no net %q; there are %s", name, strings.Join(alike, ", "))
}

// misspelt are the names of nets that two slips of the keyboard turn into
// name, the nearest first.
func misspelt(name string) []string {
	slips := func(n string) int { return edlib.OSADamerauLevenshteinDistance(n, strings.ToLower(name)) }
	near := slices.DeleteFunc(Names(), func(n string) bool { return slips(n) > 2 })
	slices.SortStableFunc(near, func(a, b string) int { return slips(a) - slips(b) })
	return near
}

// Names are the names of all nets, those most used first in each family.
func Names() []string {
	var out []string
	for _, n := range zoo() {
		out = append(out, n.Name)
	}
	return out
}

// Lookup describes a net by its name in TF-Slim. An unknown name is an error
// that lists those alike.
func Lookup(name string) (Net, error) {
	n, err := find(name)
	if err != nil {
		return Net{}, err
	}
	out := n.Net
	out.WeightDecay = max(0, n.defaults.WeightDecay)
	out.Options = n.options()
	return out, nil
}

// Build builds the net of that name in TF-Slim (nets_factory.get_network_fn),
// with its arg scope. images are [batch, height, width, channels], or clips
// [batch, frames, height, width, channels] for a video net; float32. The
// result and the end points are those of the net's own function.
//
// Errors: an unknown name, an option that the net does not have, a value out
// of range, images of another rank or too small.
func Build(name string, images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	n, err := find(name)
	if err != nil {
		return nil, nil, err
	}
	logits, endPoints, err = n.on(images, c)
	if err != nil {
		return nil, nil, fmt.Errorf("nets: %s: %w", name, err)
	}
	return logits, endPoints, nil
}

func (n *spec) on(images *graph.Node, c Config) (*graph.Node, EndPoints, error) {
	c, err := n.configured(c)
	if err != nil {
		return nil, nil, err
	}
	b, err := newBuilder(n, images, c)
	if err != nil {
		return nil, nil, err
	}
	n.arguments(b)
	n.build(b)
	logits, end, err := b.result()
	if s := images.Shape(); b.err != nil && smaller(s[len(s)-3], n.ImageSize) && smaller(s[len(s)-2], n.ImageSize) {
		err = fmt.Errorf("%w; the net is made for images of %d×%d, these are %d×%d", err, n.ImageSize, n.ImageSize, s[len(s)-3], s[len(s)-2])
	}
	return logits, end, err
}

func smaller(size, than int) bool { return size != graph.Unknown && size < than }
