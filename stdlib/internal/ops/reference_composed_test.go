package ops

import (
	"strings"

	"graft/ckpt/tensors"
)

// Functions that TensorFlow's libraries make of several operations.

func constant(n *net, x ...float32) *Node {
	if len(x) == 1 {
		return n.leaf(f32(x))
	}
	return n.leaf(f32(x, len(x)))
}

func axesOf(n *net, x *Node, axes ...int) Axes {
	s, err := SpecOf(x)
	if err != nil {
		n.t.Fatal(err)
	}
	a, err := AxesOf(len(s.Shape), axes...)
	if err != nil {
		n.t.Fatal(err)
	}
	return a
}

func (n *net) reduce(op Reducer, x *Node, keep bool, axes ...int) *Node {
	return n.op(Reduce{op, axesOf(n, x, axes...), keep}, x)
}

// l2Normalize is tf.nn.l2_normalize.
func (n *net) l2Normalize(x *Node, epsilon float32, axes ...int) *Node {
	sum := n.reduce(Sum, n.op(Square, x), true, axes...)
	return n.op(Mul, x, n.op(Rsqrt, n.op(Maximum, sum, constant(n, epsilon))))
}

// normalized is what layer_norm and its kin do, with beta 0 and gamma 1.
func (n *net) normalized(x *Node, epsilon float64, axes ...int) *Node {
	d := n.op(Sub, x, n.reduce(Mean, x, true, axes...))
	v := n.reduce(Mean, n.op(Square, d), true, axes...)
	return n.op(Mul, d, n.op(Rsqrt, n.op(Affine{1, epsilon}, v)))
}

func buildComposed(n *net, c refCase, in map[string]*Node) *Node {
	x := in["x"]
	switch name := c.Case; {
	case name == "rsqrt_of_sq":
		return n.op(Rsqrt, n.op(Affine{1, 0.1}, n.op(Mul, x, x)))
	case name == "pow":
		return n.op(Pow, n.op(Affine{1, 0.1}, n.op(Abs, x)), in["z"])
	case name == "broadcast":
		return n.op(Add, n.op(Mul, x, in["z"]), in["z"])
	case name == "leaky_relu":
		return n.op(LeakyRelu{0.2}, x)
	case name == "leaky_relu_01":
		return n.op(LeakyRelu{0.01}, x)
	case name == "crelu":
		return n.op(Relu, n.op(Concat{-1}, x, n.op(Neg, x)))
	case name == "softmax_axis0":
		t := Transpose{List(1, 0)}
		return n.op(t, n.op(Softmax{}, n.op(t, x)))
	case strings.HasPrefix(name, "lrn-"):
		return n.op(LRN{int(c.float("depth_radius")), c.float("bias"), c.float("alpha"), c.float("beta")}, x)
	case name == "dropout-mask":
		return n.op(Floor, n.op(Affine{1, 0.7}, x))
	case name == "l2_loss":
		return n.op(L2Loss{}, x)
	case name == "l2_normalize", name == "l2_normalize-zero":
		return n.l2Normalize(x, 1e-12, -1)
	case name == "l2_normalize-0":
		return n.l2Normalize(x, 0.5, 0, 1)
	case name == "unit_norm":
		sum := n.reduce(Sum, n.op(Square, x), true, 1)
		return n.op(Div, x, n.op(Sqrt, n.op(Affine{1, 1e-7}, sum)))
	case name == "layer_norm":
		return n.normalized(x, 1e-12, 1)
	case name == "layer_norm-rank4":
		return n.normalized(x, 1e-12, 1, 2, 3)
	case name == "layer_norm-axis":
		return n.normalized(x, 1e-12, 2)
	case name == "instance_norm":
		return n.normalized(x, 1e-6, 1, 2)
	case name == "group_norm-2":
		split := n.op(Reshape{Shape: List(2, 3, 3, 2, 2)}, x)
		return n.op(ReshapeLike{}, n.normalized(split, 1e-6, 1, 2, 4), x)
	case name == "group_norm-4":
		split := n.op(Reshape{Shape: List(1, 2, 3, 4, 2)}, x)
		return n.op(ReshapeLike{}, n.normalized(split, 1e-6, 1, 2, 4), x)
	}
	return nil
}

