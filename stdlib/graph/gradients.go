package graph

import (
	"fmt"
	"strings"

	"graft/stdlib/internal/ops"
)

// Gradients adds to the graph the derivatives of the scalar loss with respect
// to each of vars, and returns them in the order of vars: nodes of the
// variables' shapes, nil for a variable that does not affect the loss
// (tf.gradients). Only what lies between vars and the loss is differentiated.
//
// Gorgonia's Grad is not used, since it keeps the derivatives on the nodes: a
// second loss over the same nodes would silently get those of the first.
//
// Errors: a loss that is not a floating-point scalar, a variable of another
// graph, an operation on the way that has no gradient.
func Gradients(loss *Node, vars ...*Variable) ([]*Node, error) {
	nodes := make([]*Node, len(vars))
	for i, v := range vars {
		if v == nil {
			return nil, fmt.Errorf("graph: gradients: variable %d is nil", i)
		}
		nodes[i] = v.node
	}
	return GradientsOf(loss, nodes...)
}

// GradientsOf is Gradients with respect to any nodes: a layer's result, an
// input picture (tf.gradients). Errors are those of Gradients.
func GradientsOf(loss *Node, nodes ...*Node) ([]*Node, error) {
	if loss == nil {
		return nil, fmt.Errorf("graph: gradients: the loss is nil")
	}
	g := loss.g
	if len(loss.spec.Shape) != 0 || loss.spec.DType != Float32 && loss.spec.DType != Float64 {
		return nil, fmt.Errorf("graph: gradients: the loss %v is not a scalar; reduce it by a mean or a sum", loss)
	}
	p := &backprop{g: g, affected: map[*ops.Node]bool{}, grads: map[*ops.Node][]*ops.Node{}}
	for i, n := range nodes {
		if n == nil || n.g != g {
			return nil, fmt.Errorf("graph: gradients: %v (number %d) is not of the loss's graph", n, i)
		}
		p.affected[n.n] = true
	}
	one, err := g.Scalar("gradients/grad_ys_0", loss.spec.DType, 1)
	if err != nil {
		return nil, err
	}
	p.order(loss.n, map[*ops.Node]bool{})
	p.grads[loss.n] = []*ops.Node{one.n}
	if err := p.run(); err != nil {
		return nil, err
	}
	return p.results(nodes)
}

// backprop is reverse-mode differentiation over the part of a graph that lies
// below one loss.
type backprop struct {
	g        *Graph
	sorted   []*ops.Node // inputs before what uses them
	affected map[*ops.Node]bool
	grads    map[*ops.Node][]*ops.Node // to be summed
}

// order sorts what n depends on, and marks what depends on the variables. It
// keeps a stack of its own, since graphs may be deep.
func (p *backprop) order(n *ops.Node, seen map[*ops.Node]bool) {
	type frame struct {
		n    *ops.Node
		next int
	}
	stack := []frame{{n, 0}}
	seen[n] = true
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		op, _ := f.n.Op().(*ops.Op)
		if op != nil && f.next < len(op.Inputs) {
			in := op.Inputs[f.next]
			f.next++
			if !seen[in] {
				seen[in] = true
				stack = append(stack, frame{in, 0})
			}
			continue
		}
		if op != nil {
			for _, in := range op.Inputs {
				p.affected[f.n] = p.affected[f.n] || p.affected[in]
			}
		}
		p.sorted = append(p.sorted, f.n)
		stack = stack[:len(stack)-1]
	}
}

func (p *backprop) run() error {
	for i := len(p.sorted) - 1; i >= 0; i-- {
		n := p.sorted[i]
		op, _ := n.Op().(*ops.Op)
		if op == nil || !p.affected[n] || len(p.grads[n]) == 0 {
			continue
		}
		if err := p.node(n, op); err != nil {
			return err
		}
	}
	return nil
}

// node hands a node's gradient on to its inputs.
func (p *backprop) node(n *ops.Node, op *ops.Op) error {
	dout, err := p.sum(n)
	if err != nil {
		return err
	}
	want, any := make([]bool, len(op.Inputs)), false
	for i, in := range op.Inputs {
		s, err := ops.SpecOf(in)
		if err != nil {
			return err
		}
		want[i] = p.affected[in] && (s.DType == Float32 || s.DType == Float64)
		any = any || want[i]
	}
	if !any {
		return nil
	}
	if _, ok := op.Kernel.(ops.Differentiable); !ok {
		why := ""
		if strings.HasPrefix(p.g.nameOf(n), "gradients/") {
			why = ": it is of a gradient itself, and there is no second derivative of this operation"
		}
		return fmt.Errorf("graph: gradients: %s lies between the loss and a variable, and %s has no gradient%s", p.g.nameOf(n), op.Name(), why)
	}
	grads, err := op.Grad(n, dout, want)
	if err != nil {
		return fmt.Errorf("graph: gradients: at %s: %w", p.g.nameOf(n), err)
	}
	for i, d := range grads {
		if want[i] && d != nil {
			p.grads[op.Inputs[i]] = append(p.grads[op.Inputs[i]], d)
		}
	}
	return nil
}

// sum adds the gradients that have come to a node.
func (p *backprop) sum(n *ops.Node) (*ops.Node, error) {
	list := p.grads[n]
	if len(list) > 1 {
		total, err := p.g.ops.Apply(ops.AddN{}, list...)
		if err != nil {
			return nil, fmt.Errorf("graph: gradients: at %s: %w", p.g.nameOf(n), err)
		}
		p.grads[n] = []*ops.Node{total}
	}
	return p.grads[n][0], nil
}

// results names the gradients after what they are of.
func (p *backprop) results(of []*Node) ([]*Node, error) {
	out := make([]*Node, len(of))
	for i, n := range of {
		if len(p.grads[n.n]) == 0 {
			continue
		}
		d, err := p.sum(n.n)
		if err != nil {
			return nil, err
		}
		if out[i], err = p.g.wrap(d, p.g.UniqueName("gradients/"+n.name+"_grad")); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (g *Graph) nameOf(n *ops.Node) string {
	if known := g.nodes[n]; known != nil {
		return known.name
	}
	if op, ok := n.Op().(*ops.Op); ok {
		return "gradients/" + strings.ToLower(op.Name())
	}
	return "a node"
}

// Upstream returns a test for whether a node is one of these or is needed to
// compute one of them.
func Upstream(of ...*Node) func(*Node) bool {
	seen := map[*ops.Node]bool{}
	var stack []*ops.Node
	for _, n := range of {
		if n != nil {
			stack = append(stack, n.n)
		}
	}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		if op, _ := n.Op().(*ops.Op); op != nil {
			stack = append(stack, op.Inputs...)
		}
	}
	return func(n *Node) bool { return n != nil && seen[n.n] }
}
