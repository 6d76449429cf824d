package slim_test

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

func (r *run) sumSquares(st, d object, s graph.Scope) (any, error) {
	vars, _, err := r.vlist(st["vars"])
	if err != nil {
		return nil, err
	}
	var terms []*graph.Node
	for _, v := range vars {
		square, err := s.Apply("Square", ops.Square, v.Node())
		if err != nil {
			return nil, err
		}
		sum, err := s.Apply("Sum", ops.Reduce{Op: ops.Sum, Axes: ops.AllAxes}, square)
		if err != nil {
			return nil, err
		}
		terms = append(terms, sum)
	}
	return s.Apply(orText(st["name"], "loss"), ops.AddN{}, terms...)
}

func (r *run) sum(st, d object, s graph.Scope) (any, error) {
	return s.Apply(orText(st["name"], "loss"), ops.Reduce{Op: ops.Sum, Axes: ops.AllAxes}, r.named[text(st["in"])].(*graph.Node))
}

func (r *run) optimizer(st, d object, s graph.Scope) *train.Optimizer {
	rate := 0.1
	if pos := list(st["pos"]); len(pos) > 0 {
		rate = number(pos[0])
	}
	o := map[string]func() *train.Optimizer{
		"GradientDescent": func() *train.Optimizer { return train.GradientDescent(rate) },
		"Momentum":        func() *train.Optimizer { return train.Momentum(rate, number(d["momentum"])) },
		"Adam":            func() *train.Optimizer { return train.Adam(rate) },
		"RMSProp": func() *train.Optimizer {
			return train.RMSPropWith(train.RMSPropOptions{LearningRate: rate, Centered: d["centered"] == true})
		},
		"Adagrad":  func() *train.Optimizer { return train.Adagrad(rate) },
		"Adadelta": func() *train.Optimizer { return train.Adadelta(rate) },
		"Ftrl":     func() *train.Optimizer { return train.Ftrl(rate) },
		"ProximalGradientDescent": func() *train.Optimizer {
			return train.ProximalGradientDescent(train.ProximalOptions{LearningRate: rate})
		},
		"ProximalAdagrad": func() *train.Optimizer { return train.ProximalAdagrad(train.ProximalOptions{LearningRate: rate}) },
	}[text(st["optimizer"])]()
	if name := text(d["name"]); name != "" {
		o = o.Named(name)
	}
	return o.In(s)
}

func (r *run) minimize(st, d object, s graph.Scope) (any, error) {
	opt := train.MinimizeOptions{NoUpdateOps: true}
	var err error
	if st["global_step"] == true {
		if opt.GlobalStep, err = graph.GetOrCreateGlobalStep(s); err != nil {
			return nil, err
		}
	}
	if st["var_list"] != nil {
		vars, _, err := r.vlist(st["var_list"])
		var no *graph.NoMatchError
		if err != nil && !asNoMatch(err, &no) {
			return nil, err
		}
		opt.Vars = append([]*graph.Variable{}, vars...)
	}
	return r.optimizer(st, d, s).MinimizeWith(r.named[text(st["loss"])].(*graph.Node), opt)
}

func (r *run) trainOp(st, d object, s graph.Scope) (any, error) {
	opt := train.TrainOpOptions{IgnoreUnknownMultipliers: true, ClipGradientNorm: number(d["clip_gradient_norm"])}
	if m, given := d["gradient_multipliers"]; given {
		dict, ok := m.(object)
		if !ok {
			return nil, typeKind
		}
		opt.GradientMultipliers = map[string]float64{}
		for name, x := range dict {
			opt.GradientMultipliers[name] = number(x)
		}
	}
	if st["variables_to_train"] != nil {
		vars, _, err := r.vlist(st["variables_to_train"])
		if err != nil {
			return nil, err
		}
		opt.VariablesToTrain = append([]*graph.Variable{}, vars...)
	}
	return train.CreateTrainOp(r.named[text(st["loss"])].(*graph.Node), r.optimizer(st, object{}, s), opt)
}

func (r *run) ema(st, d object, s graph.Scope) (any, error) {
	e := &train.ExponentialMovingAverage{Decay: number(d["decay"]), Name: text(d["name"]), In: s}
	r.named[orText(st["as"], "ema")] = e
	vars, _, err := r.vlist(st["vars"])
	if err != nil {
		return nil, err
	}
	return e.Apply(vars...)
}

func (r *run) loss(st, d object, s graph.Scope) (any, error) {
	pos := list(st["pos"])
	labels, predictions := r.named[text(pos[0])].(*graph.Node), r.named[text(pos[1])].(*graph.Node)
	o := losses.Options{In: s}
	if c, given := d["loss_collection"]; given && c == nil {
		o.NoCollection = true
	}
	if w, given := d["weights"]; given {
		if w == nil {
			return nil, typeKind
		}
		t, err := value(w)
		if err != nil {
			return nil, err
		}
		if o.Weights, err = r.g.Constant("weights", t); err != nil {
			return nil, err
		}
	}
	scope := text(d["scope"])
	switch text(st["name"]) {
	case "softmax_cross_entropy":
		return losses.SoftmaxCrossEntropy(losses.Classification{Logits: predictions, Labels: labels, Scope: scope, Options: o})
	case "sparse_softmax_cross_entropy":
		return losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: predictions, Labels: labels, Scope: scope, Options: o})
	case "mean_squared_error":
		return losses.MeanSquaredError(losses.Regression{Predictions: predictions, Labels: labels, Scope: scope, Options: o})
	case "absolute_difference":
		return losses.AbsoluteDifference(losses.Regression{Predictions: predictions, Labels: labels, Scope: scope, Options: o})
	}
	return nil, fmt.Errorf("loss %v", st["name"])
}

func (r *run) addLoss(st, d object, s graph.Scope) (any, error) {
	return nil, losses.AddLoss(r.named[text(st["in"])].(*graph.Node))
}

// regularizer makes a regularizer; what is wrong with it shows on a variable.
func (r *run) regularizer(st, d object, s graph.Scope) (any, error) {
	reg, err := regularizer(st["reg"])
	if err != nil {
		return nil, err
	}
	_, err = slim.Variable(graph.New().Scope(), "v", graph.VariableOptions{Shape: []int{1}, Regularizer: reg})
	return reg, err
}

func (r *run) applyRegularization(st, d object, s graph.Scope) (any, error) {
	reg, err := regularizer(st["reg"])
	if err != nil {
		return nil, err
	}
	vars, _, err := r.vlist(st["vars"])
	if err != nil {
		return nil, err
	}
	return slim.ApplyRegularization(s, reg, vars...)
}
