package nets

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"graft/stdlib/data"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/preprocessing"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

// The benchmarks' names are BenchmarkForward/<net>/b<batch>/t<threads>; inputs
// are zeros and weights random, which takes the same time as others. ns-best is
// the fastest run. Compare with peers in the same minutes, as .ci/peers.py
// does, not with numbers of another day. With GRAFT_PROFILE set they print
// where the time goes, and report the operations of a run, MFLOP.

// bench is a net ready to run on a batch.
type bench struct {
	sess   *graph.Session
	feeds  graph.Feeds
	images *graph.Node
	logits *graph.Node
	labels *graph.Node
}

func newBench(b *testing.B, net string, batch, threads int, training bool) *bench {
	b.Helper()
	known, err := Lookup(net)
	if err != nil {
		b.Fatal(err)
	}
	return newBenchOf(b, net, known.NumClasses, batch, threads, training)
}

// newBenchOf is newBench with another number of classes than the net was
// published with.
func newBenchOf(b *testing.B, net string, classes, batch, threads int, training bool) *bench {
	b.Helper()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	known, err := Lookup(net)
	must(err)
	g := graph.New()
	channels := 3
	if net == "lenet" {
		channels = 1
	}
	size := known.ImageSize
	images, err := g.Placeholder("images", graph.Float32, graph.Unknown, size, size, channels)
	must(err)
	labels, err := g.Placeholder("labels", graph.Int64, graph.Unknown)
	must(err)
	x := &bench{images: images, labels: labels}
	x.logits, _, err = Build(net, images, Config{NumClasses: classes, IsTraining: training})
	must(err)
	x.sess, err = graph.NewSessionWith(g, graph.SessionOptions{Threads: threads})
	must(err)
	batchOf, err := graph.FromFloat32s(make([]float32, batch*size*size*channels), batch, size, size, channels)
	must(err)
	zeros, err := graph.FromInt64s(make([]int64, batch), batch)
	must(err)
	x.feeds = graph.Feeds{images: batchOf, labels: zeros}
	return x
}

// run runs once to make the plan and pack the weights, then b.N times, and
// returns the shortest time.
func (x *bench) run(b *testing.B, fetch graph.Fetch) (best time.Duration) {
	b.Helper()
	best = time.Hour
	for i := -1; i < b.N; i++ {
		if i == 0 {
			b.ResetTimer()
		}
		start := time.Now()
		if _, err := x.sess.Run(x.feeds, fetch); err != nil {
			b.Fatal(err)
		}
		if i >= 0 {
			best = min(best, time.Since(start))
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(best.Nanoseconds()), "ns-best")
	m := x.sess.Memory()
	b.ReportMetric(float64(m.Variables)/1e6, "MB-variables")
	b.ReportMetric(float64(m.Packed+m.Results+m.Scratch)/1e6, "MB-beyond")
	if os.Getenv("GRAFT_PROFILE") != "" {
		p, err := x.sess.Profile(x.feeds, fetch)
		if err != nil {
			b.Fatal(err)
		}
		flops := 0.0
		for _, o := range p.Ops {
			flops += o.GFLOPS * 1e9 * o.Time.Seconds()
		}
		b.ReportMetric(flops/1e6, "MFLOP")
		fmt.Fprintln(os.Stderr, p) // the log of a benchmark is cut after ten lines
	}
	return best
}

// name feeds the pictures as examples that are known by name.
func (x *bench) name(batch int) {
	pictures := x.feeds[x.images].(*graph.Tensor)
	keys := make([]uint64, batch)
	for i := range keys {
		keys[i] = uint64(i)
	}
	x.feeds[x.images] = &graph.Examples{Source: x, Keys: keys, Make: func([]int) (*graph.Tensor, error) { return pictures, nil }}
}

// forward are the nets of the README's table.
var forward = []string{"vgg_16", "resnet_v1_50", "inception_v3", "mobilenet_v2", "lenet"}

func BenchmarkForward(b *testing.B) {
	for _, net := range forward {
		for _, batch := range []int{1, 8} {
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/b%d/t%d", net, batch, threads), func(b *testing.B) {
					x := newBench(b, net, batch, threads, false)
					delete(x.feeds, x.labels)
					x.run(b, x.logits)
				})
			}
		}
	}
}

// BenchmarkScaling shows how the time of a forward run grows: ns-picture must
// not grow with the batch, and ns-pixel not with the size of the pictures.
func BenchmarkScaling(b *testing.B) {
	for _, net := range []string{"mobilenet_v1", "resnet_v1_50"} {
		for _, c := range []struct{ batch, size int }{{1, 224}, {2, 224}, {4, 224}, {8, 224}, {16, 224}, {32, 224}, {1, 64}, {1, 128}, {1, 256}, {1, 512}} {
			b.Run(fmt.Sprintf("%s/b%d/size%d", net, c.batch, c.size), func(b *testing.B) {
				g := graph.New()
				images, err := g.Placeholder("images", graph.Float32, graph.Unknown, c.size, c.size, 3)
				if err != nil {
					b.Fatal(err)
				}
				x := &bench{images: images}
				if x.logits, _, err = Build(net, images, Config{NumClasses: 1001, GlobalPool: slim.True}); err != nil {
					b.Fatal(err)
				}
				if x.sess, err = graph.NewSessionWith(g, graph.SessionOptions{Threads: 1}); err != nil {
					b.Fatal(err)
				}
				pictures, err := graph.FromFloat32s(make([]float32, c.batch*c.size*c.size*3), c.batch, c.size, c.size, 3)
				if err != nil {
					b.Fatal(err)
				}
				x.feeds = graph.Feeds{images: pictures}
				best := x.run(b, x.logits)
				b.ReportMetric(float64(best.Nanoseconds())/float64(c.batch), "ns-picture")
				b.ReportMetric(float64(best.Nanoseconds())/float64(c.batch*c.size*c.size), "ns-pixel")
			})
		}
	}
}