// buildLoss makes the losses of tf.losses, whose labels lie in the archive.
func buildLoss(n *net, c refCase, a *archive, in map[string]*Node) (*Node, map[string]*Node) {
	x := in["x"]
	labels := n.leaf(a.get(n.t, "labels_onehot"))
	kind, _, _ := strings.Cut(c.Case, "/")
	if strings.HasSuffix(kind, "-soft") || kind == "cosine_distance" {
		labels = n.leaf(a.get(n.t, "labels_soft"))
	}
	smooth := func(by, to float64) *Node { return n.op(Affine{1 - by, by * to}, labels) }
	var l *Node
	switch kind {
	case "softmax_cross_entropy", "softmax_cross_entropy-soft":
		l = n.op(SoftmaxCrossEntropyWithLogits{}, x, labels)
	case "softmax_cross_entropy-smooth.1":
		l = n.op(SoftmaxCrossEntropyWithLogits{}, x, smooth(0.1, 0.2))
	case "sparse_softmax_cross_entropy":
		l = n.op(SparseSoftmaxCrossEntropyWithLogits{}, x, n.leaf(a.get(n.t, "labels_sparse")))
	case "sparse-out-of-range", "sparse-negative":
		wrong := map[string]int64{"sparse-out-of-range": 5, "sparse-negative": -1}[kind]
		bad := &Value{DType: tensors.Int64, Shape: []int{4}, I64: []int64{0, wrong, 1, 2}}
		return n.op(SparseSoftmaxCrossEntropyWithLogits{}, x, n.leaf(bad)), nil
	case "sigmoid_cross_entropy":
		l = n.op(SigmoidCrossEntropyWithLogits{}, x, labels)
	case "sigmoid_cross_entropy-smooth.2":
		l = n.op(SigmoidCrossEntropyWithLogits{}, x, smooth(0.2, 0.5))
	case "mean_squared_error", "per-element-weights-mse":
		l = n.op(SquaredDifference, x, labels)
	case "absolute_difference":
		l = n.op(Abs, n.op(Sub, x, labels))
	case "hinge_loss":
		l = n.op(Relu, n.op(Affine{-1, 1}, n.op(Mul, n.op(Affine{2, -1}, labels), x)))
	case "huber_loss":
		l = n.huber(x, labels, 1)
	case "huber_loss-.3":
		l = n.huber(x, labels, 0.3)
	case "log_loss":
		p := n.op(Mul, labels, n.op(Log, n.op(Affine{1, 1e-7}, x)))
		q := n.op(Mul, n.op(Affine{-1, 1}, labels), n.op(Log, n.op(Affine{-1, 1 + 1e-7}, x)))
		l = n.op(Neg, n.op(Add, p, q))
	case "cosine_distance":
		dot := n.op(Mul, n.l2Normalize(labels, 1e-12, 1), n.l2Normalize(x, 1e-12, 1))
		l = n.op(Affine{-1, 1}, n.reduce(Sum, dot, true, 1))
	case "mean_pairwise_squared_error":
		return n.pairwise(n.op(Sub, x, labels), 5), nil
	case "compute_weighted_loss":
		l = x
	case "softmax-extreme":
		eye := n.leaf(f32([]float32{1, 0, 0, 0, 1, 0, 0, 0, 1}, 3, 3))
		return n.op(SoftmaxCrossEntropyWithLogits{}, x, eye), nil
	case "sigmoid-extreme":
		return n.op(SigmoidCrossEntropyWithLogits{}, x, n.leaf(f32([]float32{1, 0, 1, 0}, 1, 4))), nil
	default:
		return nil, nil
	}
	return n.weighted(c, l), nil
}

func (n *net) huber(x, labels *Node, delta float64) *Node {
	e := n.op(Abs, n.op(Sub, x, labels))
	q := n.op(Minimum, e, constant(n, float32(delta)))
	return n.op(Add, n.op(Affine{0.5, 0}, n.op(Square, q)), n.op(Affine{delta, 0}, n.op(Sub, e, q)))
}

// pairwise is tf.losses.mean_pairwise_squared_error of differences [batch, k].
func (n *net) pairwise(d *Node, k float64) *Node {
	squares := n.reduce(Sum, n.op(Square, d), true, 1)
	sum := n.op(Square, n.reduce(Sum, d, true, 1))
	each := n.op(Sub, n.op(Affine{2 / (k - 1), 0}, squares), n.op(Affine{2 / (k * (k - 1)), 0}, sum))
	return n.op(Reduce{Op: Sum, Axes: AllAxes}, each)
}

// weighted is tf.losses.compute_weighted_loss.
func (n *net) weighted(c refCase, l *Node) *Node {
	w := constant(n, 1)
	switch v := c.Args["weights"].(type) {
	case float64:
		w = constant(n, float32(v))
	case []any:
		if s, _ := SpecOf(l); len(s.Shape) == 2 {
			w = n.leaf(f32(numbersOf(v), len(v), 1))
		} else {
			w = n.leaf(f32(numbersOf(v), len(v)))
		}
	case string:
		x := make([]float32, 20)
		for i := range x {
			x[i] = float32(i % 3)
		}
		w = n.leaf(f32(x, 4, 5))
	}
	if c.Case == "compute_weighted_loss" {
		w = n.leaf(f32([]float32{1, 0, 2, 1}, 4, 1))
	}
	y := n.op(Mul, l, w)
	sum := func(x *Node) *Node { return n.op(Reduce{Op: Sum, Axes: AllAxes}, x) }
	all := n.op(BroadcastLike{}, w, l)
	switch c.text("reduction") {
	case "none":
		return y
	case "weighted_sum":
		return sum(y)
	case "weighted_sum_over_batch_size":
		return n.op(Reduce{Op: Mean, Axes: AllAxes}, y)
	case "weighted_mean":
		return n.op(DivNoNan, sum(y), sum(all))
	}
	present := n.op(Cast{tensors.Float32}, n.op(NotEqual, all, constant(n, 0)))
	return n.op(DivNoNan, sum(y), sum(present))
}

// numbersOf flattens nested lists.
func numbersOf(v any) []float32 {
	if f, ok := v.(float64); ok {
		return []float32{float32(f)}
	}
	var out []float32
	for _, e := range v.([]any) {
		out = append(out, numbersOf(e)...)
	}
	return out
}

func buildResize(n *net, c refCase, _ *archive, in map[string]*Node) (*Node, map[string]*Node) {
	method := map[string]Method{"bilinear": Bilinear, "nearest": Nearest, "bicubic": Bicubic, "area": Area}[c.text("method")]
	if c.Args["crop_size"] != nil {
		return nil, nil
	}
	if method == "" && c.Case != "bilinear-uint8" {
		return nil, nil
	}
	x := in["x"]
	k := Resize{Method: method, AlignCorners: c.flag("align_corners"), HalfPixel: c.flag("half_pixel_centers")}
	if c.Case == "bilinear-uint8" {
		k.Method, k.Size = Bilinear, [2]int{5, 5}
		x = n.op(Cast{tensors.Float32}, x)
	} else {
		k.Size = pairOf(c.numbers("size", 2))
	}
	return n.op(k, x), nil
}
