package train

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"graft/stdlib/graph"
	"graft/stdlib/host"
	"graft/stdlib/losses"
	"graft/stdlib/nets"
)

// countdown is a context that is cancelled when it has been asked so many
// times: at the same point of the work on any machine.
type countdown struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
}

func newCountdown(n int64) *countdown {
	c := &countdown{}
	c.Context, c.cancel = context.WithCancel(context.Background())
	c.left.Store(n)
	return c
}

func (c *countdown) Err() error {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.Context.Err()
}

// A run that is stopped anywhere within its steps goes on as if it had not
// been: a step that was begun leaves nothing.
func TestStoppedWithinSteps(t *testing.T) {
	for name, small := range map[string]int{"whole batches": 0, "small batches": 5} {
		t.Run(name, func(t *testing.T) {
			options := func(n *little) Options {
				o := n.options(t)
				o.Vars, o.SmallBatch, o.Epochs, o.HeldOut = nil, small, 2, nil
				return o
			}
			count := newCountdown(1 << 40)
			remove := host.Install(stopping{count})
			whole := newLittle(t, 3, true)
			want := everything(t, whole, ok[*History](t)(Run(options(whole))))
			remove()
			asked := 1<<40 - count.left.Load()
			stopped := 0
			for i := range int64(40) {
				n := newLittle(t, 3, true)
				remove := host.Install(stopping{newCountdown(1 + asked*i/40)})
				_, err := Run(options(n))
				remove()
				if errors.Is(err, context.Canceled) {
					stopped++
				} else if err != nil {
					t.Fatal(err)
				}
				if got := everything(t, n, ok[*History](t)(Run(options(n)))); got != want {
					t.Fatalf("stopped after being asked %d of %d times:\n%s", 1+asked*i/40, asked, firstDifference(got, want))
				}
			}
			if stopped < 30 {
				t.Errorf("%d of 40 runs were stopped", stopped)
			}
		})
	}
}

// BenchmarkInterrupt is how long a training step of VGG-16 with 8 pictures goes
// on after it was interrupted: at another point of the step each time.
func BenchmarkInterrupt(b *testing.B) {
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	g := graph.New()
	images, err := g.Placeholder("images", graph.Float32, 8, 224, 224, 3)
	must(err)
	labels, err := g.Placeholder("labels", graph.Int64, 8)
	must(err)
	logits, _, err := nets.Build("vgg_16", images, nets.Config{NumClasses: 5, IsTraining: true})
	must(err)
	loss, err := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels})
	must(err)
	step, err := Momentum(1e-3, 0.9).Minimize(loss)
	must(err)
	sess, err := graph.NewSessionWith(g, graph.SessionOptions{Threads: 2})
	must(err)
	pictures, err := graph.FromFloat32s(make([]float32, 8*224*224*3), 8, 224, 224, 3)
	must(err)
	zeros, err := graph.FromInt64s(make([]int64, 8), 8)
	must(err)
	feeds := graph.Feeds{images: pictures, labels: zeros}
	var whole time.Duration
	for range 2 {
		start := time.Now()
		_, err = sess.Run(feeds, step)
		must(err)
		whole = time.Since(start)
	}
	const points = 60
	worst, sum, stopped := time.Duration(0), time.Duration(0), 0
	for i := range points {
		ctx, cancel := context.WithCancel(context.Background())
		remove := host.Install(stopping{ctx})
		at := make(chan time.Time, 1)
		timer := time.AfterFunc(whole*time.Duration(i)/points, func() {
			at <- time.Now()
			cancel()
		})
		_, err := sess.Run(feeds, step)
		end := time.Now()
		remove()
		if !timer.Stop() && err != nil {
			late := end.Sub(<-at)
			worst, sum, stopped = max(worst, late), sum+late, stopped+1
		}
	}
	b.ReportMetric(float64(worst.Microseconds())/1e3, "ms-worst")
	b.ReportMetric(float64(sum.Microseconds())/1e3/float64(max(1, stopped)), "ms-mean")
	b.ReportMetric(float64(stopped), "stopped")
	b.ReportMetric(float64(whole.Milliseconds()), "ms-step")
}
