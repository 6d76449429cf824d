// Package ops holds what the nodes of a graph compute: convolutions,
// normalisation, losses, the steps of optimizers, each with its gradient.
//
// Images are NHWC (batch, height, width, channels) and filters HWIO (height,
// width, in, out), as TensorFlow's checkpoints store them, so that no weight
// is ever transposed. Rules that TensorFlow has and others have not (SAME
// padding, averages that leave the padding out, the first of equal maxima)
// are TensorFlow's.
//
// A Kernel is the behaviour: small, comparable, without knowledge of any
// graph. Apply puts one to work as a node of a gorgonia.ExprGraph.
package ops

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"graft/ckpt/tensors"
)

// Node is a node of the expression graph.
type Node = gorgonia.Node

// Kernel is what a node computes.
type Kernel interface {
	// Name is TensorFlow's name of the operation, such as Conv2D.
	Name() string
	// Infer gives the output's dtype and shape, where an axis may be Unknown.
	// It is called when the node is made and again with a run's own shapes; a
	// misfit is an error that names the axis and both sizes.
	Infer(in []Spec) (Spec, error)
	// Run fills out, whose shape Infer gave; its elements are undefined
	// before. It must not change in, except where Writes says so.
	Run(c *Ctx, out *Value, in []*Value) error
}

// Differentiable is a Kernel with a gradient.
type Differentiable interface {
	Kernel
	// Grad returns for each input the gradient of a scalar with respect to
	// it, given that with respect to the output; nil where want is false, and
	// nil where there is none. It only adds nodes to b.
	Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error)
}

// Writer is a Kernel that changes some of its inputs, which must be
// variables: assignments and the steps of optimizers.
type Writer interface {
	Kernel
	// Writes lists the inputs that are changed.
	Writes() []int
}

// Stochastic is a Kernel that draws random numbers, from Ctx.Random.
type Stochastic interface {
	Kernel
	// Random does nothing; it marks the kernel.
	Random()
}

// InPlace is a Kernel whose output may share memory with one of its inputs.
type InPlace interface {
	Kernel
	// Reuses lists the inputs whose memory out may be, best first; each has
	// the output's size.
	Reuses() []int
}

// Builder adds nodes to one graph and numbers them.
type Builder struct{ last atomic.Uint64 }

// Op is a Kernel at one place of a graph. Gorgonia merges nodes whose ops and
// inputs have equal hashes, without comparing them, so that every Op carries
// a number of its own.
type Op struct {
	Kernel
	Inputs []*Node
	Out    Spec

	b    *Builder
	id   uint64
	from []Spec
}

// Apply adds a node that computes k over in, of which there is at least one.
func (b *Builder) Apply(k Kernel, in ...*Node) (*Node, error) {
	op := &Op{Kernel: k, Inputs: in, b: b, id: b.last.Add(1)}
	for i, n := range in {
		if n == nil {
			return nil, fmt.Errorf("%s: input %d is nil", k.Name(), i)
		}
		s, err := SpecOf(n)
		if err != nil {
			return nil, fmt.Errorf("%s: input %d: %w", k.Name(), i, err)
		}
		op.from = append(op.from, s)
	}
	var err error
	if op.Out, err = k.Infer(op.from); err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name(), err)
	}
	n, err := gorgonia.ApplyOp(op, in...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name(), err)
	}
	if got, ok := n.Op().(*Op); !ok || got != op {
		return nil, fmt.Errorf("%s: the graph merged this node with another one (%v)", k.Name(), n)
	}
	return n, nil
}

// SpecOf describes a node.
func SpecOf(n *Node) (Spec, error) {
	if op, ok := n.Op().(*Op); ok {
		return op.Out, nil
	}
	dt := n.Dtype()
	d, ok := fromDtype(dt)
	if !ok {
		return Spec{}, fmt.Errorf("the engine does not compute in %v", dt)
	}
	return Spec{d, []int(n.Shape())}, nil
}

// dtypes are those of Value.
var dtypes = []struct {
	ours   tensors.DType
	theirs tensor.Dtype
}{
	{tensors.Float32, tensor.Float32}, {tensors.Float64, tensor.Float64},
	{tensors.Int32, tensor.Int32}, {tensors.Int64, tensor.Int64}, {tensors.Bool, tensor.Bool},
}

func fromDtype(d tensor.Dtype) (tensors.DType, bool) {
	for _, e := range dtypes {
		if e.theirs == d {
			return e.ours, true
		}
	}
	return 0, false
}

// Dtype is Gorgonia's name of an element type; ok is false for those that the
// engine does not compute in.
func Dtype(d tensors.DType) (t tensor.Dtype, ok bool) {
	for _, e := range dtypes {
		if e.ours == d {
			return e.theirs, true
		}
	}
	return t, false
}

func hmType(s Spec) hm.Type {
	d, _ := Dtype(s.DType)
	if len(s.Shape) == 0 {
		return d
	}
	return gorgonia.TensorType{Dims: len(s.Shape), Of: d}
}

// Arity implements gorgonia.Op.
func (o *Op) Arity() int { return len(o.Inputs) }

// Type implements gorgonia.Op.
func (o *Op) Type() hm.Type {
	ts := make([]hm.Type, 0, len(o.from)+1)
	for _, s := range o.from {
		ts = append(ts, hmType(s))
	}
	return hm.NewFnType(append(ts, hmType(o.Out))...)
}

// InferShape implements gorgonia.Op.
func (o *Op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.Shape(slices.Clone(o.Out.Shape)), nil
}

// Do implements gorgonia.Op. Nodes are run by package exec, which gives them
// memory and a context.
func (o *Op) Do(...gorgonia.Value) (gorgonia.Value, error) {
	return nil, fmt.Errorf("%s runs in a Session, not in a Gorgonia machine", o.Name())
}

// ReturnsPtr implements gorgonia.Op.
func (o *Op) ReturnsPtr() bool { return true }

// CallsExtern implements gorgonia.Op.
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op.
func (o *Op) OverwritesInput() int { return -1 }

// WriteHash implements gorgonia.Op.
func (o *Op) WriteHash(h hash.Hash) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], o.id)
	_, _ = h.Write(b[:]) // a hash does not fail
}

// Hashcode implements gorgonia.Op.
func (o *Op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// String implements gorgonia.Op.
func (o *Op) String() string { return o.Name() }

// DiffWRT implements gorgonia.SDOp.
func (o *Op) DiffWRT(inputs int) []bool {
	_, ok := o.Kernel.(Differentiable)
	out := make([]bool, inputs)
	for i := range out {
		out[i] = ok && o.from[i].DType == o.Out.DType
	}
	return out
}

// SymDiff implements gorgonia.SDOp.
func (o *Op) SymDiff(inputs gorgonia.Nodes, output, grad *Node) (gorgonia.Nodes, error) {
	return o.Grad(output, grad, o.DiffWRT(len(inputs)))
}

// Grad adds the nodes of the gradients that are wanted; see Differentiable.
func (o *Op) Grad(out, dout *Node, want []bool) ([]*Node, error) {
	k, ok := o.Kernel.(Differentiable)
	if !ok {
		return nil, fmt.Errorf("%s has no gradient", o.Name())
	}
	grads, err := k.Grad(o.b, o.Inputs, out, dout, want)
	if err != nil {
		return nil, fmt.Errorf("gradient of %s: %w", o.Name(), err)
	}
	if len(grads) != len(o.Inputs) {
		return nil, fmt.Errorf("gradient of %s: %d gradients for %d inputs", o.Name(), len(grads), len(o.Inputs))
	}
	return grads, nil
}
