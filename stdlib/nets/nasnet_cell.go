package nets

import (
	"fmt"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// cellKind is what a search found: five pairs of operations on hidden states,
// of which 0 is the cell's input, 1 the one before it, and 2 … 6 are the sums
// of the pairs. What is not used is the result.
type cellKind struct {
	operations [10]string
	inputs     [10]int
	used       [7]bool
}

// nasnetNormal is figure 4, left, of arXiv:1707.07012.
func nasnetNormal() cellKind {
	return cellKind{
		operations: [10]string{"separable_5x5", "separable_3x3", "separable_5x5", "separable_3x3", "avg_pool_3x3",
			"none", "avg_pool_3x3", "avg_pool_3x3", "separable_3x3", "none"},
		inputs: [10]int{0, 1, 1, 1, 0, 1, 1, 1, 0, 0},
		used:   [7]bool{true},
	}
}

// nasnetReduction is figure 4, right.
func nasnetReduction() cellKind {
	return cellKind{
		operations: [10]string{"separable_5x5", "separable_7x7", "max_pool_3x3", "separable_7x7", "avg_pool_3x3",
			"separable_5x5", "none", "avg_pool_3x3", "separable_3x3", "max_pool_3x3"},
		inputs: [10]int{0, 1, 0, 1, 0, 1, 3, 2, 2, 0},
		used:   [7]bool{true, true, true},
	}
}

// pnasnetNormal is figure 1 of arXiv:1712.00559.
func pnasnetNormal() cellKind {
	return cellKind{
		operations: [10]string{"separable_5x5", "max_pool_3x3", "separable_7x7", "max_pool_3x3", "separable_5x5",
			"separable_3x3", "separable_3x3", "max_pool_3x3", "separable_3x3", "none"},
		inputs: [10]int{1, 1, 0, 0, 0, 0, 4, 0, 1, 0},
		used:   [7]bool{true, true},
	}
}

// cell is one cell, with scaling times the net's channels.
func (n *nasnet) cell(k cellKind, name string, scaling float64, stride int, previous *graph.Node, number int) {
	filters := int(float64(n.k.NumConvFilters) * scaling)
	n.scope(name, func() {
		in, width := n.x, n.shape()[2]
		if previous == nil {
			previous = in // nothing precedes the first cell
		} else {
			previous = n.from(previous, func() { n.fit(filters, width) })
		}
		first := n.from(in, func() {
			n.activation()
			n.conv("1x1", filters, kernel(1))
			n.normalise("beginning_bn", slim.Args{})
		})
		states := []*graph.Node{first, previous}
		for i := range 5 {
			n.scope(fmt.Sprintf("comb_iter_%d", i), func() {
				var h [2]*graph.Node
				for side, name := range []string{"left", "right"} {
					at := k.inputs[2*i+side]
					s := stride
					if at >= 2 {
						s = 1
					}
					h[side] = n.from(states[at], func() {
						n.scope(name, func() { n.operation(k.operations[2*i+side], filters, s, number) })
					})
				}
				n.scope("combine", func() {
					n.add(h[0], h[1])
					if n.k.UseBoundedActivation {
						n.activation()
					}
				})
				states = append(states, n.x)
			})
		}
		n.scope("cell_output", func() { n.unused(states, k.used) })
	})
}

// fit brings the earlier input to the size of the cell's.
func (n *nasnet) fit(filters, width int) {
	switch s := n.shape(); {
	case s[2] != width:
		n.activation()
		n.reduction(filters, 2)
	case s[3] != filters:
		n.activation()
		n.conv("prev_1x1", filters, kernel(1))
		n.normalise("prev_bn", slim.Args{})
	}
}

// operation is one of the operations of a search.
func (n *nasnet) operation(name string, filters, stride, number int) {
	channels := n.channels()
	size := kernel(int(name[len(name)-1] - '0'))
	switch {
	case strings.HasPrefix(name, "separable"):
		n.separableTwice(size[0], filters, stride)
		n.bound()
	case name == "none":
		if n.k.UseBoundedActivation {
			n.activation()
		}
		if stride > 1 || channels != filters {
			if !n.k.UseBoundedActivation {
				n.activation()
			}
			n.conv("1x1", filters, kernel(1), slim.Args{Stride: stride})
			n.normalise("bn_1", slim.Args{})
			n.bound()
		}
		return
	default:
		if n.k.UseBoundedActivation {
			n.activation()
		}
		if strings.HasPrefix(name, "max") {
			n.maxPool("", size[0], stride, slim.Args{Padding: slim.Same})
		} else {
			n.avgPool("", size, stride, slim.Same)
		}
		if channels != filters {
			n.conv("1x1", filters, kernel(1))
			n.normalise("bn_1", slim.Args{})
		}
		n.bound()
	}
	n.dropPath(number)
}

func (n *nasnet) bound() {
	if n.k.UseBoundedActivation {
		n.clip(6)
	}
}

func (n *nasnet) separableTwice(size, filters, stride int) {
	for i := range 2 {
		n.activation()
		n.separable(fmt.Sprintf("separable_%dx%d_%d", size, size, i+1), filters, kernel(size), slim.Args{Stride: stride})
		n.normalise(fmt.Sprintf("bn_sep_%dx%d_%d", size, size, i+1), slim.Args{})
		stride = 1
	}
}

// reduction halves the map without losing every second pixel: half of the
// outputs begin one pixel later (nasnet_utils.factorized_reduction).
func (n *nasnet) reduction(filters, stride int) {
	if stride == 1 {
		n.conv("path_conv", filters, kernel(1))
		n.normalise("path_bn", slim.Args{})
		return
	}
	every := ops.AvgPool{KSize: [2]int{1, 1}, Strides: [2]int{stride, stride}, Padding: ops.Valid}
	in := n.x
	first := n.from(in, func() {
		n.op("AvgPool", every)
		n.conv("path1_conv", filters/2, kernel(1))
	})
	second := n.from(in, func() {
		n.op("Pad", ops.Pad{Paddings: ops.List(0, 0, 0, 1, 0, 1, 0, 0)})
		n.op("strided_slice", ops.StridedSlice{Begin: ops.List(0, 1, 1, 0), End: ops.List(0, 0, 0, 0), Strides: ops.List(1, 1, 1, 1),
			BeginMask: 1<<0 | 1<<3, EndMask: 1<<0 | 1<<1 | 1<<2 | 1<<3})
		n.op("AvgPool", every)
		n.conv("path2_conv", filters-filters/2, kernel(1))
	})
	n.concat([]*graph.Node{first, second})
	n.normalise("final_path_bn", slim.Args{})
}

// unused joins the states that no operation took.
func (n *nasnet) unused(states []*graph.Node, used [7]bool) {
	if n.idle() {
		return
	}
	last := states[len(states)-1].Shape()
	var out []*graph.Node
	for i, s := range states {
		if used[i] {
			continue
		}
		shape := s.Shape()
		if shape[2] != last[2] || shape[3] != last[3] {
			stride := 1
			if shape[2] != last[2] {
				stride = 2
			}
			s = n.from(s, func() { n.scope(fmt.Sprintf("reduction_%d", i), func() { n.reduction(last[3], stride) }) })
		}
		out = append(out, s)
	}
	n.concat(out)
}

// dropPath drops the path of whole examples in training: more of them in later
// cells, and more as training goes on.
func (n *nasnet) dropPath(number int) {
	if n.k.DropPathKeepProb >= 1 || !n.c.IsTraining {
		return
	}
	drop := float64(number+1) / float64(n.total) * (1 - n.k.DropPathKeepProb)
	n.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		step, err := n.step(s)
		if err != nil {
			return nil, err
		}
		keep, err := keepProb(s, step, float64(n.k.TotalTrainingSteps), drop)
		if err != nil {
			return nil, err
		}
		mask, err := s.Apply("drop_path/mask", ops.DropPathMask{}, x, keep)
		if err != nil {
			return nil, err
		}
		return s.Apply("drop_path/mul", ops.Mul, x, mask)
	})
}

