package graph

import (
	"errors"
	"math"
	"slices"
	"testing"

	"graft/stdlib/internal/ops"
)

// The first node that is not finite is named, with its numbers, and a step
// that would spread it changes nothing.
func TestNumerics(t *testing.T) {
	g := New()
	x := ok[*Node](t)(g.Placeholder("x", Float32, Unknown))
	w := variable(t, g.Scope(), "w", 1)
	log := ok[*Node](t)(Log(ok[*Node](t)(Mul(x, w.Node()))))
	loss := ok[*Node](t)(ReduceMean(ok[*Node](t)(Square(log))))
	grad := ok[[]*Node](t)(Gradients(loss, w))[0]
	step := ok[*Node](t)(g.Scope().Apply("step", ops.AssignAdd{}, w.Node(), grad))
	sess := ok[*Session](t)(NewSession(g))
	checking := ok[*Session](t)(NewSessionWith(g, SessionOptions{CheckNumerics: true}))

	if err := sess.CheckNumerics(Feeds{x: []float64{1, 2}}, step); err != nil || sess.Version(w) != 0 {
		t.Errorf("finite: %v, version %d", err, sess.Version(w))
	}
	bad := Feeds{x: []float64{1, 0, -1, -2}}
	for name, err := range map[string]error{"check": sess.CheckNumerics(bad, step), "run": second(checking.Run(bad, step))} {
		want(t, err, "Log is the first with 2 NaN and 1 infinite elements of float32[4]", "made them of finite inputs")
		var n *NotFiniteError
		if !errors.As(err, &n) || n.Node != "Log" || n.NaN != 2 || n.Inf != 1 || !slices.Equal(n.Shape, []int{4}) {
			t.Errorf("%s: %#v", name, n)
		}
	}
	if got := ok[*Tensor](t)(checking.Value(w)).Data(); got.(float32) != 1 {
		t.Errorf("the variable is %v", got)
	}
	want(t, sess.CheckNumerics(Feeds{x: []float64{1, math.NaN()}}, loss), "x has 1 NaN elements of float32[2]")
	if _, err := sess.Run(bad, step); err != nil { // TensorFlow lets NaN pass
		t.Error(err)
	}
	want(t, sess.CheckNumerics(Feeds{x: []float64{1}}, loss), "w has 1 NaN")
	want(t, sess.CheckNumerics(nil, loss), "check numerics", "placeholder x")
}

func second[A, B any](_ A, b B) B { return b }
