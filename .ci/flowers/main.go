// Flowers trains the head of a MobileNet on five flowers, from pictures on
// disk, and prints one line of JSON: the seconds it took, decoding included,
// and the accuracy on the pictures it has not seen.
//
//	go run ./.ci/flowers -data ../shared/assets/flowers -checkpoint ../shared/checkpoints/imagenet/mobilenet_v1_0.25_128/mobilenet_v1_0.25_128.ckpt
//
// flowers.py beside it does the same with TensorFlow, and compares.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"graft/stdlib/data"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/nets"
	"graft/stdlib/preprocessing"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

const (
	size = 128
	head = "MobilenetV1/Logits"
)

func main() {
	folder := flag.String("data", "", "a `folder` with train/ and val/, each with a folder for each class")
	checkpoint := flag.String("checkpoint", "", "of MobileNet V1 0.25, 128×128; none: a random trunk")
	seed := flag.Uint64("seed", 1, "of the order of the pictures")
	threads := flag.Int("threads", 2, "processors to use")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)
	start := time.Now()
	h, err := flowers(*folder, *checkpoint, *seed)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(map[string]any{"seconds": time.Since(start).Seconds(), "accuracy": h.Last().Accuracy,
			"loss": h.Steps[len(h.Steps)-1].Loss, "notes": h.Notes, "warnings": h.Warnings})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// pictures are the two halves, prepared as TF-Slim does for evaluation.
func pictures(folder string) (lessons, exam data.Source, err error) {
	p, err := preprocessing.Get("inception", preprocessing.Options{Height: size, Width: size})
	if err != nil {
		return nil, nil, err
	}
	a, err := data.Folder(filepath.Join(folder, "train"))
	if err != nil {
		return nil, nil, err
	}
	b, err := data.Folder(filepath.Join(folder, "val"))
	if err != nil {
		return nil, nil, err
	}
	return a.With(p), b.With(p), nil
}

func flowers(folder, checkpoint string, seed uint64) (*train.History, error) {
	lessons, exam, err := pictures(folder)
	if err != nil {
		return nil, err
	}
	g := graph.New()
	images, err := g.Placeholder("images", graph.Float32, -1, size, size, 3)
	if err != nil {
		return nil, err
	}
	labels, err := g.Placeholder("labels", graph.Int64, -1)
	if err != nil {
		return nil, err
	}
	logits, _, err := nets.MobilenetV1(images, nets.Config{NumClasses: len(lessons.ClassNames()), DepthMultiplier: 0.25})
	if err != nil {
		return nil, err
	}
	loss, err := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels})
	if err != nil {
		return nil, err
	}
	sess, err := graph.NewSession(g)
	if err != nil {
		return nil, err
	}
	if err := restore(sess, checkpoint); err != nil {
		return nil, err
	}
	vars, err := g.Collection(graph.TrainableVariables, head)
	if err != nil {
		return nil, err
	}
	if err := zero(sess, vars); err != nil {
		return nil, err
	}
	return train.Run(train.Options{Session: sess, Images: images, Labels: labels, Loss: loss, Logits: logits, Vars: vars, Optimizer: train.Adam(1e-3),
		Train: lessons, HeldOut: exam, BatchSize: 30, Steps: 300, EvaluateEvery: 300, Seed: seed, Quiet: true})
}

// restore restores all but the head.
func restore(sess *graph.Session, checkpoint string) error {
	if checkpoint == "" {
		return nil
	}
	sel, err := slim.VariablesToRestore(sess.Graph(), slim.Exclude(head))
	if err != nil {
		return err
	}
	plan, err := slim.PlanRestore(checkpoint, sel)
	if err != nil {
		return err
	}
	return plan.Apply(sess)
}

// zero begins with a head that takes every class for equally likely.
func zero(sess *graph.Session, vars []*graph.Variable) error {
	for _, v := range vars {
		n := 1
		for _, d := range v.Shape() {
			n *= d
		}
		t, err := graph.FromFloat32s(make([]float32, n), v.Shape()...)
		if err != nil {
			return err
		}
		if err := sess.Assign(v, t); err != nil {
			return err
		}
	}
	return nil
}