func BenchmarkTrainStep(b *testing.B) {
	for _, c := range []struct {
		net   string
		batch int
		o     *train.Optimizer
	}{
		{"lenet", 32, train.Adam(1e-3)}, {"mobilenet_v2", 8, train.Momentum(1e-3, 0.9)},
		{"resnet_v1_50", 8, train.Momentum(1e-3, 0.9)}, {"inception_v3", 8, train.Momentum(1e-3, 0.9)},
	} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/b%d/t%d", c.net, c.batch, threads), func(b *testing.B) {
				x := newBench(b, c.net, c.batch, threads, true)
				loss, err := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: x.logits, Labels: x.labels})
				if err != nil {
					b.Fatal(err)
				}
				step, err := c.o.Minimize(loss)
				if err != nil {
					b.Fatal(err)
				}
				x.run(b, step)
			})
		}
	}
}

// BenchmarkTrainHead trains VGG-16's last layer, on 200 classes: the first pass over the
// examples computes their features, later ones find them, of examples that are
// known by name or, where they are plain tensors, by their bytes.
func BenchmarkTrainHead(b *testing.B) {
	for _, c := range []struct {
		name  string
		bytes int64
		named bool
	}{{"first", -1, false}, {"later", 0, true}, {"laterByBytes", 0, false}} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("vgg_16/b8/t%d/%s", threads, c.name), func(b *testing.B) {
				x := newBenchOf(b, "vgg_16", 200, 8, threads, false)
				var err error
				if x.sess, err = graph.NewSessionWith(x.sess.Graph(), graph.SessionOptions{Threads: threads, FeatureBytes: c.bytes}); err != nil {
					b.Fatal(err)
				}
				loss, err := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: x.logits, Labels: x.labels})
				if err != nil {
					b.Fatal(err)
				}
				if c.named {
					x.name(8)
				}
				head, err := x.sess.Graph().Collection(graph.TrainableVariables, "vgg_16/fc8")
				if err != nil {
					b.Fatal(err)
				}
				step, err := train.Adam(1e-3).Minimize(loss, head...)
				if err != nil {
					b.Fatal(err)
				}
				x.run(b, step)
			})
		}
	}
}

// BenchmarkInput shows whether pictures or the net bound the extraction of
// features from JPEG files, in turn in one process: input is decoding and
// preparing alone, engine the net alone, extract both at a time; ns a picture.
func BenchmarkInput(b *testing.B) {
	dir := filepath.Join(filepath.Dir(os.Getenv("GRAFT_REF")), "../shared/assets/flowers/train")
	if os.Getenv("GRAFT_REF") == "" {
		dir = "../../../shared/assets/flowers/train"
	}
	photos, err := data.Folder(dir)
	if err != nil {
		b.Skip(err)
	}
	const size, batch = 160, 30
	p, err := preprocessing.Get("inception", preprocessing.Options{Height: size, Width: size})
	if err != nil {
		b.Fatal(err)
	}
	g := graph.New()
	images, err := g.Placeholder("images", graph.Float32, graph.Unknown, size, size, 3)
	if err != nil {
		b.Fatal(err)
	}
	features, _, err := Build("mobilenet_v1", images, Config{NumClasses: 0, DepthMultiplier: 0.25})
	if err != nil {
		b.Fatal(err)
	}
	sess, err := graph.NewSession(g)
	if err != nil {
		b.Fatal(err)
	}
	zeros, err := graph.FromFloat32s(make([]float32, batch*size*size*3), batch, size, size, 3)
	if err != nil {
		b.Fatal(err)
	}
	once := func(input, engine bool) time.Duration {
		start := time.Now()
		e, err := photos.With(p).Epoch(data.EpochOptions{BatchSize: batch})
		if err != nil {
			b.Fatal(err)
		}
		defer e.Close()
		for range photos.Len() / batch {
			x := zeros
			if input {
				next, err := e.Next()
				if err != nil {
					b.Fatal(err)
				}
				x = next.Images
			}
			if engine {
				if _, err := sess.Run(graph.Feeds{images: x}, features); err != nil {
					b.Fatal(err)
				}
			}
		}
		return time.Since(start) / time.Duration(photos.Len())
	}
	best := [3]time.Duration{time.Hour, time.Hour, time.Hour}
	for b.Loop() {
		for i := range best {
			best[i] = min(best[i], once(i != 1, i != 0))
		}
	}
	for i, name := range []string{"ns-input", "ns-engine", "ns-extract"} {
		b.ReportMetric(float64(best[i].Nanoseconds()), name)
	}
}
