package slim_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// vector is the cases' regularizer of rank 1.
type vector float64

func (v vector) Regularize(s graph.Scope, w *graph.Node) (*graph.Node, error) {
	return s.Apply("mul", ops.Affine{By: float64(v)}, w)
}

// nothing is the cases' regularizer that returns None.
type nothing struct{}

func (nothing) Regularize(graph.Scope, *graph.Node) (*graph.Node, error) { return nil, nil }

// regularizer reads {"l2": 0.5}. Numbers without a point are integers, which
// TF-Slim refuses and Go converts.
func regularizer(v any) (graph.Regularizer, error) {
	d, ok := v.(object)
	if !ok {
		return slim.SumRegularizer(), nil // None
	}
	for name, a := range d {
		whole := func(a any) bool {
			n, isNumber := a.(json.Number)
			return !isNumber || !strings.ContainsAny(n.String(), ".e")
		}
		switch name {
		case "l1", "l2":
			if whole(a) {
				return nil, typeKind
			}
			return map[string]func(float64) graph.Regularizer{"l1": slim.L1, "l2": slim.L2}[name](number(a)), nil
		case "l1_l2":
			if whole(list(a)[0]) || whole(list(a)[1]) {
				return nil, typeKind
			}
			return slim.L1L2(number(list(a)[0]), number(list(a)[1])), nil
		case "none":
			return nothing{}, nil
		case "vector":
			return vector(number(a)), nil
		case "sum":
			var of []graph.Regularizer
			for _, x := range list(a) {
				one, err := regularizer(x)
				if err != nil {
					return nil, err
				}
				of = append(of, one)
			}
			return slim.SumRegularizer(of...), nil
		}
	}
	return nil, fmt.Errorf("regularizer %v", v)
}

func initializer(v any) (graph.Initializer, error) {
	switch v {
	case "zeros":
		return graph.Zeros(), nil
	case "ones":
		return graph.Ones(), nil
	case nil:
		return nil, nil
	}
	for name, a := range v.(object) {
		switch name {
		case "constant":
			return graph.Constants{Value: number(a)}, nil
		case "truncated_normal":
			return graph.TruncatedNormal{Stddev: number(a)}, nil
		case "xavier":
			return slim.Xavier(), nil
		case "tensor":
			t, err := value(a)
			if err != nil {
				return nil, err
			}
			return graph.InitialValue(t)
		}
	}
	return nil, fmt.Errorf("initializer %v", v)
}

func partitioner(v any) graph.Partitioner {
	d, _ := v.(object)
	for name, a := range d {
		n := ints(a)
		switch name {
		case "fixed":
			return graph.FixedSizePartitioner(n[0], n[1])
		case "min_max":
			return graph.MinMaxVariablePartitioner(n[0], n[1], n[2])
		case "bytes":
			return graph.VariableAxisSizePartitioner(n[0], n[1])
		}
	}
	return nil
}

func device(v any) (string, *slim.VariableDeviceChooser) {
	d, ok := v.(object)
	if !ok {
		return text(v), nil
	}
	c := d["chooser"].(object)
	return "", &slim.VariableDeviceChooser{NumTasks: integer(c["num_tasks"]), JobName: text(c["job_name"])}
}

func reuse(v any) graph.Reuse {
	switch v {
	case true:
		return graph.ReuseAll
	case "auto":
		return graph.AutoReuse
	}
	return graph.NoReuse
}

// collections reads a list, or one text, which Python takes as the list of its
// letters, or as one key where one says so.
func collections(v any, letters bool) []string {
	if s := text(v); s != "" {
		if letters {
			return strings.Split(s, "")
		}
		return []string{s}
	}
	return strs(v)
}

var activations = map[string]slim.Activation{"relu": slim.ReLU, "relu6": slim.ReLU6, "tanh": slim.Tanh, "softmax": slim.SoftmaxActivation, "": slim.Linear, "none": slim.Linear}

