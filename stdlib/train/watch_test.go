package train

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/data"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
)

func warned(t *testing.T, h *History, texts ...string) {
	t.Helper()
	if !slices.ContainsFunc(h.Warnings, func(w string) bool {
		return !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(w, s) })
	}) {
		t.Errorf("no warning has %q: %q", texts, h.Warnings)
	}
}

func TestWarnsOfSlowDecay(t *testing.T) {
	g := graph.New()
	images := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, -1, 2, 4, 1))
	labels := ok[*graph.Node](t)(g.Placeholder("labels", graph.Int64, -1))
	h := ok[*graph.Node](t)(slim.Conv2D(g.Scope(), images, 3, []int{2, 4}, slim.Args{Padding: slim.Valid, Normalizer: slim.BatchNormalizer, NormalizerArgs: &slim.Args{Decay: 0.9997}}))
	logits := ok[*graph.Node](t)(slim.Flatten(g.Scope(), h))
	loss := ok[*graph.Node](t)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels}))
	got := ok[*History](t)(Run(Options{Session: ok[*graph.Session](t)(graph.NewSession(g)), Images: images, Labels: labels, Loss: loss, Logits: logits,
		Optimizer: Adam(0.01), Train: blobs(t, 60, 3, 1), Steps: 300, Quiet: true}))
	// 0.9997^300 is 0.914; 3/(1-0.9997) is 10000.
	warned(t, got, "after 300 steps 91 %", "decay is 0.9997, for 10000 steps", "BatchNormDecay 0.99 suits 300")
}

func TestWarnsOfLayersThatWereMovedFar(t *testing.T) {
	for rate, far := range map[float64]bool{1e-4: false, 5: true} {
		n := newLittle(t, 3, false)
		conv := ok[*graph.Variable](t)(n.g.Variable("net/conv/weights"))
		if err := n.sess.Restore(conv, ok[*graph.Tensor](t)(n.sess.Value(conv)), "some.ckpt"); err != nil {
			t.Fatal(err)
		}
		o := n.options(t)
		o.Vars, o.Optimizer = nil, Adam(rate)
		h := ok[*History](t)(Run(o))
		if far {
			warned(t, h, "1 of 1 restored layers were moved by more than their size", "net/conv/weights by")
		} else if slices.ContainsFunc(h.Warnings, func(w string) bool { return strings.Contains(w, "moved by") }) {
			t.Errorf("rate %g: %q", rate, h.Warnings)
		}
	}
}

func TestWarnsOfLabels(t *testing.T) {
	n := newLittle(t, 4, false)
	o := n.options(t)
	o.Train, o.HeldOut = shifted(t), nil
	warned(t, ok[*History](t)(Run(o)), "no example of Train has a label below 1", "shifted by 1")
	o.Train, o.Seed = blobs(t, 60, 3, 1), 99
	warned(t, ok[*History](t)(Run(o)), "the net has 4 classes, the data 3")
	other := blobs(t, 30, 3, 2)
	other.Classes = []string{"a", "c", "d"}
	o.HeldOut = data.Source(other)
	_, err := Run(o)
	wants(t, err, "class 1 of HeldOut is c, of Train b")
}

func TestWarnsOfInitialStatistics(t *testing.T) {
	n := newLittle(t, 3, false)
	warned(t, ok[*History](t)(Run(n.options(t))), "1 of 1 batch normalisations still have the statistics they began with", "net/conv/BatchNorm")
	v := ok[*graph.Variable](t)(n.g.Variable("net/conv/BatchNorm/moving_mean"))
	if err := n.sess.Assign(v, ok[*graph.Tensor](t)(graph.FromFloat32s([]float32{1, 0, 0, 0, 0, 0}, 6))); err != nil {
		t.Fatal(err)
	}
	if s := initialStatistics(n.sess, n.logits); s != "" {
		t.Error(s)
	}
}

// What was restored is passed over where the folder has a run to go on with:
// TF-Slim's --checkpoint_path, ignored without a word that people find.
func TestWarnsOfARestoreThatDirReplaces(t *testing.T) {
	dir := t.TempDir()
	o := newLittle(t, 3, false).options(t)
	o.Dir, o.Epochs = dir, 1
	ok[*History](t)(Run(o))
	n := newLittle(t, 3, false)
	conv := ok[*graph.Variable](t)(n.g.Variable("net/conv/weights"))
	if err := n.sess.Restore(conv, ok[*graph.Tensor](t)(n.sess.Value(conv)), "pretrained.ckpt"); err != nil {
		t.Fatal(err)
	}
	o = n.options(t)
	o.Dir, o.Epochs = dir, 2
	warned(t, ok[*History](t)(Run(o)), "1 variables had been restored from pretrained.ckpt", "they have the values of "+dir, "take another Dir")
}

// A plan that is never applied trains random weights in TF-Slim, in silence.
func TestWarnsOfAForgottenRestore(t *testing.T) {
	n := newLittle(t, 3, false)
	path := filepath.Join(t.TempDir(), "model")
	if _, err := ok[*Saver](t)(NewSaver(n.g)).Save(n.sess, path, 0); err != nil {
		t.Fatal(err)
	}
	fresh := ok[*graph.Session](t)(graph.NewSession(n.g))
	plan := ok[*slim.RestorePlan](t)(slim.PlanRestore(path+"-0", ok[*slim.Selection](t)(slim.VariablesToRestore(n.g))))
	options := n.options(t)
	options.Session = fresh
	warned(t, ok[*History](t)(Run(options)), path, "was to be restored and never was", "plan.Apply")
	options.Session = ok[*graph.Session](t)(graph.NewSession(n.g))
	if err := plan.Apply(options.Session); err != nil {
		t.Fatal(err)
	}
	for _, w := range ok[*History](t)(Run(options)).Warnings {
		if strings.Contains(w, "was to be restored") {
			t.Errorf("warned behind Apply: %s", w)
		}
	}
}

// A head on a trunk that nobody restored.
func TestWarnsOfARandomTrunk(t *testing.T) {
	random := func(h *History) bool {
		return slices.ContainsFunc(h.Warnings, func(w string) bool { return strings.Contains(w, "have their initial values") })
	}
	n := newLittle(t, 3, false)
	warned(t, ok[*History](t)(Run(n.options(t))), "all of the 3 variables that this run does not train (net/conv/weights is the first) have their initial values")
	n = newLittle(t, 3, false)
	conv := ok[*graph.Variable](t)(n.g.Variable("net/conv/weights"))
	if err := n.sess.Restore(conv, ok[*graph.Tensor](t)(n.sess.Value(conv)), "some.ckpt"); err != nil {
		t.Fatal(err)
	}
	if h := ok[*History](t)(Run(n.options(t))); random(h) {
		t.Errorf("warned of a trunk that was restored: %q", h.Warnings)
	}
	o := newLittle(t, 3, false).options(t)
	o.Vars = nil
	if random(ok[*History](t)(Run(o))) {
		t.Error("warned of a net that is trained from its beginning")
	}
}
