package slim_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

func asNoMatch(err error, no **graph.NoMatchError) bool { return errors.As(err, no) }

// vlist reads a list of variables or a dict of them.
func (r *run) vlist(v any) ([]*graph.Variable, map[string][]*graph.Variable, error) {
	d, ok := v.(object)
	if !ok {
		vars, err := r.variables(strs(v))
		return vars, nil, err
	}
	for key, x := range d {
		switch key {
		case "dict":
			out := map[string][]*graph.Variable{}
			for there, here := range x.(object) {
				names := strs(here)
				if s, one := here.(string); one {
					names = []string{s}
				}
				vars, err := r.variables(names)
				if err != nil {
					return nil, nil, err
				}
				out[there] = vars
			}
			return nil, out, nil
		case "to_restore":
			vars, err := r.toRestore(x.(object))
			return vars, nil, err
		case "trainable":
			vars, err := r.g.Collection(graph.TrainableVariables, text(x))
			return vars, nil, err
		case "model":
			vars, err := slim.GetModelVariables(r.g, text(x), "")
			var no *graph.NoMatchError
			if asNoMatch(err, &no) { // what TF-Slim makes of an empty list is asked
				return []*graph.Variable{}, nil, nil
			}
			return vars, nil, err
		case "all":
			vars, err := r.g.Collection(graph.GlobalVariables, "")
			return vars, nil, err
		case "ema":
			m, err := r.named[text(x)].(*train.ExponentialMovingAverage).VariablesToRestore(r.g)
			return nil, m, err
		case "tuple":
			vars, err := r.variables(strs(x))
			return vars, nil, err
		}
	}
	return nil, nil, fmt.Errorf("variables %v", v)
}

func (r *run) toRestore(d object) ([]*graph.Variable, error) {
	for _, key := range []string{"include", "exclude"} {
		v, given := d[key]
		if !given {
			continue
		}
		l, ok := v.([]any)
		if !ok {
			return nil, typeKind
		}
		for _, x := range l {
			if _, ok := x.(string); !ok && x != nil {
				return nil, typeKind
			}
		}
	}
	return slim.GetVariablesToRestore(r.g, strs(d["include"]), strs(d["exclude"]))
}

// lookaround finds what Go's expressions lack.
var lookaround = regexp.MustCompile(`\(\?(=|!|<=|<!|P=|\()|\\[1-9]`)

// ask answers a query.
func (r *run) ask(q, want object) (object, error) {
	got, err := r.answer(q, want)
	if err != nil && want["error"] != "error" && strings.Contains(err.Error(), "no lookahead") && lookaround.MatchString(err.Error()) {
		return nil, lookaroundKind
	}
	return got, err
}

func (r *run) scope(q object) string {
	if d, ok := q["scope"].(object); ok {
		return r.named[text(d["scope"])].(graph.Scope).Path()
	}
	return text(q["scope"])
}

func vnames(vars []*graph.Variable, q object) object {
	names := []string{}
	for _, v := range vars {
		names = append(names, v.Name()+":0")
	}
	return brief(names, q)
}

func brief(names []string, q object) object {
	if q["brief"] == true {
		n := len(names)
		return object{"count": n, "first": names[:min(3, n)], "last": names[max(0, n-3):]}
	}
	return object{"names": names}
}

