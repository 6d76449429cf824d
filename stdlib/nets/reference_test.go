package nets

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// reference is the folder of TensorFlow's own numbers: $GRAFT_REF, or
// ../shared/ref beside the repository.
func reference(t *testing.T, name string) string {
	dir := os.Getenv("GRAFT_REF")
	if dir == "" {
		dir = "../../../shared/ref"
	}
	dir = filepath.Join(dir, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("there is no %s; set GRAFT_REF to the reference data", dir)
	}
	return dir
}

// refNet is a file of TensorFlow's numbers of one net; fill.md beside the
// files says what the keys mean.
type refNet struct {
	Net         string
	Gain        [][2]any
	Variables   map[string][][]any    `json:"variable_lists"`
	Collections map[string][][]string `json:"collections_lists"`
	Cases       []refCase
}

type refCase struct {
	Case     string
	Impl     string
	Fn       string
	Kwargs   map[string]any
	ArgScope struct{ Kwargs map[string]any } `json:"arg_scope"`
	Seed     uint64
	Input    struct{ Shape []int }
	Training bool   `json:"is_training"`
	List     string `json:"variables"`
	Params   struct{ Trainable, Model float64 }

	UpdateOps int       `json:"update_ops"`
	RegTerms  int       `json:"reg_terms"`
	RegTotal  float64   `json:"reg_total_float64"`
	EndPoints []refStat `json:"end_points"`
	Output    refStat
	Loss      *refLoss
	Moving    [][]any `json:"moving_after_one_update"`
	Error     string
	Message   string

	file *refNet
}

// refStat is what is known of a tensor.
type refStat struct {
	Name      string
	Op        *string
	Shape     []int
	Mean, Std float64
	Min, Max  float64
	Idx       []int
	Val       []float64
	Full      []float64
}

type refLoss struct {
	Labels []int64
	Cross  float64 `json:"cross_entropy"`
	Aux    string
	Total  float64
	None   []string
	Grads  [][]any
}

func readNet(t *testing.T, path string) *refNet {
	f := ok[*os.File](t)(os.Open(path))
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		r = ok[*gzip.Reader](t)(gzip.NewReader(f))
	}
	n := &refNet{}
	if err := json.NewDecoder(r).Decode(n); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for i := range n.Cases {
		n.Cases[i].file = n
	}
	return n
}

// cost grows with the time that a case takes.
func (c *refCase) cost() float64 {
	n := c.Params.Model
	for _, d := range c.Input.Shape[:len(c.Input.Shape)-1] {
		n *= float64(d)
	}
	if c.Loss != nil {
		n *= 4
	}
	return n
}

// cheap is the cost of what runs without GRAFT_NETS=all: nine cases in ten,
// within two minutes on two processors in plain Go, half a minute with
// assembly.
const cheap = 3e12

