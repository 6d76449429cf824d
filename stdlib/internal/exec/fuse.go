package exec

import (
	"slices"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/kern"
	"graft/stdlib/internal/ops"
)

// fuse lets a convolution or a product do in one pass what follows it: batch
// normalisation by stored statistics, a bias, a sum with something of its
// shape, Relu. A result that is fetched, or used by anything else, stays.
func (b *planner) fuse() {
	if b.opt.Exact {
		return
	}
	b.skip()
	f := newFuser(b)
	dead := make([]bool, len(b.steps))
	for i := range b.steps {
		for {
			from := f.step(i)
			if from < 0 {
				break
			}
			dead[from] = true
		}
	}
	b.drop(dead)
	for i, s := range b.steps {
		b.steps[i] = b.choose(s)
	}
	b.expand()
}

// skip lets what uses an Identity of a result, as nets name their end points,
// use the result.
func (b *planner) skip() {
	f := newFuser(b)
	dead := make([]bool, len(b.steps))
	for i := range b.steps {
		for j, a := range b.steps[i].args {
			p, ok := f.at[a.node]
			if !ok || !dead[p] {
				continue
			}
			b.steps[i].args[j] = b.steps[p].args[0]
		}
		dead[i] = f.idle(i)
	}
	b.drop(dead)
}

// idle reports whether step i only gives another name to a result. What a
// variable was changed to may change again.
func (f *fuser) idle(i int) bool {
	s := &f.steps[i]
	if _, ok := s.kernel.(ops.Identity); !ok || f.fetched[s.node] {
		return false
	}
	p, ok := f.at[s.args[0].node]
	return ok && f.steps[p].late == s.late && f.steps[p].writes < 0
}

// expand fuses a convolution of 1×1 windows with the depthwise convolution
// that alone reads its result, where an image of that is too large for a near
// cache.
func (b *planner) expand() {
	f := newFuser(b)
	dead := make([]bool, len(b.steps))
	for i := range b.steps {
		s := &b.steps[i]
		k, p, ok := f.expansion(i)
		if !ok {
			continue
		}
		dead[p] = true
		s.kernel, s.args = k, append(slices.Clone(b.steps[p].args), s.args[1:]...)
	}
	b.drop(dead)
}

// expandElements is the elements of an image from which on it is too large.
const expandElements = 1 << 18

// expansion is the kernel of step i and of the one before it, which is p.
func (f *fuser) expansion(i int) (k ops.FusedExpandDepthwiseConv2D, p int, ok bool) {
	keep := func(*ops.Ending) bool { return true }
	second, _ := withEnding(f.steps[i].kernel, keep)
	if k.Depthwise, ok = second.(ops.FusedDepthwiseConv2D); !ok || k.Depthwise.Residual || f.specOf(f.steps[i].args[1]).Shape[3] != 1 {
		return k, 0, false
	}
	if p = f.only(i, 0); p < 0 || ops.Size(f.specs[f.steps[p].node].Shape[1:]) < expandElements {
		return k, 0, false
	}
	first, _ := withEnding(f.steps[p].kernel, keep)
	k.Expand, ok = first.(ops.FusedConv2D)
	return k, p, ok && k.Expand.Pointwise(f.specOf(f.steps[p].args[1]).Shape) && f.specs[f.steps[i].node].DType == tensors.Float32
}

func (b *planner) drop(dead []bool) {
	kept := b.steps[:0]
	for i, s := range b.steps {
		if !dead[i] {
			kept = append(kept, s)
		}
	}
	b.steps = kept
}

type fuser struct {
	*planner
	at   map[*ops.Node]int // the step that computes a node
	uses map[*ops.Node]int // how many inputs of steps it is
}

func newFuser(b *planner) *fuser {
	f := &fuser{planner: b, at: map[*ops.Node]int{}, uses: map[*ops.Node]int{}}
	for i, s := range b.steps {
		f.at[s.node] = i
		for _, a := range s.args {
			f.uses[a.node]++
		}
	}
	return f
}

// only returns the step that computes an input which nothing else needs, and
// -1 when there is none.
func (f *fuser) only(i, input int) int {
	n := f.steps[i].args[input].node
	p, ok := f.at[n]
	if !ok || f.uses[n] != 1 || f.fetched[n] || f.steps[p].late != f.steps[i].late {
		return -1
	}
	return p
}

// step takes into step i one step before it, and returns which, -1 for none.
func (f *fuser) step(i int) int {
	s := &f.steps[i]
	switch k := s.kernel.(type) {
	case ops.Conv2D:
		return f.pad(i, k)
	case ops.BatchNorm:
		return f.batchNorm(i, k)
	case ops.BiasAdd:
		return f.end(i, 0, func(e *ops.Ending) bool {
			ok := !e.Bias && !e.Residual && e.Activation == ""
			e.Bias = true
			return ok
		}, s.args[1])
	case ops.Unary:
		if k != ops.Relu && k != ops.Relu6 {
			return -1
		}
		return f.end(i, 0, func(e *ops.Ending) bool {
			ok := e.Activation == ""
			e.Activation = k
			return ok
		})
	case ops.Binary:
		return f.sum(i, k)
	}
	return -1
}

