package nets

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"graft/ckpt"
	"graft/stdlib/data"
	"graft/stdlib/display"
	"graft/stdlib/graph"
	"graft/stdlib/preprocessing"
	"graft/stdlib/slim"
)

// Classifier is a net with its weights, its labels and its preprocessing.
type Classifier struct {
	Net       Net
	Images    *graph.Node // placeholder [batch, height, width, channels], float32, prepared
	Logits    *graph.Node // [batch, classes]
	EndPoints EndPoints
	Session   *graph.Session
	Labels    []string          // names of the classes, [classes]
	Plan      *slim.RestorePlan // what was restored, and from where

	prepare map[int]*preprocessing.Preprocessing // for pictures of 1 and 3 channels
}

// OpenOptions change what Open does; their zero value is what the name and the
// checkpoint say.
type OpenOptions struct {
	// ImageSize is the height and width that pictures are made. Default: the
	// checkpoint's, if its name has it (mobilenet_v1_0.25_128), else the net's.
	ImageSize int
	// Config of the net. NumClasses is by default the checkpoint's.
	Config Config
	// Labels are the names of the classes. Default: those of a file labels.txt
	// beside the checkpoint if they are as many, ImageNet's for its 1000 and
	// 1001 classes, else numbers.
	Labels []string
	// Preprocessing is "inception", "vgg", "lenet" or "cifarnet". Default: the
	// net's.
	Preprocessing string
	// PlainNames takes the variables' own values where the checkpoint has
	// moving averages of them too, which are better.
	PlainNames bool
}

// Open opens a net with the weights of a checkpoint. A photo is then
// classified by
//
//	net, err := nets.Open("mobilenet_v1_0.25_128", "mobilenet_v1_0.25_128.ckpt")
//	photo, err := preprocessing.ReadImage("owl.jpg")
//	net.Top(photo, 5)
//
// name is a net's, as Names has them, or that of one of TF-Slim's checkpoints:
// mobilenet_v1_0.25_128 says the width and the size of the images too; an
// archive's name does as well, such as vgg_16_2016_08_28. path is
// anything that ckpt.Open opens; "" gets the published checkpoint of that name
// with ckpt.Fetch, once.
//
// The number of classes is the checkpoint's: a net that was trained on other
// pictures opens too. Errors: an unknown name, a checkpoint that cannot be read
// or that is of another net, a net without a preprocessing.
func Open(name, path string) (*Classifier, error) { return OpenWith(name, path, OpenOptions{}) }

// OpenWith is Open with options.
func OpenWith(name, path string, o OpenOptions) (*Classifier, error) {
	c, err := openNet(name, path, o)
	if err != nil {
		return nil, fmt.Errorf("nets: open %s: %w", name, err)
	}
	return c, nil
}

func openNet(name, path string, o OpenOptions) (*Classifier, error) {
	r := released(name)
	n, err := Lookup(r.net)
	if err != nil {
		return nil, err
	}
	if o.Preprocessing == "" {
		o.Preprocessing = n.Preprocessing
	}
	if o.Preprocessing == "" || n.Frames > 0 {
		return nil, fmt.Errorf("TF-Slim has no preprocessing for it; Build builds it, and OpenOptions.Preprocessing says which to take for pictures")
	}
	if o.ImageSize == 0 {
		o.ImageSize = r.size
	}
	if o.ImageSize != 0 {
		n.ImageSize = o.ImageSize
	}
	if r.multiplier != 0 && o.Config.DepthMultiplier == 0 {
		o.Config.DepthMultiplier = r.multiplier
	}
	if path == "" {
		if path, err = ckpt.Fetch(name); err != nil {
			return nil, err
		}
	}
	c, err := fitted(n, path, o)
	if err != nil {
		return nil, err
	}
	if err := c.setPreprocessing(o.Preprocessing); err != nil {
		return nil, err
	}
	return c, c.setLabels(path, o.Labels)
}