// options are the arguments of TF-Slim's functions and arg scopes.
var options = map[string]func(c *Config, v any){
	"num_classes":                   func(c *Config, v any) { c.NumClasses = whole(v) },
	"is_training":                   func(*Config, any) {},
	"dropout_keep_prob":             func(c *Config, v any) { c.KeepProb = v.(float64) },
	"spatial_squeeze":               func(c *Config, v any) { c.SpatialSqueeze = slim.Of(v.(bool)) },
	"global_pool":                   func(c *Config, v any) { c.GlobalPool = slim.Of(v.(bool)) },
	"create_aux_logits":             func(c *Config, v any) { c.CreateAuxLogits = slim.Of(v.(bool)) },
	"final_endpoint":                func(c *Config, v any) { c.FinalEndpoint, _ = v.(string) },
	"output_stride":                 func(c *Config, v any) { c.OutputStride = whole(v) },
	"depth_multiplier":              func(c *Config, v any) { c.DepthMultiplier = v.(float64) },
	"min_depth":                     func(c *Config, v any) { c.MinDepth = whole(v) },
	"min_base_depth":                func(c *Config, v any) { c.MinDepth = whole(v) },
	"divisible_by":                  func(c *Config, v any) { c.DivisibleBy = whole(v) },
	"finegrain_classification_mode": func(c *Config, v any) { c.FinegrainClassificationMode = v.(bool) },
	"include_root_block":            func(c *Config, v any) { c.IncludeRootBlock = slim.Of(v.(bool)) },
	"fc_conv_padding":               func(c *Config, v any) { c.FCConvPadding = slim.Padding(v.(string)) },
	"store_non_strided_activations": func(c *Config, v any) { c.StoreNonStridedActivations = v.(bool) },
	"use_explicit_padding":          func(c *Config, v any) { c.UseExplicitPadding = v.(bool) },
	"align_feature_maps":            func(c *Config, v any) { c.AlignFeatureMaps = v.(bool) },
	"use_separable_conv":            func(c *Config, v any) { c.UseSeparableConv = slim.Of(v.(bool)) },
	"first_temporal_kernel_size":    func(c *Config, v any) { c.FirstTemporalKernelSize = whole(v) },
	"temporal_conv_startat":         func(c *Config, v any) { c.TemporalConvStartAt = v.(string) },
	"gating_startat":                func(c *Config, v any) { c.GatingStartAt = v.(string) },
	"separable_conv3d":              func(c *Config, v any) { c.SeparableConv3D = slim.Of(v.(bool)) },
	"regularize_depthwise":          func(c *Config, v any) { c.RegularizeDepthwise = v.(bool) },
	"stddev":                        func(c *Config, v any) { c.Stddev = v.(float64) },
	"use_batch_norm":                func(c *Config, v any) { c.UseBatchNorm = slim.Of(v.(bool)) },
	"batch_norm_scale":              func(c *Config, v any) { c.BatchNormScale = slim.Of(v.(bool)) },
	"batch_norm_decay":              func(c *Config, v any) { c.BatchNormDecay = v.(float64) },
	"bn_decay":                      func(c *Config, v any) { c.BatchNormDecay = v.(float64) },
	"batch_norm_epsilon":            func(c *Config, v any) { c.BatchNormEpsilon = v.(float64) },
	"use_bounded_activations":       func(c *Config, v any) { c.UseBoundedActivations = v.(bool) },
	"activation_fn":                 func(c *Config, v any) { c.Activation = slim.Activation(v.(string)) },
	"normalizer_fn": func(c *Config, v any) {
		c.Normalizer = slim.NoNormalizer
		if name, given := v.(string); given {
			c.Normalizer = slim.Normalizer(name)
		}
	},
	"use_groupnorm":               func(c *Config, v any) { c.UseGroupNorm = v.(bool) },
	"groups":                      func(c *Config, v any) { c.Groups = whole(v) },
	"use_renorm":                  func(c *Config, v any) { c.BatchNormRenorm = v.(bool) },
	"use_reduce_mean_for_pooling": func(c *Config, v any) { c.UseReduceMeanForPooling = v.(bool) },
	"base_only":                   func(c *Config, v any) { c.BaseOnly = v.(bool) },
	"weight_decay": func(c *Config, v any) {
		if c.WeightDecay = v.(float64); c.WeightDecay == 0 {
			c.WeightDecay = -1
		}
	},
}

// cellOptions are the hyper-parameters of the nasnets.
var cellOptions = map[string]func(c *Config, v any){
	"num_cells":                  func(c *Config, v any) { c.Cells.NumCells = whole(v) },
	"num_conv_filters":           func(c *Config, v any) { c.Cells.NumConvFilters = whole(v) },
	"stem_multiplier":            func(c *Config, v any) { c.Cells.StemMultiplier = v.(float64) },
	"filter_scaling_rate":        func(c *Config, v any) { c.Cells.FilterScalingRate = v.(float64) },
	"num_reduction_layers":       func(c *Config, v any) { c.Cells.NumReductionLayers = whole(v) },
	"skip_reduction_layer_input": func(c *Config, v any) { c.Cells.SkipReductionLayerInput = slim.Of(whole(v) != 0) },
	"drop_path_keep_prob":        func(c *Config, v any) { c.Cells.DropPathKeepProb = v.(float64) },
	"total_training_steps":       func(c *Config, v any) { c.Cells.TotalTrainingSteps = whole(v) },
	"use_bounded_activation":     func(c *Config, v any) { c.Cells.UseBoundedActivation = v.(bool) },
	"use_aux_head":               func(c *Config, v any) { c.CreateAuxLogits = slim.Of(whole(v) != 0) },
	"dense_dropout_keep_prob":    func(c *Config, v any) { c.KeepProb = v.(float64) },
}

// whole is a JSON number, 0 for null.
func whole(v any) int {
	x, _ := v.(float64)
	return int(x)
}

// config reads the options of a case.
func (c *refCase) config() (Config, error) {
	out := Config{IsTraining: c.Training, BaseOnly: strings.HasSuffix(c.Fn, "_base")}
	if on, given := c.Kwargs["is_training"].(bool); given {
		out.IsTraining = on
	}
	for _, kwargs := range []map[string]any{c.ArgScope.Kwargs, c.Kwargs} {
		for k, v := range kwargs {
			if k == "config" {
				out.Cells = &CellConfig{}
				for k, v := range v.([]any)[1].(map[string]any) {
					if cellOptions[k] == nil {
						return out, fmt.Errorf("hyper-parameter %s is not known", k)
					}
					cellOptions[k](&out, v)
				}
				if *out.Cells == (CellConfig{}) {
					out.Cells = nil
				}
				continue
			}
			if options[k] == nil {
				return out, fmt.Errorf("option %s is not known", k)
			}
			options[k](&out, v)
		}
	}
	if c.Impl == "tf_slim" && strings.Contains(c.Fn, "resnet") {
		out.SpatialSqueeze = slim.False // the older function has no such option
	}
	return out, nil
}

// gains are the factors of fill.md for one net.
type gain struct {
	name *regexp.Regexp
	by   float64
}