func (r *run) answer(q, want object) (object, error) {
	k, scope := text(q["query"]), r.scope(q)
	switch k {
	case "get_variables", "get_model_variables", "get_local_variables", "get_trainable_variables", "global_variables", "trainable_variables",
		"local_variables", "model_variables", "moving_average_variables":
		key := map[string]string{"get_model_variables": graph.ModelVariables, "get_local_variables": graph.LocalVariables, "get_trainable_variables": graph.TrainableVariables,
			"trainable_variables": graph.TrainableVariables, "local_variables": graph.LocalVariables, "model_variables": graph.ModelVariables,
			"moving_average_variables": graph.MovingAverageVariables}[k]
		if key == "" {
			key = orText(q["collection"], graph.GlobalVariables)
		}
		vars, err := slim.GetVariablesIn(r.g, key, scope, text(q["suffix"]))
		return vnames(vars, q), err
	case "get_variables_by_suffix":
		vars, err := slim.GetVariablesBySuffix(r.g, text(q["suffix"]), scope)
		return vnames(vars, q), err
	case "get_variables_by_name":
		vars, err := slim.GetVariablesByName(r.g, text(q["name"]), scope)
		return vnames(vars, q), err
	case "get_variables_to_restore":
		vars, err := r.toRestore(q)
		return vnames(vars, q), err
	case "get_unique_variable":
		v, err := slim.GetUniqueVariable(r.g, text(q["name"]))
		if err != nil {
			return nil, err
		}
		return object{"names": []string{v.Name() + ":0"}}, nil
	case "get_collection":
		return r.collection(q, want, scope)
	case "filter_variables":
		return r.filter(q)
	case "get_variable_full_name":
		v, err := r.variable(text(q["name"]))
		return object{"name": slim.GetVariableFullName(v)}, err
	case "var_info":
		return r.info(q)
	case "collections_of":
		v, err := r.variable(text(q["name"]))
		if err != nil {
			return nil, err
		}
		keys := slices.DeleteFunc(v.Collections(), func(k string) bool { return k == graph.OptimizerVariables })
		slices.Sort(keys)
		return object{"collections": slices.Compact(keys)}, nil
	case "tensor_name":
		return object{"name": r.named[text(q["tensor"])].(*graph.Node).Name() + ":0"}, nil
	case "is_same":
		return object{"same": r.named[text(q["a"])] == r.named[text(q["b"])]}, nil
	case "parts":
		return vnames(r.named[text(q["tensor"])].(*graph.Variable).Parts(), q), nil
	case "graph_keys":
		return graphKeys(want)
	case "has_arg_scope":
		return object{"has": slim.HasArgScope(slim.Layer(text(q["op"])))}, nil
	case "arg_scoped_arguments":
		return scopedArguments(slim.Layer(text(q["op"])))
	case "layer_variables":
		return r.layerVariables()
	}
	return r.compute(k, q, want, scope)
}

// compute answers queries that need a session.
func (r *run) compute(k string, q, want object, scope string) (object, error) {
	if r.sess == nil {
		if err := r.session(); err != nil {
			return nil, err
		}
	}
	switch k {
	case "tensor_value":
		return r.value(r.named[text(q["tensor"])].(*graph.Node))
	case "losses":
		return r.losses(q, want, scope)
	case "total_loss":
		n, err := losses.TotalLossOf(r.g, q["add_regularization_losses"] != false, scope)
		if err != nil {
			return nil, err
		}
		x, err := r.sess.Float(nil, n)
		return object{"name": n.Name() + ":0", "value": x}, err
	case "values":
		v, err := r.values(strs(q["names"]), want)
		return object{"values": v}, err
	case "uninitialized":
		names := []string{}
		for _, v := range r.sess.Uninitialized() {
			names = append(names, v.Name())
		}
		return object{"names": names}, nil
	case "global_step":
		v, err := slim.GetGlobalStep(r.g)
		if err != nil {
			return nil, err
		}
		x, err := r.sess.Float(nil, v.Node())
		return object{"value": x}, err
	case "saver_names":
		s, err := r.saver(q)
		if err != nil {
			return nil, err
		}
		return object{"names": s.Names()}, nil
	case "list_variables", "load_variable":
		return r.file(k, q, want)
	}
	return r.restore(k, q, want)
}

func (r *run) value(n *graph.Node) (object, error) {
	out, err := r.sess.Run(nil, n)
	if err != nil {
		return nil, err
	}
	return tensorOf(out[0])
}

func tensorOf(t *graph.Tensor) (object, error) {
	shape := slices.Clone([]int(t.Shape()))
	f, err := graph.Fit(t, graph.Float64, shape...)
	if err != nil {
		return nil, err
	}
	data, ok := f.Data().([]float64)
	if !ok {
		x, err := graph.Item(f)
		if err != nil {
			return nil, err
		}
		data = []float64{x}
	}
	if shape == nil {
		shape = []int{}
	}
	return object{"shape": shape, "data": data}, nil
}

