package slim_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/nets"
	"graft/stdlib/slim"
)

func (r *run) body(at string, st object, s graph.Scope) {
	for i, x := range list(st["body"]) {
		if !r.step(fmt.Sprintf("%s.%d", at, i), x.(object), &s) {
			return
		}
	}
}

func (r *run) variable(name string) (*graph.Variable, error) {
	if v, err := r.g.Variable(name); err == nil {
		return v, nil
	}
	v, ok := r.named[name].(*graph.Variable)
	if !ok {
		return nil, fmt.Errorf("no variable %s", name)
	}
	return v, nil
}

func (r *run) variables(names []string) ([]*graph.Variable, error) {
	out := []*graph.Variable{}
	for _, n := range names {
		v, err := r.variable(n)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// do does a step.
func (r *run) do(at string, st object, s *graph.Scope) (any, error) {
	name := text(st["name"])
	d, _ := st["args"].(object)
	switch op := text(st["op"]); op {
	case "variable_scope":
		return r.variableScope(at, st, d, *s)
	case "reuse_variables":
		*s = s.WithReuse(graph.ReuseAll)
		return nil, nil
	case "name_scope":
		in, err := s.NameScope(name)
		if err == nil {
			r.body(at, st, in)
		}
		return nil, err
	case "device":
		in, err := s.Device(name)
		if err == nil {
			r.body(at, st, in)
		}
		return nil, err
	case "arg_scope":
		return r.argScope(at, st, d, *s)
	case "input":
		return r.input(st, *s)
	case "variable", "model_variable", "get_variable":
		opt, err := r.options(d, *s)
		if err != nil {
			return nil, err
		}
		if _, constant := opt.Initializer.(interface{ Constant() }); d["shape"] == nil && !constant && s.Reuse() == graph.NoReuse && !isTensor(d["initializer"]) {
			return nil, zeroKind // TF-Slim wants a shape; nil is a scalar's in Go
		}
		return map[string]func(graph.Scope, string, graph.VariableOptions) (*graph.Variable, error){
			"variable": slim.Variable, "model_variable": slim.ModelVariable,
			"get_variable": func(s graph.Scope, name string, opt graph.VariableOptions) (*graph.Variable, error) {
				return s.GetVariable(name, opt)
			}}[op](*s, name, opt)
	case "tf_variable", "local_variable", "global_variable":
		t, err := value(st["value"])
		if err != nil {
			return nil, err
		}
		switch op {
		case "local_variable":
			return slim.LocalVariable(*s, name, t)
		case "global_variable":
			return slim.GlobalVariable(*s, name, t)
		}
		return s.NewVariable(name, t, graph.VariableOptions{})
	case "create_global_step":
		return slim.CreateGlobalStep(*s)
	case "get_or_create_global_step":
		return slim.GetOrCreateGlobalStep(*s)
	case "get_global_step":
		return slim.GetGlobalStep(r.g)
	case "assert_or_get_global_step":
		return slim.AssertOrGetGlobalStep(r.g, nil)
	case "net":
		return r.net(st, d)
	case "add_to_collection":
		return nil, r.addToCollection(st)
	case "add_model_variable":
		v, err := r.variable(name)
		if err != nil {
			return nil, err
		}
		return nil, slim.AddModelVariable(v)
	case "init":
		if r.inited = true; r.sess == nil {
			if err := r.session(); err != nil {
				return nil, err
			}
		}
		return nil, r.sess.Init()
	case "run":
		return nil, r.runs(st)
	case "init_from_checkpoint":
		return nil, r.initFrom(st)
	default:
		if f := r.more(op); f != nil {
			return f(st, d, *s)
		}
		return r.layer(op, st, d, *s)
	}
}

func isTensor(v any) bool {
	d, _ := v.(object)
	return d["tensor"] != nil
}

// more are the steps of losses and training.
func (r *run) more(op string) func(st, d object, s graph.Scope) (any, error) {
	return map[string]func(st, d object, s graph.Scope) (any, error){
		"sum_squares": r.sumSquares, "sum": r.sum, "minimize": r.minimize, "create_train_op": r.trainOp, "ema": r.ema,
		"loss": r.loss, "add_loss": r.addLoss, "regularizer": r.regularizer, "apply_regularization": r.applyRegularization,
		"repeat": r.repeat, "stack": r.stack,
	}[op]
}

func (r *run) session() (err error) {
	r.sess, err = graph.NewSession(r.g)
	return err
}

func (r *run) variableScope(at string, st, d object, s graph.Scope) (any, error) {
	var in graph.Scope
	var err error
	switch n := st["name"].(type) {
	case object:
		in, err = s.Enter(r.named[text(n["scope"])].(graph.Scope))
	case string:
		in, err = s.Open(n)
	default:
		if st["default_name"] == nil {
			return nil, typeKind
		}
		in, err = s.OpenDefault(text(st["default_name"]))
	}
	if err != nil {
		return nil, err
	}
	in = in.WithReuse(reuse(d["reuse"]))
	if d["initializer"] != nil {
		i, err := initializer(d["initializer"])
		if err != nil {
			return nil, err
		}
		in = in.WithInitializer(i)
	}
	if d["regularizer"] != nil {
		reg, err := regularizer(d["regularizer"])
		if err != nil {
			return nil, err
		}
		in = in.WithRegularizer(reg)
	}
	if d["dtype"] != nil {
		in = in.WithDType(dtypes[text(d["dtype"])])
	}
	if p := partitioner(d["partitioner"]); p != nil {
		in = in.WithPartitioner(p)
	}
	if as := text(st["as"]); as != "" {
		r.named[as] = in
	}
	r.body(at, st, in)
	return in, nil
}

func (r *run) argScope(at string, st, d object, s graph.Scope) (any, error) {
	if st["bad_list"] == true {
		return nil, typeKind
	}
	in := s
	if captured := text(st["scope"]); captured != "" {
		if len(d) > 0 {
			return nil, typeKind // ReuseArgScope takes no arguments
		}
		in = slim.ReuseArgScope(s, r.named[captured].(graph.Scope))
	} else {
		a, err := args(d)
		if err != nil {
			return nil, err
		}
		var layers []slim.Layer
		for _, o := range strs(st["ops"]) {
			layers = append(layers, slim.Layer(o))
		}
		if in, err = slim.ArgScope(s, a, layers...); err != nil {
			return nil, err
		}
	}
	if as := text(st["as"]); as != "" {
		r.named[as] = in
	}
	r.body(at, st, in)
	return in, nil
}

func (r *run) input(st object, s graph.Scope) (any, error) {
	v := st["value"]
	if v == nil {
		v = object{"fill": json.Number("1"), "shape": st["shape"]}
	}
	t, err := value(v)
	if err != nil {
		return nil, err
	}
	name := orText(st["name"], "input")
	if s.Operations() != "" {
		name = s.Operations() + "/" + name
	}
	return r.g.Constant(name, t)
}

func (r *run) net(st, d object) (any, error) {
	x, err := r.g.Placeholder("Placeholder", graph.Float32, ints(st["shape"])...)
	if err != nil {
		return nil, err
	}
	c := nets.Config{NumClasses: integer(d["num_classes"]), IsTraining: true}
	if st["arg_scope"] == nil { // a net of ours has its arg scope; this is what it is without
		c.WeightDecay = -1
		if module := text(st["module"]); module != "vgg" {
			c.UseBatchNorm = slim.False
		}
	}
	logits, _, err := nets.Build(text(st["name"]), x, c)
	if err != nil || text(st["arg_scope"]) != "inception_v3_arg_scope" {
		return logits, err
	}
	// The net's arg scope in package tf_slim has batch_norm_var_collection=
	// "moving_vars"; that of the model zoo, which graft's nets follow, has not.
	vars, err := slim.GetVariables(r.g, "", "moving_(mean|variance)")
	for i := 0; err == nil && i < len(vars); i++ {
		err = r.g.AddToCollection("moving_vars", vars[i])
	}
	return logits, err
}

func (r *run) addToCollection(st object) error {
	if st["value"] != nil {
		return valueKind
	}
	item := text(st["item"])
	if n, ok := r.named[item].(*graph.Node); ok {
		return r.g.AddNodeToCollection(text(st["key"]), n)
	}
	v, err := r.variable(item)
	if err != nil {
		return err
	}
	return r.g.AddToCollection(text(st["key"]), v)
}

func (r *run) runs(st object) error {
	if r.sess == nil {
		if err := r.session(); err != nil {
			return err
		}
	}
	for range max(1, integer(st["times"])) {
		if _, err := r.sess.Run(nil, r.named[text(st["what"])].(graph.Fetch)); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) initFrom(st object) error {
	m := map[string]string{}
	for there, here := range st["map"].(object) {
		s, ok := here.(string)
		if !ok {
			return typeKind
		}
		m[there] = strings.TrimPrefix(s, "=")
	}
	return slim.InitFromCheckpoint(r.g, filepath.Join(r.ref, text(st["ckpt"])), m)
}

func (r *run) repeat(st, d object, s graph.Scope) (any, error) {
	l := slim.Layer(text(st["layer"]))
	a, err := args(d)
	if err != nil {
		return nil, err
	}
	return slim.Repeat(s, r.named[text(st["in"])].(*graph.Node), integer(st["n"]), l, apply(l, list(st["pos"])), a)
}

func (r *run) stack(st, d object, s graph.Scope) (any, error) {
	l := slim.Layer(text(st["layer"]))
	if _, ok := st["stack_args"].([]any); !ok {
		return nil, typeKind
	}
	a, err := args(d)
	if err != nil {
		return nil, err
	}
	var fs []slim.Apply
	for _, x := range list(st["stack_args"]) {
		pos, ok := x.([]any)
		if !ok {
			pos = []any{x}
		}
		fs = append(fs, apply(l, pos))
	}
	return slim.Stack(s, r.named[text(st["in"])].(*graph.Node), l, fs, a)
}

// apply is a layer with its positional arguments.
func apply(l slim.Layer, pos []any) slim.Apply {
	return func(s graph.Scope, x *graph.Node, a slim.Args) (*graph.Node, error) { return call(l, s, x, pos, a) }
}

func (r *run) layer(op string, st, d object, s graph.Scope) (any, error) {
	a, err := args(d)
	if err != nil {
		return nil, err
	}
	x, ok := r.named[text(st["in"])].(*graph.Node)
	if !ok {
		return nil, fmt.Errorf("no step %s, or no input %v", op, st["in"])
	}
	return call(slim.Layer(op), s, x, list(st["pos"]), a)
}

// call calls a layer with its positional arguments.
func call(l slim.Layer, s graph.Scope, x *graph.Node, pos []any, a slim.Args) (*graph.Node, error) {
	at := func(i int) any {
		if i < len(pos) {
			return pos[i]
		}
		return nil
	}
	if n, ok := at(0).(json.Number); ok && strings.Contains(n.String(), ".") {
		return nil, typeKind
	}
	kernel := func(i int) []int { return ints(at(i)) }
	if i := slices.Index([]slim.Layer{slim.LayerConv1D, slim.LayerConv2D, slim.LayerConv3D}, l); i >= 0 && len(kernel(1)) == 1 {
		if _, one := at(1).([]any); one && i == 1 {
			a.Scope += "" // a list of one number: Python's tuple of one, which Go takes as the size
			return nil, oneNumber(s, a, l)
		}
	}
	if len(pos) > 2 {
		a.Stride = integer(pos[2])
		if l == slim.LayerSeparableConv2D { // its third is depth_multiplier
			a.Stride, a.DepthMultiplier = 0, integer(pos[2])
		}
	}
	switch l {
	case slim.LayerConv1D:
		return slim.Conv1D(s, x, integer(at(0)), kernel(1), a)
	case slim.LayerConv2D:
		return slim.Conv2D(s, x, integer(at(0)), kernel(1), a)
	case slim.LayerConv3D:
		return slim.Conv3D(s, x, integer(at(0)), kernel(1), a)
	case slim.LayerConv2DTranspose:
		return slim.Conv2DTranspose(s, x, integer(at(0)), kernel(1), a)
	case slim.LayerConv2DInPlane:
		return slim.Conv2DInPlane(s, x, kernel(0), a)
	case slim.LayerSeparableConv2D:
		return slim.SeparableConv2D(s, x, integer(at(0)), kernel(1), a)
	case slim.LayerFullyConnected:
		return slim.FullyConnected(s, x, integer(at(0)), a)
	case slim.LayerMaxPool2D:
		return slim.MaxPool2D(s, x, kernel(0), a)
	case slim.LayerAvgPool2D:
		return slim.AvgPool2D(s, x, kernel(0), a)
	case slim.LayerUnitNorm:
		return slim.UnitNorm(s, x, integer(at(0)), a)
	case slim.LayerMaxout:
		return slim.Maxout(s, x, integer(at(0)), a)
	}
	plain := map[slim.Layer]func(graph.Scope, *graph.Node, ...slim.Args) (*graph.Node, error){
		slim.LayerBatchNorm: slim.BatchNorm, slim.LayerLayerNorm: slim.LayerNorm, slim.LayerInstanceNorm: slim.InstanceNorm, slim.LayerGroupNorm: slim.GroupNorm,
		slim.LayerDropout: slim.Dropout, slim.LayerFlatten: slim.Flatten, slim.LayerSoftmax: slim.Softmax, slim.LayerBiasAdd: slim.BiasAdd,
	}[l]
	if plain == nil {
		return nil, fmt.Errorf("no layer %s", l)
	}
	return plain(s, x, a)
}

// oneNumber is a kernel of one number in a list, which TF-Slim refuses after it
// has opened the layer's scope; in Go it is the size of both sides.
func oneNumber(s graph.Scope, a slim.Args, l slim.Layer) error {
	if _, err := s.OpenOr(a.Scope, "Conv"); err != nil {
		return err
	}
	return typeKind
}