func (n *refNet) gains() (out []gain) {
	for _, g := range n.Gain {
		out = append(out, gain{regexp.MustCompile(g[0].(string)), g[1].(float64)})
	}
	return out
}

// fillValue is the formula of fill.md.
func fillValue(name string, shape []int, seed uint64, gains []gain) []float32 {
	by := 1.0
	for _, g := range gains {
		if g.name.MatchString(name) {
			by = g.by
			break
		}
	}
	product := func(d []int) float64 {
		n := 1
		for _, x := range d {
			n *= x
		}
		return float64(n)
	}
	scale, half := 0.1, false
	switch leaf := name[strings.LastIndex(name, "/")+1:]; {
	case name == "input":
		scale = 1
	case leaf == "weights", leaf == "pointwise_weights":
		scale = math.Sqrt(6/product(shape[:len(shape)-1])) * by
	case leaf == "depthwise_weights":
		scale = math.Sqrt(6/float64(shape[0]*shape[1])) * by
	case leaf == "gamma", leaf == "moving_variance", leaf == "moving_stddev", leaf == "renorm_stddev":
		half = true
	}
	h := uint64(0xcbf29ce484222325)
	for _, b := range []byte(name) {
		h = (h ^ uint64(b)) * 0x100000001b3
	}
	h ^= seed
	out := make([]float32, int(product(shape)))
	for i := range out {
		z := h + uint64(i+1)*0x9E3779B97F4A7C15
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		u := float64(z>>40) / (1 << 24)
		if half {
			out[i] = float32(u + 0.5)
		} else {
			out[i] = float32((2*u - 1) * scale)
		}
	}
	return out
}

// TestFill compares the formula with TensorFlow's generator.
func TestReferenceFill(t *testing.T) {
	raw := ok[[]byte](t)(os.ReadFile(filepath.Join(reference(t, "nets"), "fill_vectors.json")))
	var rows []struct {
		Name  string
		Shape []int
		Seed  uint64
		Gain  float64
		Idx   []int
		Bits  []string
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		got := fillValue(r.Name, r.Shape, r.Seed, []gain{{regexp.MustCompile(""), r.Gain}})
		for i, at := range r.Idx {
			if bits := fmt.Sprintf("%08x", math.Float32bits(got[at])); bits != r.Bits[i] {
				t.Errorf("%s[%d] is %s, want %s", r.Name, at, bits, r.Bits[i])
			}
		}
	}
}

// TestReferenceVariables compares every net's variables with the lists that
// TensorFlow made at its own size, in training.
func TestReferenceVariables(t *testing.T) {
	shared := os.Getenv("GRAFT_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	files := ok[[]string](t)(filepath.Glob(filepath.Join(shared, "slim_variables", "*.tsv")))
	if len(files) == 0 {
		t.Skipf("there are no lists in %s/slim_variables; set GRAFT_SHARED", shared)
	}
	total := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".tsv")
		t.Run(name, func(t *testing.T) {
			net := ok[Net](t)(Lookup(name))
			shape := []int{1, net.ImageSize, net.ImageSize, net.Channels}
			if net.Frames > 0 {
				shape = slices.Insert(shape, 1, net.Frames)
			}
			g := graph.New()
			images := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, shape...))
			c := Config{NumClasses: net.NumClasses, IsTraining: true}
			if name == "lenet" {
				c.WeightDecay = 0.0001 // as the list has it
			}
			if _, _, err := net.Build(images, c); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range ok[[]*graph.Variable](t)(g.Collection(graph.GlobalVariables, "")) {
				if v.DType() == graph.Float32 {
					got = append(got, variableRow(v, penalised(t, g)))
				}
			}
			want := strings.Split(strings.TrimSpace(string(ok[[]byte](t)(os.ReadFile(file)))), "\n")
			sameLines(t, got, want)
			total += len(want)
		})
	}
	t.Logf("%d variables of %d nets", total, len(files))
}

func variableRow(v *graph.Variable, penalised map[string]bool) string {
	trainable, l2 := "nontrainable", "-"
	if v.Trainable() {
		trainable = "trainable"
	}
	if penalised[v.Name()] {
		l2 = "l2"
	}
	return strings.Join([]string{v.Name(), strings.Trim(strings.ReplaceAll(fmt.Sprint(v.Shape()), " ", "x"), "[]"), trainable, l2}, "\t")
}

// penalised are the variables that have a penalty.
func penalised(t *testing.T, g *graph.Graph) map[string]bool {
	out := map[string]bool{}
	for _, n := range ok[[]*graph.Node](t)(g.NodeCollection(graph.RegularizationLosses, "")) {
		for n.Op() != "Variable" {
			if len(n.Inputs()) == 0 {
				t.Fatalf("%v is a penalty on no variable", n)
			}
			n = n.Inputs()[0]
		}
		out[n.Name()] = true
	}
	return out
}

func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("line %d of %d (want %d) is\n%s, want\n%s", i+1, len(got), len(want), g, w)
			return
		}
	}
}
