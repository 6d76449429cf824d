package ops

// gradient collects what Differentiable.Grad returns. After the first error
// it adds no more nodes.
type gradient struct {
	b    *Builder
	want []bool
	out  []*Node
	err  error
}

func gradients(b *Builder, want []bool) *gradient {
	return &gradient{b: b, want: want, out: make([]*Node, len(want))}
}

// op adds a node.
func (g *gradient) op(k Kernel, in ...*Node) *Node {
	if g.err != nil {
		return nil
	}
	n, err := g.b.Apply(k, in...)
	g.err = err
	return n
}

// to sets the gradient of input i, if it is wanted.
func (g *gradient) to(i int, f func() *Node) {
	if i < len(g.want) && g.want[i] && g.err == nil {
		g.out[i] = f()
	}
}

func (g *gradient) done() ([]*Node, error) {
	if g.err != nil {
		return nil, g.err
	}
	return g.out, nil
}
