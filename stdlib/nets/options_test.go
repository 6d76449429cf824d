package nets

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// optionsGolden is testdata/options.json.gz: TensorFlow's own numbers, as
// testdata/README.md says.
type optionsGolden struct {
	Versions map[string]string
	Nets     []refNet
	DropPath struct {
		NumCells           int `json:"num_cells"`
		NumConvFilters     int `json:"num_conv_filters"`
		TotalTrainingSteps int `json:"total_training_steps"`
		Steps              []int64
		Kept               [][]any
	} `json:"drop_path"`
	ArgScopes []struct {
		Net       string
		Variables [][]any
		Updates   int
	} `json:"arg_scopes"`
}

func readOptions(t *testing.T) *optionsGolden {
	f := ok[*os.File](t)(os.Open("testdata/options.json.gz"))
	defer f.Close()
	var g optionsGolden
	if err := json.NewDecoder(ok[*gzip.Reader](t)(gzip.NewReader(f))).Decode(&g); err != nil {
		t.Fatal(err)
	}
	return &g
}

// Options that few use, with layers and blocks of one's own.
func TestOptionsAreTensorFlows(t *testing.T) {
	g := readOptions(t)
	for i := range g.Nets {
		n := &g.Nets[i]
		c := &n.Cases[0]
		c.file = n
		t.Run(n.Net+"/"+c.Case, func(t *testing.T) {
			r := &refRun{T: t, c: c}
			r.builds = c.special(t)
			r.run()
			t.Log(r.worst)
		})
	}
}