func (r *run) values(names []string, want object) (object, error) {
	var vars []*graph.Variable
	var err error
	if names != nil {
		vars, err = r.variables(names)
	} else {
		vars, err = r.g.Collection(graph.GlobalVariables, "")
	}
	if err != nil {
		return nil, err
	}
	out := object{}
	wanted, _ := want["values"].(object)
	fresh := r.sess.Uninitialized()
	for _, v := range vars {
		if w, _ := wanted[v.Name()].(object); w["error"] != nil {
			if !slices.Contains(fresh, v) {
				return nil, fmt.Errorf("%s has a value; TF-Slim says %v", v.Name(), w)
			}
			r.n.better[initBetter]++
			out[v.Name()] = w
			continue
		}
		t, err := r.sess.Value(v)
		if err != nil {
			return nil, err
		}
		if out[v.Name()], err = tensorOf(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *run) collection(q, want object, scope string) (object, error) {
	key := text(q["key"])
	vars, err := r.g.Collection(key, scope)
	var no *graph.NoMatchError
	if err != nil && !asNoMatch(err, &no) {
		return nil, err
	}
	nodes, err := r.g.NodeCollection(key, scope)
	if err != nil && !asNoMatch(err, &no) {
		return nil, err
	}
	// What TensorFlow shows without ":0" is an Operation there, a Node here.
	colon := ":0"
	names := []string{}
	if len(nodes) > 0 {
		bare := func(list any) []any {
			out := []any{}
			for _, n := range list.([]any) {
				out = append(out, strings.TrimSuffix(text(n), ":0"))
			}
			return out
		}
		colon = ""
		for _, k := range []string{"names", "first", "last"} {
			if want[k] != nil {
				want[k] = bare(want[k])
			}
		}
	}
	for _, v := range vars {
		names = append(names, v.Name()+colon)
	}
	for _, n := range nodes {
		names = append(names, n.Name()+colon)
	}
	for _, w := range list(want["names"]) {
		if s := text(w); !strings.Contains(s, ":") && len(nodes) == 0 {
			return nil, valueKind
		}
	}
	return brief(names, q), nil
}

func (r *run) filter(q object) (object, error) {
	for _, key := range []string{"include_patterns", "exclude_patterns"} {
		if s, ok := q[key].(string); ok { // a list of its letters, to Python
			letters := []any{}
			for _, c := range s {
				letters = append(letters, string(c))
			}
			q[key] = letters
		}
	}
	all := any(object{"all": true})
	if q["var_list"] != nil {
		all = q["var_list"]
	}
	vars, _, err := r.vlist(all)
	if err != nil {
		return nil, err
	}
	kept, err := slim.FilterVariablesWith(vars, slim.FilterOptions{Include: strs(q["include_patterns"]), Exclude: strs(q["exclude_patterns"]),
		Match: q["reg_search"] == false, AllowNoMatch: true})
	return vnames(kept, q), err
}

func (r *run) info(q object) (object, error) {
	v, err := r.variable(text(q["name"]))
	if err != nil {
		return nil, err
	}
	shape := v.Shape()
	if shape == nil {
		shape = []int{}
	}
	return object{"name": v.Name() + ":0", "op": v.Name(), "dtype": v.DType().String() + "_ref", "shape": shape, "device": v.Device(),
		"trainable": v.Trainable(), "slice": v.Slice().String()}, nil
}

func (r *run) layerVariables() (object, error) {
	out := object{}
	shapes := []any{}
	for name, key := range map[string]string{"names": graph.GlobalVariables, "trainable": graph.TrainableVariables, "model": graph.ModelVariables} {
		vars, err := r.g.Collection(key, "")
		if err != nil {
			return nil, err
		}
		out[name] = vnames(vars, object{})["names"]
		for _, v := range vars {
			if name == "names" {
				shapes = append(shapes, v.Shape())
			}
		}
	}
	out["shapes"] = shapes
	return out, nil
}

func (r *run) losses(q, want object, scope string) (object, error) {
	get := losses.GetRegularizationLosses
	if text(q["kind"]) == "losses" {
		get = losses.GetLosses
	}
	nodes, err := get(r.g, scope)
	if err != nil {
		return nil, err
	}
	if strings.Contains(text(want["message"]), "Attempting to use uninitialized value") {
		r.n.better[initBetter]++
		clear(want)
	}
	names, values := []string{}, []float64{}
	for _, n := range nodes {
		names = append(names, n.Name()+":0")
		if q["values"] != false {
			x, err := r.sess.Float(nil, n)
			if err != nil {
				return nil, err
			}
			values = append(values, x)
		}
	}
	return object{"names": names, "values": values}, nil
}

func (r *run) saver(q object) (*train.Saver, error) {
	if q["var_list"] == nil {
		return train.NewSaver(r.g)
	}
	vars, m, err := r.vlist(q["var_list"])
	if err != nil {
		return nil, err
	}
	if m != nil {
		return train.NewSaverAs(r.g, m)
	}
	return train.NewSaver(r.g, append([]*graph.Variable{}, vars...)...)
}

func (r *run) file(k string, q, want object) (object, error) {
	reader, err := ckpt.Open(filepath.Join(r.ref, text(q["ckpt"])))
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	if k == "list_variables" {
		out := []any{}
		for _, n := range reader.Names() {
			info, err := reader.Info(n)
			if err != nil {
				return nil, err
			}
			out = append(out, []any{n, append([]int{}, info.Shape...)})
		}
		return object{"variables": out}, nil
	}
	t, err := reader.Tensor(strings.TrimSuffix(text(q["name"]), ":0"))
	if err != nil {
		return nil, err
	}
	if r.sliced(want) {
		return object{}, nil
	}
	v, err := graph.FromCheckpoint(t)
	if err != nil {
		return nil, err
	}
	return tensorOf(v)
}

// graphKeys gives the values of TF's names that graft has.
func graphKeys(want object) (object, error) {
	ours := object{"ACTIVATIONS": graph.Activations, "ASSET_FILEPATHS": graph.AssetFilepaths, "BIASES": graph.Biases, "CONCATENATED_VARIABLES": graph.ConcatenatedVariables,
		"COND_CONTEXT": graph.CondContext, "EVAL_STEP": graph.EvalStep, "GLOBAL_STEP": graph.GlobalStep, "GLOBAL_VARIABLES": graph.GlobalVariables, "INIT_OP": graph.InitOp,
		"LOCAL_INIT_OP": graph.LocalInitOp, "LOCAL_RESOURCES": graph.LocalResources, "LOCAL_VARIABLES": graph.LocalVariables, "LOSSES": graph.Losses,
		"METRIC_VARIABLES": graph.MetricVariables, "MODEL_VARIABLES": graph.ModelVariables, "MOVING_AVERAGE_VARIABLES": graph.MovingAverageVariables,
		"QUEUE_RUNNERS": graph.QueueRunners, "READY_FOR_LOCAL_INIT_OP": graph.ReadyForLocalInitOp, "READY_OP": graph.ReadyOp,
		"REGULARIZATION_LOSSES": graph.RegularizationLosses, "RESOURCES": graph.Resources, "SAVEABLE_OBJECTS": graph.SaveableObjects, "SAVERS": graph.Savers,
		"SUMMARIES": graph.Summaries, "SUMMARY_OP": graph.SummaryOp, "TABLE_INITIALIZERS": graph.TableInitializers,
		"TRAINABLE_RESOURCE_VARIABLES": graph.TrainableResourceVariables, "TRAINABLE_VARIABLES": graph.TrainableVariables, "TRAIN_OP": graph.TrainOp,
		"UPDATE_OPS": graph.UpdateOps, "VARIABLES": graph.GlobalVariables, "WEIGHTS": graph.Weights, "WHILE_CONTEXT": graph.WhileContext}
	for name := range want["keys"].(object) {
		if strings.HasPrefix(name, "_") { // TensorFlow's own
			delete(want["keys"].(object), name)
		}
	}
	return object{"keys": ours}, nil
}

// scopedArguments gives a layer's arguments under Python's names.
func scopedArguments(l slim.Layer) (object, error) {
	fields, err := slim.ArgScopedArguments(l)
	if err != nil {
		return nil, err
	}
	python := map[string]string{"StrideHW": "stride", "NoBiases": "biases_initializer", "NormalizerArgs": "normalizer_params"}
	var names []string
	for _, f := range fields {
		name := python[f]
		if name == "" {
			name = strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(f, "${1}_$2"))
		}
		if name == "activation" || name == "normalizer" {
			name += "_fn"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return object{"args": slices.Compact(names)}, nil
}
