package graph

import (
	"slices"
	"sync"
	"testing"

	"graft/stdlib/internal/ops"
)

// Sessions of one graph run at the same time, each with variables of its own.
func TestSessionsOfOneGraph(t *testing.T) {
	h := newHead(t, SessionOptions{}, 50, nil)
	var want []float32
	for range 5 {
		want = h.train(exampleRows(t, 1, 2, 3))
	}
	got := make([][]float32, 4)
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			sess, err := NewSessionWith(h.sess.Graph(), SessionOptions{Threads: 1 + i%2})
			for range 5 {
				if err == nil {
					var out []*Tensor
					if out, err = sess.Run(Feeds{h.x: exampleRows(t, 1, 2, 3)}, h.step); err == nil {
						got[i] = out[0].Data().([]float32)
					}
				}
			}
			errs[i] = err
		})
	}
	all.Wait()
	for i := range got {
		if errs[i] != nil || !slices.Equal(got[i], want) {
			t.Errorf("session %d: %v, another result than alone: %v", i, errs[i], !slices.Equal(got[i], want))
		}
	}
}

// However many shapes are fed, a session keeps some plans, and the memory of
// the largest.
func TestPlansAreBounded(t *testing.T) {
	g := New()
	x := ok[*Node](t)(g.Placeholder("x", Float32, Unknown))
	y := ok[*Node](t)(ReduceSum(ok[*Node](t)(Exp(x))))
	sess := ok[*Session](t)(NewSession(g))
	for n := 1; n <= 200; n++ {
		if _, err := sess.Run(Feeds{x: make([]float32, n)}, y); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(sess.plans.list); n != maxPlans {
		t.Errorf("%d plans are kept, want %d", n, maxPlans)
	}
	if m := sess.Memory(); m.Results > 4*(208+16) {
		t.Errorf("%d bytes of results", m.Results)
	}
}

// A gradient of a gradient is one where the operations have it, and an error
// with the operation's name where they have none.
func TestSecondDerivatives(t *testing.T) {
	g := New()
	v := variable(t, g.Scope(), "v", 3)
	cube := ok[*Node](t)(Mul(v.Node(), ok[*Node](t)(Mul(v.Node(), v.Node()))))
	first := ok[[]*Node](t)(Gradients(cube, v))[0]
	second := ok[[]*Node](t)(Gradients(first, v))[0]
	if got := ok[float64](t)(ok[*Session](t)(NewSession(g)).Float(nil, second)); got != 18 {
		t.Errorf("the second derivative of v³ at 3 is %g, want 18", got)
	}
	img := ok[*Variable](t)(g.Scope().GetVariable("img", VariableOptions{Shape: []int{1, 2, 2, 1}}))
	pool := ok[*Node](t)(g.Scope().Apply("pool", ops.MaxPool{KSize: [2]int{2, 2}}, img.Node()))
	loss := ok[*Node](t)(ReduceSum(ok[*Node](t)(Mul(pool, pool))))
	grad := ok[*Node](t)(ReduceSum(ok[[]*Node](t)(Gradients(loss, img))[0]))
	_, err := Gradients(grad, img)
	want(t, err, "MaxPoolGrad has no gradient", "second derivative")
}