// special takes the arguments that JSON cannot give Config: layers and blocks.
func (c *refCase) special(t *testing.T) func(*graph.Node, Config) (*graph.Node, EndPoints, error) {
	take := func(key string) any {
		v := c.Kwargs[key]
		delete(c.Kwargs, key)
		return v
	}
	var defs *ConvDefs
	if name, is := take("conv_defs_name").(string); is {
		defs = ok[*ConvDefs](t)(LookupConvDefs(name))
	}
	if spec := take("conv_defs"); spec != nil {
		defs = &ConvDefs{}
		if err := json.Unmarshal(ok[[]byte](t)(json.Marshal(spec)), &defs.Spec); err != nil {
			t.Fatal(err)
		}
	}
	for key, to := range map[string]func(*ConvDefs) *[]LayerArgs{
		"defaults":  func(d *ConvDefs) *[]LayerArgs { return &d.Defaults },
		"overrides": func(d *ConvDefs) *[]LayerArgs { return &d.Overrides },
	} {
		if rows := take(key); rows != nil {
			if err := json.Unmarshal(ok[[]byte](t)(json.Marshal(rows)), to(defs)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range defs.layers() {
		if defs.Spec[i].Op == OpFunc {
			defs.Spec[i].Func = ownLayer
		}
	}
	var blocks []ResnetBlock
	if rows, is := take("blocks").([]any); is {
		for _, r := range rows {
			b := ResnetBlock{Scope: r.([]any)[0].(string)}
			for _, u := range r.([]any)[1].([]any) {
				u := u.([]any)
				b.Units = append(b.Units, ResnetUnit{whole(u[0]), whole(u[1]), whole(u[2])})
			}
			blocks = append(blocks, b)
		}
	}
	if take("mine") == true {
		blocks = append(blocks, ResnetBlock{Scope: "mine", Units: []ResnetUnit{{Depth: 24, Stride: 2}}, UnitFn: ownUnit})
	}
	for i, e := range c.EndPoints {
		if e.Name == "global_pool" && strings.HasPrefix(c.file.Net, "mobilenet_v") {
			// tf.nn.avg_pool2d has had two names; the nets have the older.
			op := strings.TrimSuffix(*e.Op, "2D")
			if strings.HasSuffix(op, "/AvgPool") {
				op += "2D"
			}
			c.EndPoints[i].Op = &op
		}
	}
	return func(images *graph.Node, config Config) (*graph.Node, EndPoints, error) {
		config.ConvDefs = defs
		switch {
		case blocks == nil:
			return Build(c.file.Net, images, config)
		case c.file.Net == "resnet_v1":
			return ResnetV1(images, blocks, config)
		}
		return ResnetV2(images, blocks, config)
	}
}

func (d *ConvDefs) layers() []ConvOp {
	if d == nil {
		return nil
	}
	return d.Spec
}

// ownLayer is own_layer of make_options.py.
func ownLayer(s graph.Scope, x *graph.Node, o ConvOp, rate int) (*graph.Node, error) {
	open := s.Open
	if o.Scope == "" {
		open, o.Scope = s.OpenDefault, "own"
	}
	in, err := open(o.Scope)
	if err != nil {
		return nil, err
	}
	size := o.KernelSize
	if size == nil {
		size = kernel(3)
	}
	x, err = slim.Conv2D(in, x, o.NumOutputs/2, size, slim.Args{Stride: o.Stride, Rate: rate, Scope: "narrow"})
	if err != nil {
		return nil, err
	}
	return slim.SeparableConv2D(in, x, o.NumOutputs, kernel(3), slim.Args{Scope: "wide"})
}

// ownUnit is unit of make_options.py.
func ownUnit(s graph.Scope, x *graph.Node, u ResnetUnit, rate int) (*graph.Node, error) {
	return slim.Conv2D(s, x, u.Depth, []int{3, 3}, slim.Args{Stride: u.Stride, Rate: rate, Scope: "mine"})
}

// The share of paths that are kept falls with the step of the training, and
// with the number of the cell.
func TestDropPathIsTensorFlows(t *testing.T) {
	want := readOptions(t).DropPath
	g := graph.New()
	x := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, 2, 16, 16, 3))
	step := ok[*graph.Node](t)(g.Placeholder("step", graph.Int64))
	_, _, err := NasnetCifar(x, Config{NumClasses: 10, IsTraining: true, Cells: &CellConfig{NumCells: want.NumCells,
		NumConvFilters: want.NumConvFilters, TotalTrainingSteps: want.TotalTrainingSteps, CurrentStep: step}})
	if err != nil {
		t.Fatal(err)
	}
	var fetches []graph.Fetch
	var names []string
	for _, n := range g.Nodes() {
		if scope, is := strings.CutSuffix(n.Name(), "/drop_path/keep_prob"); is {
			fetches, names = append(fetches, n), append(names, scope)
		}
	}
	if len(names) != len(want.Kept) || len(names) == 0 {
		t.Fatalf("%d paths may be dropped, want %d", len(names), len(want.Kept))
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	for i, at := range want.Steps {
		out := ok[[]*graph.Tensor](t)(sess.Run(graph.Feeds{step: ok[*graph.Tensor](t)(graph.FromInt64s([]int64{at}))}, fetches...))
		for j, k := range want.Kept {
			w := k[1].([]any)[i].(float64)
			if got := float64(floats(out[j])[0]); names[j] != k[0] || math.Abs(got-w) > 1e-6 {
				t.Errorf("step %d: %s keeps %v, want %v keeps %v", at, names[j], got, k[0], w)
			}
		}
	}
}

// Four layers in each net's arg scope have TensorFlow's variables, with their
// penalties.
func TestArgScopesAreTensorFlows(t *testing.T) {
	for _, want := range readOptions(t).ArgScopes {
		g := graph.New()
		s := ok[graph.Scope](t)(ArgScope(g.Scope(), want.Net, Config{IsTraining: true}))
		x2 := ok[*graph.Node](t)(g.Placeholder("maps", graph.Float32, 4, 8, 8, 16))
		x3 := ok[*graph.Node](t)(g.Placeholder("clips", graph.Float32, 1, 4, 8, 8, 16))
		ok[*graph.Node](t)(slim.Conv2D(s, x2, 32, kernel(3), slim.Args{Scope: "conv"}))
		ok[*graph.Node](t)(slim.SeparableConv2D(s, x2, 32, kernel(3), slim.Args{Scope: "separable"}))
		ok[*graph.Node](t)(slim.FullyConnected(s, ok[*graph.Node](t)(g.Placeholder("rows", graph.Float32, 8, 16)), 32, slim.Args{Scope: "full"}))
		ok[*graph.Node](t)(slim.Conv3D(s, x3, 32, kernel(3), slim.Args{Scope: "volume"}))
		var got, lines []string
		l2 := penalised(t, g)
		row := func(name string, shape any, trainable bool, keys any, penalty bool) string {
			return fmt.Sprint(want.Net, " ", name, shape, trainable, keys, penalty)
		}
		for _, v := range ok[[]*graph.Variable](t)(g.Collection(graph.GlobalVariables, "")) {
			got = append(got, row(v.Name(), v.Shape(), v.Trainable(), slices.Sorted(slices.Values(v.Collections())), l2[v.Name()]))
		}
		for _, v := range want.Variables {
			lines = append(lines, row(v[0].(string), v[1], v[2].(bool), v[3], v[4] != nil))
		}
		sameLines(t, got, lines)
		if n := len(ok[[]*graph.Node](t)(g.NodeCollection(graph.UpdateOps, ""))); n != want.Updates {
			t.Errorf("%s: %d updates, want %d", want.Net, n, want.Updates)
		}
	}
	g := graph.New()
	for _, c := range []struct {
		name string
		c    Config
		want string
	}{
		{"vgg", Config{}, "there are vgg_16"},
		{"vgg_16", Config{NumClasses: 3}, "has no NumClasses; it has IsTraining, WeightDecay"},
		{"inception_v3", Config{BatchNormDecay: 2}, "BatchNormDecay is 2"},
	} {
		if _, err := ArgScope(g.Scope(), c.name, c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if _, err := ArgScope(graph.Scope{}, "vgg_16", Config{}); err == nil {
		t.Error("a scope of no graph")
	}
}