// keepProb is 1 - drop·min(1, step/steps).
func keepProb(s graph.Scope, step *graph.Node, steps, drop float64) (*graph.Node, error) {
	if shape := step.Shape(); len(shape) != 0 {
		return nil, fmt.Errorf("CurrentStep %s has shape %s, a scalar is wanted", step.Name(), ops.ShapeString(shape))
	}
	x, err := s.Apply("drop_path/step", ops.Cast{To: graph.Float32}, step)
	if err != nil {
		return nil, err
	}
	if x, err = s.Apply("drop_path/ratio", ops.Affine{By: 1 / steps}, x); err != nil {
		return nil, err
	}
	one, err := s.Graph().Scalar(s.Join("drop_path/one"), graph.Float32, 1)
	if err != nil {
		return nil, err
	}
	if x, err = s.Apply("drop_path/Minimum", ops.Minimum, x, one); err != nil {
		return nil, err
	}
	return s.Apply("drop_path/keep_prob", ops.Affine{By: -drop, Plus: 1}, x)
}

// step is the training's step: CurrentStep, or the graph's global step, which
// is made here, inside the cell, as TF-Slim does, if there is none.
func (n *nasnet) step(s graph.Scope) (*graph.Node, error) {
	if n.k.CurrentStep != nil {
		return n.k.CurrentStep, nil
	}
	v, err := graph.GetOrCreateGlobalStep(s.WithReuse(graph.NoReuse))
	if err != nil {
		return nil, err
	}
	return v.Node(), nil
}