// pad lets a convolution take zeros around its input for granted that a step
// before it only puts there, as ResNet's convolutions with a stride have it.
func (f *fuser) pad(i int, k ops.Conv2D) int {
	p := f.only(i, 0)
	if p < 0 || k.Padding != ops.Valid {
		return -1
	}
	pad, ok := f.steps[p].kernel.(ops.Pad)
	if !ok || pad.Value != 0 || pad.Mode != "" && pad.Mode != ops.Constant {
		return -1
	}
	n, ok := pad.Paddings.Slice()
	if !ok || len(n) != 8 || n[0] != 0 || n[1] != 0 || n[6] != 0 || n[7] != 0 {
		return -1
	}
	k.Padding, k.Pads = ops.Explicit, [4]int{n[2], n[3], n[4], n[5]}
	f.steps[i].kernel, f.steps[i].args = k, append([]arg{f.steps[p].args[0]}, f.steps[i].args[1:]...)
	return p
}

// sum fuses a residual: of two convolutions the second one, which is the main
// branch in the nets that have them.
func (f *fuser) sum(i int, k ops.Binary) int {
	s := &f.steps[i]
	if k != ops.Add || !ops.Fits(f.specs[s.args[0].node].Shape, f.specs[s.args[1].node].Shape) {
		return -1
	}
	residual := func(e *ops.Ending) bool {
		ok := !e.Residual && e.Activation == ""
		e.Residual = true
		return ok
	}
	for _, input := range []int{1, 0} {
		if p := f.only(i, input); p < 0 || f.choose(f.steps[p]).kernel != f.steps[p].kernel {
			continue // Winograd's algorithm gains more than the sum costs
		}
		if p := f.end(i, input, residual, s.args[1-input]); p >= 0 {
			return p
		}
	}
	return -1
}

// end makes step i the step that computes its input, with an ending that
// change has added to, and more inputs. change says whether it goes.
func (f *fuser) end(i, input int, change func(*ops.Ending) bool, more ...arg) int {
	p := f.only(i, input)
	if p < 0 {
		return -1
	}
	kernel, ok := withEnding(f.steps[p].kernel, change)
	if !ok {
		return -1
	}
	args := append(append([]arg{}, f.steps[p].args...), more...)
	f.steps[i].kernel, f.steps[i].args = kernel, args
	return p
}

// withEnding adds to what follows a convolution or a product.
func withEnding(k ops.Kernel, change func(*ops.Ending) bool) (ops.Kernel, bool) {
	switch k := k.(type) {
	case ops.Conv2D:
		return withEnding(ops.FusedConv2D{Conv2D: k}, change)
	case ops.DepthwiseConv2D:
		return withEnding(ops.FusedDepthwiseConv2D{DepthwiseConv2D: k}, change)
	case ops.MatMul:
		return withEnding(ops.FusedMatMul{MatMul: k}, change)
	case ops.FusedConv2D:
		ok := change(&k.Ending)
		return k, ok
	case ops.FusedDepthwiseConv2D:
		ok := change(&k.Ending)
		return k, ok
	case ops.FusedMatMul:
		ok := change(&k.Ending)
		return k, ok
	}
	return nil, false
}

// batchNorm folds the statistics into the filter before it, if all of them
// stay as they are.
func (f *fuser) batchNorm(i int, k ops.BatchNorm) int {
	s := &f.steps[i]
	p := f.only(i, 0)
	if p < 0 || f.specs[s.node].DType != tensors.Float32 {
		return -1
	}
	conv := f.steps[p]
	multiplier := 0
	switch conv.kernel.(type) {
	case ops.Conv2D:
	case ops.DepthwiseConv2D:
		multiplier = f.specs[conv.args[1].node].Shape[3]
	default:
		return -1
	}
	for _, a := range append(s.args[1:], conv.args[1]) {
		if !f.frozen(a) {
			return -1
		}
	}
	kernel, _ := withEnding(conv.kernel, func(e *ops.Ending) bool { e.Bias = true; return true })
	filter, bias := f.fold(conv, s.args[1:], k, multiplier)
	s.kernel, s.args = kernel, []arg{conv.args[0], {derived: filter}, {derived: bias}}
	return p
}

// frozen reports whether an input is a value that this run does not change.
func (b *planner) frozen(a arg) bool {
	return a.derived != nil || b.stable[a.node] && !b.written[a.node]
}

// choose takes a faster algorithm for a convolution whose filter is frozen:
// one of Winograd's for windows of 3×3, where maps and channels are large
// enough for it to pay.
func (b *planner) choose(s step) step {
	k, ok := s.kernel.(ops.FusedConv2D)
	if plain, is := s.kernel.(ops.Conv2D); is {
		k, ok = ops.FusedConv2D{Conv2D: plain}, true
	}
	if !ok || k.Residual || !b.frozen(s.args[1]) || !unit(k.Strides) || !unit(k.Dilations) {
		return s
	}
	filter, out := b.specOf(s.args[1]), b.specs[s.node]
	f, o := filter.Shape, out.Shape
	if out.DType != tensors.Float32 || f[0] != 3 || f[1] != 3 || f[2] < 32 || f[3] < 32 {
		return s
	}
	tile, pays := winogradTile(min(o[1], o[2]))
	if pays {
		s.kernel = ops.WinogradConv2D{Tile: tile, Padding: k.Padding, Pads: k.Pads, Ending: k.Ending}
	}
	return s
}

// winogradTile is the best tile for maps of a side. Those of small maps reach
// far over the edge, and there is little to do with many factors.
func winogradTile(side int) (tile kern.Winograd, pays bool) {
	switch {
	case side >= 14:
		return kern.F4x4, true
	case side >= 6:
		return kern.F2x2, true
	}
	return 0, false
}

func (b *planner) specOf(a arg) ops.Spec {
	if a.derived != nil {
		return a.derived.spec
	}
	return b.specs[a.node]
}

func unit(n [2]int) bool { return n[0] <= 1 && n[1] <= 1 }
