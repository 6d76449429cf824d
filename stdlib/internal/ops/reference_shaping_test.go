package ops

import (
	"strings"

	"graft/ckpt/tensors"
)

func buildShaping(n *net, c refCase, _ *archive, in map[string]*Node) (*Node, map[string]*Node) {
	x := in["x"]
	switch name := c.Case; {
	case strings.HasPrefix(name, "reduce_logsumexp"):
		return n.logSumExp(x, n.axesArg(c, x), c.flag("keepdims")), nil
	case strings.HasSuffix(name, "-ties"):
		return n.reduce(reducerOf(name), x, false, 1), nil
	case strings.HasPrefix(name, "reduce_"):
		return n.op(Reduce{reducerOf(name), n.axesArg(c, x), c.flag("keepdims")}, x), nil
	case name == "reduce-empty":
		out := map[string]*Node{}
		for want, op := range map[string]Reducer{"y": Sum, "max": Max, "mean": Mean, "prod": Prod} {
			out[want] = n.reduce(op, x, false, 0)
		}
		return nil, out
	case strings.HasPrefix(name, "moments-"):
		axes := n.axesArg2(c, x, "axes")
		mean := n.op(Reduce{Mean, axes, true}, x)
		v := n.op(Reduce{Mean, axes, false}, n.op(SquaredDifference, x, mean))
		return nil, map[string]*Node{"mean": n.op(Reduce{Mean, axes, false}, x), "variance": v}
	case strings.HasPrefix(name, "pad-"):
		k := Pad{Mode: PadMode(c.text("mode")), Value: c.float("constant_values")}
		k.Paddings = List(intsOf(c.Args["paddings"])...)
		y, err := n.b.Apply(k, x)
		if err != nil && c.Error != "" {
			n.refuse(c, err)
			return nil, nil
		}
		if err != nil {
			n.t.Fatal(err)
		}
		return y, nil
	case name == "split":
		out := map[string]*Node{}
		for i, want := range []string{"a", "b", "c"} {
			out[want] = n.op(Slice{List(0, []int{0, 1, 4}[i]), List(-1, []int{1, 3, 2}[i])}, x)
		}
		return nil, out
	case name == "top_k":
		return n.op(TopK{3}, x), map[string]*Node{"indices": n.op(TopKIndices{3}, x)}
	}
	return n.shaped(c, in), nil
}

func (n *net) shaped(c refCase, in map[string]*Node) *Node {
	x := in["x"]
	reshape := func(x *Node, shape ...int) *Node { return n.op(Reshape{Shape: List(shape...)}, x) }
	transpose := func(x *Node, perm ...int) *Node { return n.op(Transpose{List(perm...)}, x) }
	switch c.Case {
	case "space_to_batch": // x [1,5,7,2], blocks of 2x2
		p := reshape(n.op(Pad{Paddings: List(0, 0, 0, 1, 1, 0, 0, 0)}, x), 1, 3, 2, 4, 2, 2)
		return reshape(transpose(p, 2, 4, 0, 1, 3, 5), 4, 3, 4, 2)
	case "batch_to_space": // x [4,3,4,2]
		p := reshape(transpose(reshape(x, 2, 2, 1, 3, 4, 2), 2, 3, 0, 4, 1, 5), 1, 6, 8, 2)
		return n.op(Slice{List(0, 0, 1, 0), List(-1, 5, 7, -1)}, p)
	case "space_to_depth": // x [1,4,6,3]
		return reshape(transpose(reshape(x, 1, 2, 2, 3, 2, 3), 0, 1, 3, 2, 4, 5), 1, 2, 3, 12)
	case "depth_to_space": // x [1,2,3,8]
		return reshape(transpose(reshape(x, 1, 2, 3, 2, 2, 2), 0, 1, 3, 2, 4, 5), 1, 4, 6, 2)
	case "concat":
		return n.op(Concat{3}, x, in["z"])
	case "transpose":
		return transpose(x, 0, 3, 1, 2)
	case "strided_slice":
		return n.op(StridedSlice{List(0, 0, 1), List(0, 0, 0), List(1, -2, 1), 0b11, 0b111}, x)
	case "gather":
		return n.op(Gather{}, x, n.leaf(&Value{DType: tensors.Int32, Shape: []int{3}, I32: []int32{2, 0, 2}}))
	case "tile":
		return n.op(Tile{List(2, 1, 3)}, x)
	case "one_hot":
		return n.op(OneHot{Depth: 4, On: 2, Off: -1}, x)
	case "argmax":
		return n.op(ArgMax{1}, x)
	case "in_top_k":
		return n.op(InTopK{2}, x, n.leaf(&Value{DType: tensors.Int32, Shape: []int{4}, I32: []int32{2, 4, 0, 1}}))
	}
	return nil
}

func reducerOf(name string) Reducer {
	name = strings.TrimPrefix(name, "reduce_")
	name, _, _ = strings.Cut(name, "-")
	return Reducer(strings.ToUpper(name[:1]) + name[1:])
}

// axesArg reads an axis: null for all, a number or a list.
func (n *net) axesArg(c refCase, x *Node) Axes { return n.axesArg2(c, x, "axis") }

func (n *net) axesArg2(c refCase, x *Node, name string) Axes {
	if c.Args[name] == nil {
		return AllAxes
	}
	return axesOf(n, x, intsOf(c.Args[name])...)
}

func intsOf(v any) []int {
	var out []int
	for _, f := range numbersOf(v) {
		out = append(out, int(f))
	}
	return out
}

// logSumExp is tf.reduce_logsumexp.
func (n *net) logSumExp(x *Node, axes Axes, keep bool) *Node {
	largest := n.op(StopGradient{}, n.op(Reduce{Max, axes, true}, x))
	sum := n.op(Reduce{Sum, axes, true}, n.op(Exp, n.op(Sub, x, largest)))
	y := n.op(Add, n.op(Log, sum), largest)
	if keep {
		return y
	}
	return n.op(ReshapeLike{}, y, n.op(Reduce{Sum, axes, false}, x))
}