// fitted builds the net as the checkpoint wants it: with its number of
// classes, and its last layer scaled or not.
func fitted(n Net, path string, o OpenOptions) (*Classifier, error) {
	given := o.Config.NumClasses
	if given == 0 {
		o.Config.NumClasses = n.NumClasses
	}
	c, err := restored(n, path, o)
	var misfit *slim.PlanError
	if !errors.As(err, &misfit) {
		return c, err
	}
	for _, o.Config = range c.others(o.Config, given == 0) {
		if c, err := restored(n, path, o); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// others are what else a checkpoint that does not fit may be of: its own number
// of classes, and a MobileNet whose last layer is as wide as the widest's, as
// TF-Slim publishes narrow ones of V2 (finegrain_classification_mode).
func (c *Classifier) others(config Config, anyClasses bool) (out []Config) {
	configs := []Config{config}
	if classes := c.classesThere(); anyClasses && classes > 0 {
		config.NumClasses = classes
		configs = append(configs, config)
	}
	out = slices.Clone(configs[1:])
	if slices.Contains(c.Net.Options, "FinegrainClassificationMode") {
		for _, config := range configs {
			config.FinegrainClassificationMode = !config.FinegrainClassificationMode
			out = append(out, config)
		}
	}
	return out
}

// restored builds the net and gives it the checkpoint's values. With a
// *slim.PlanError it has the plan.
func restored(n Net, path string, o OpenOptions) (*Classifier, error) {
	g := graph.New()
	images, err := g.Placeholder("images", graph.Float32, -1, n.ImageSize, n.ImageSize, n.Channels)
	if err != nil {
		return nil, err
	}
	c := &Classifier{Net: n, Images: images}
	if c.Logits, c.EndPoints, err = n.Build(images, o.Config); err != nil {
		return nil, err
	}
	s, err := slim.VariablesToRestore(g)
	if err != nil {
		return nil, err
	}
	if c.Plan, err = slim.PlanRestoreWith(path, s, slim.RestoreOptions{MovingAverages: !o.PlainNames}); err != nil {
		return nil, err
	}
	if err := c.Plan.Err(); err != nil {
		return c, err
	}
	if c.Session, err = graph.NewSession(g); err != nil {
		return nil, err
	}
	return c, c.Plan.Apply(c.Session)
}

// classesThere is the checkpoint's number of classes if it is another than the
// net's, else 0.
func (c *Classifier) classesThere() int {
	classes := 0
	for _, e := range c.Plan.Problems() {
		head := slices.ContainsFunc(c.Net.HeadScopes, func(s string) bool { return strings.HasPrefix(e.Variable.Name()+"/", s) })
		if e.Action != slim.ShapeMismatch || !head || len(e.FoundShape) == 0 {
			continue
		}
		last := e.FoundShape[len(e.FoundShape)-1]
		if classes != 0 && classes != last {
			return 0
		}
		classes = last
	}
	return classes
}

// setPreprocessing makes the preprocessing for pictures of one and of three
// channels: a net for grey ones makes colours grey.
func (c *Classifier) setPreprocessing(name string) error {
	c.Net.Preprocessing = name
	c.prepare = map[int]*preprocessing.Preprocessing{}
	for _, channels := range []int{1, 3} {
		o := preprocessing.Options{Height: c.Net.ImageSize, Width: c.Net.ImageSize, UseGrayscale: channels > c.Net.Channels}
		p, err := preprocessing.Get(name, o)
		if err != nil {
			return err
		}
		c.prepare[channels] = p
	}
	return nil
}

func (c *Classifier) setLabels(path string, given []string) error {
	n := c.Logits.Shape()[len(c.Logits.Shape())-1]
	if given != nil && len(given) != n {
		return fmt.Errorf("%d labels are given, the checkpoint has %d classes", len(given), n)
	}
	c.Net.NumClasses = n
	c.Labels = slices.Clone(given)
	if beside := filepath.Join(filepath.Dir(path), "labels.txt"); c.Labels == nil && exists(beside) {
		if labels, err := data.ReadLabels(beside); err == nil && len(labels) == n {
			c.Labels = labels
		}
	}
	if c.Labels == nil && (n == 1000 || n == 1001) {
		c.Labels = ImageNetLabels()[1001-n:]
	}
	if c.Labels == nil {
		for i := range n {
			c.Labels = append(c.Labels, strconv.Itoa(i))
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Preprocessing is the net's preprocessing for photos, to give to
// data.Pictures.With; with training it distorts them, by seed.
func (c *Classifier) Preprocessing(training bool, seed uint64) (*preprocessing.Preprocessing, error) {
	o := preprocessing.Options{Height: c.Net.ImageSize, Width: c.Net.ImageSize, IsTraining: training, Seed: seed, UseGrayscale: c.Net.Channels == 1}
	return preprocessing.Get(c.Net.Preprocessing, o)
}

// Run is the logits of photos, [photos, classes]. A photo is as
// preprocessing.ReadImage makes it: [height, width, channels], uint8, or
// float32 as preprocessing.Apply takes it.
func (c *Classifier) Run(photos ...*graph.Tensor) (*graph.Tensor, error) {
	if c == nil || c.Net.Name == "" || c.Session == nil || c.Images == nil || c.Logits == nil {
		return nil, errors.New("nets: the classifier is not whole: nets.Open makes one")
	}
	if len(photos) == 0 {
		return nil, fmt.Errorf("nets: %s: no photos are given", c.Net.Name)
	}
	n := c.Net.ImageSize * c.Net.ImageSize * c.Net.Channels
	batch := make([]float32, 0, n*len(photos))
	for i, photo := range photos {
		x, err := c.prepared(photo)
		if err != nil {
			return nil, fmt.Errorf("nets: %s: photo %d: %w", c.Net.Name, i, err)
		}
		batch = append(batch, x...)
	}
	t, err := graph.FromFloat32s(batch, len(photos), c.Net.ImageSize, c.Net.ImageSize, c.Net.Channels)
	if err != nil {
		return nil, err
	}
	out, err := c.Session.Run(graph.Feeds{c.Images: t}, c.Logits)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func (c *Classifier) prepared(photo *graph.Tensor) ([]float32, error) {
	channels := 3
	if photo != nil && len(photo.Shape()) == 3 {
		channels = photo.Shape()[2]
	}
	p := c.prepare[channels]
	if p == nil {
		return nil, fmt.Errorf("it has shape %v: 1 or 3 channels are wanted", []int(photo.Shape()))
	}
	x, err := p.Apply(photo, (*rand.Rand)(nil))
	if err != nil {
		return nil, err
	}
	if got := x.Shape()[2]; got != c.Net.Channels {
		return nil, fmt.Errorf("it has %d channels, the net has %d", got, c.Net.Channels)
	}
	return x.Data().([]float32), nil
}

// Top is the k classes that the net finds most likely, k in 1 … classes; more
// than there are means all. As a cell's last value it is a table beside the
// photo.
func (c *Classifier) Top(photo *graph.Tensor, k int) (*Predictions, error) {
	if k < 1 {
		return nil, fmt.Errorf("nets: the top %d classes: at least 1 is wanted", k)
	}
	logits, err := c.Run(photo)
	if err != nil {
		return nil, err
	}
	p := &Predictions{Net: c.Net.Name}
	if p.photo, err = thumbnail(photo); err != nil {
		return nil, err
	}
	p.of(logits.Data().([]float32), c.Labels, k)
	return p, nil
}

// String says what was opened.
func (c *Classifier) String() string { return c.table().String() }

// MIME shows it as a table.
func (c *Classifier) MIME() map[string]string { return c.table().MIME() }

func (c *Classifier) table() display.Table {
	if c.Net.Name == "" || c.Plan == nil {
		return display.Table{Rows: [][]string{{"net", "none: nets.Open opens one"}}}
	}
	first := strings.Join(c.Labels[:min(3, len(c.Labels))], "; ")
	averages := 0
	for _, e := range c.Plan.Entries {
		if strings.HasSuffix(e.Key, "/ExponentialMovingAverage") {
			averages++
		}
	}
	from := fmt.Sprintf("%s: %d variables", c.Plan.Path, len(c.Plan.Entries))
	if averages > 0 {
		from += fmt.Sprintf(", %d of them by their moving averages", averages)
	}
	return display.Table{Rows: [][]string{
		{"net", c.Net.Name},
		{"images", fmt.Sprintf("%d×%d×%d, preprocessing %s", c.Net.ImageSize, c.Net.ImageSize, c.Net.Channels, c.Net.Preprocessing)},
		{"classes", fmt.Sprintf("%d: %s, …", len(c.Labels), first)},
		{"weights", from},
	}}
}

// softmax is the probabilities of logits.
func softmax(logits []float32) []float64 {
	most, sum := float64(slices.Max(logits)), 0.0
	out := make([]float64, len(logits))
	for i, l := range logits {
		out[i] = math.Exp(float64(l) - most)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}
