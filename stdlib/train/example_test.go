package train_test

import (
	"fmt"

	"graft/stdlib/data"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

// must ends an example with an error; cells do so by themselves.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// dots are pictures of one pixel: dark ones and bright ones.
func dots(n int) *data.Dataset {
	pixels, labels := make([]float32, n), make([]int64, n)
	for i := range pixels {
		labels[i] = int64(i % 2)
		pixels[i] = float32(2*labels[i]-1) * (1 + float32(i%5)/10)
	}
	return &data.Dataset{Images: must(graph.FromFloat32s(pixels, n, 1, 1, 1)), Labels: must(graph.FromInt64s(labels, n)), Classes: []string{"dark", "bright"}}
}

// options build a little net and say how to train it.
func options() train.Options {
	g := graph.New()
	images := must(g.Placeholder("images", graph.Float32, -1, 1, 1, 1))
	labels := must(g.Placeholder("labels", graph.Int64, -1))
	flat := must(slim.Flatten(g.Scope(), images))
	logits := must(slim.FullyConnected(g.Scope(), flat, 2, slim.Args{Scope: "logits", Activation: slim.Linear}))
	loss := must(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels}))
	return train.Options{Session: must(graph.NewSession(g)), Images: images, Labels: labels, Loss: loss, Logits: logits,
		Optimizer: train.Adam(0.1), Train: dots(20), HeldOut: dots(10), BatchSize: 10, Epochs: 30, Quiet: true}
}

func ExampleRun() {
	o := options()
	h := must(train.Run(o))
	fmt.Println(len(h.Steps), "steps")
	fmt.Printf("held out: accuracy %.0f %%\n", 100*h.Last().Accuracy)
	o.Epochs = 40 // ten more
	h = must(train.Run(o))
	fmt.Println(len(h.Steps), "steps")
	// Output:
	// 60 steps
	// held out: accuracy 100 %
	// 80 steps
}

func ExampleFineTune() {
	head := options()
	h := must(train.FineTune(head, train.Options{Optimizer: train.Adam(1e-4), Epochs: 2}))
	for _, step := range []int{60, 61} {
		fmt.Println(h.Steps[step-1].Step, h.Steps[step-1].LearningRate)
	}
	// Output:
	// 60 0.1
	// 61 0.0001
}

func ExampleEvaluate() {
	o := options()
	must(train.Run(o))
	e := must(train.Evaluate(train.EvaluateOptions{Session: o.Session, Images: o.Images, Logits: o.Logits, Source: o.HeldOut}))
	fmt.Println(must(e.Confusion()))
	// Output:
	// confusion matrix, accuracy 100.0 % of 10 pictures
	// true \ predicted  dark  bright
	// dark                 5       0
	// bright               0       5
}

func ExampleOptimizer_Schedule() {
	o := train.Adam(0.1).Schedule(train.WarmUp{Steps: 4, Then: train.ExponentialDecay{DecaySteps: 2, DecayRate: 0.5, Staircase: true}})
	for step := range 9 {
		fmt.Printf("%.4g ", o.RateAt(step))
	}
	fmt.Println()
	// Output: 0 0.025 0.05 0.075 0.1 0.1 0.05 0.05 0.025
}

// halving is a schedule of one's own.
type halving struct{ first float64 }

func (h halving) Rate(step int) float64 { return h.first / float64(int(1)<<step) }

func ExampleSchedule() {
	o := train.GradientDescent(1).Schedule(halving{8})
	fmt.Println(o.RateAt(0), o.RateAt(1), o.RateAt(2))
	// Output: 8 4 2
}

func ExampleOptimizer_Accumulate() {
	o := options()
	acc := must(train.GradientDescent(0.1).Accumulate(o.Loss, train.MinimizeOptions{}))
	for _, small := range must(dots(12).Batches(4, 1)) {
		must(o.Session.Run(graph.Feeds{o.Images: small.Images, o.Labels: small.Labels, acc.Weight: small.Len()}, acc.Add))
	}
	must(o.Session.Run(nil, acc.Apply))
	fmt.Println("one step of three small batches")
	// Output: one step of three small batches
}
