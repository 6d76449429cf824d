package repl

import (
	"context"
	"fmt"
	"testing"
	"time"

	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

// trainingCell makes a softmax of 64 features of 5 classes, as a user would.
const trainingCell = `g := graph.New()
x := g.Placeholder("x", graph.Float32, -1, 64)
y := g.Placeholder("y", graph.Int64, -1)
logits := slim.FullyConnected(g.Scope(), x, 5, slim.Args{Activation: slim.Linear})
loss := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: y})
step := train.Adam(1e-3).Minimize(loss)
sess := graph.NewSession(g)
pixels := graph.FromFloat32s(make([]float32, 32*64), 32, 64)
classes := graph.FromInt64s(make([]int64, 32), 32)`

// compiledTraining is the same in a compiled program.
func compiledTraining(b *testing.B) func(steps int) {
	b.Helper()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	g := graph.New()
	x, err := g.Placeholder("x", graph.Float32, -1, 64)
	must(err)
	y, err := g.Placeholder("y", graph.Int64, -1)
	must(err)
	logits, err := slim.FullyConnected(g.Scope(), x, 5, slim.Args{Activation: slim.Linear})
	must(err)
	loss, err := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: y})
	must(err)
	step, err := train.Adam(1e-3).Minimize(loss)
	must(err)
	sess, err := graph.NewSession(g)
	must(err)
	pixels, err := graph.FromFloat32s(make([]float32, 32*64), 32, 64)
	must(err)
	classes, err := graph.FromInt64s(make([]int64, 32), 32)
	must(err)
	return func(steps int) {
		for range steps {
			out, err := sess.Run(graph.Feeds{x: pixels, y: classes}, loss, step)
			must(err)
			_, err = graph.Item(out[0])
			must(err)
		}
	}
}

// BenchmarkTrainingCell is what a training loop written by hand in a cell costs
// beyond the same loop compiled, a step, in turn in one process.
func BenchmarkTrainingCell(b *testing.B) {
	const steps = 2000
	compiled := compiledTraining(b)
	s := newTestSession(b)
	if res := s.Execute(context.Background(), Cell{Source: trainingCell}, &record{}); res.Err != nil {
		b.Fatal(res.Err)
	}
	cell := fmt.Sprintf(`for i := 0; i < %d; i++ {
	out := sess.Run(graph.Feeds{x: pixels, y: classes}, loss, step)
	last := graph.Item(out[0])
	_ = last
}`, steps)
	best := [2]time.Duration{time.Hour, time.Hour}
	for b.Loop() {
		start := time.Now()
		compiled(steps)
		best[0] = min(best[0], time.Since(start))
		start = time.Now()
		if res := s.Execute(context.Background(), Cell{Source: cell}, &record{}); res.Err != nil {
			b.Fatal(res.Err)
		}
		best[1] = min(best[1], time.Since(start))
	}
	b.ReportMetric(float64(best[0].Nanoseconds())/steps, "ns-compiled")
	b.ReportMetric(float64(best[1].Nanoseconds())/steps, "ns-cell")
	b.ReportMetric(float64((best[1]-best[0]).Nanoseconds())/steps, "ns-beyond")
}