// args reads a layer's arguments.
func args(d object) (a slim.Args, err error) {
	for key, v := range d {
		if err != nil {
			return a, err
		}
		switch key {
		case "scope":
			a.Scope = text(v)
		case "stride":
			if integer(v) == 0 {
				return a, zeroKind
			}
			a.Stride = integer(v)
		case "padding":
			a.Padding = slim.Padding(text(v))
		case "data_format":
			a.DataFormat = text(v)
		case "rate":
			a.Rate = integer(v)
		case "activation_fn":
			a.Activation = activations[text(v)]
		case "normalizer_fn":
			a.Normalizer = slim.NoNormalizer
			if v != nil {
				a.Normalizer = slim.Normalizer(text(v))
			}
		case "normalizer_params":
			var inner slim.Args
			if d, ok := v.(object); ok {
				inner, err = args(d)
			}
			a.NormalizerArgs = &inner
		case "weights_initializer":
			a.WeightsInitializer, err = initializer(v)
		case "biases_initializer":
			a.BiasesInitializer, err = initializer(v)
			a.NoBiases = slim.Of(v == nil)
		case "initializer":
			a.Initializer, err = initializer(v)
		case "weights_regularizer":
			a.WeightsRegularizer, err = regularizer(v)
		case "biases_regularizer":
			a.BiasesRegularizer, err = regularizer(v)
		case "regularizer":
			a.Regularizer, err = regularizer(v)
		case "param_initializers":
			a.ParamInitializers = map[string]graph.Initializer{}
			for name, x := range v.(object) {
				a.ParamInitializers[name], err = initializer(x)
			}
		case "trainable":
			a.Trainable = slim.Of(v == true)
		case "is_training":
			a.IsTraining = slim.Of(v == true)
		case "scale":
			a.Scale = slim.Of(v == true)
		case "center":
			a.Center = slim.Of(v == true)
		case "fused":
			a.Fused = slim.Of(v == true)
		case "zero_debias_moving_mean":
			a.ZeroDebiasMovingMean = slim.Of(v == true)
		case "reuse":
			a.Reuse = reuse(v)
		case "updates_collections":
			if a.UpdatesInPlace = slim.Of(v == nil); v != nil {
				a.UpdatesCollections = collections(v, false)
			}
		case "variables_collections":
			a.VariablesCollections = map[string][]string{}
			if d, ok := v.(object); ok {
				for name, x := range d {
					a.VariablesCollections[name] = collections(x, true)
				}
			} else {
				a.VariablesCollections[""] = collections(v, true)
			}
		case "outputs_collections":
			a.OutputsCollections = collections(v, false)
		case "collections":
			a.Collections = strs(v)
		case "depth_multiplier":
			a.DepthMultiplier = integer(v)
		case "groups":
			a.Groups = integer(v)
		case "device":
			a.Device, a.DeviceChooser = device(v)
		default:
			return a, typeKind
		}
	}
	return a, err
}

// options reads a variable's arguments.
func (r *run) options(d object, s graph.Scope) (opt graph.VariableOptions, err error) {
	opt.Shape = ints(d["shape"])
	if len(opt.Shape) == 0 && d["shape"] != nil {
		opt.Shape = nil
	}
	if name := text(d["dtype"]); name != "" {
		if opt.DType = dtypes[name]; opt.DType == 0 {
			return opt, dtypeKind
		}
	}
	opt.NotTrainable = d["trainable"] == false
	opt.Collections = strs(d["collections"])
	opt.Partitioner = partitioner(d["partitioner"])
	if opt.Initializer, err = initializer(d["initializer"]); err != nil {
		return opt, err
	}
	if _, given := d["regularizer"]; given {
		if opt.Regularizer, err = regularizer(d["regularizer"]); err != nil {
			return opt, err
		}
	}
	var chooser *slim.VariableDeviceChooser
	if opt.Device, chooser = device(d["device"]); chooser != nil {
		opt.Device = chooser.Next()
	}
	return opt, nil
}
