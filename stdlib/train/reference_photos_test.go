package train

import (
	"os"
	"path/filepath"
	"testing"

	"graft/stdlib/data"
	"graft/stdlib/preprocessing"
)

// photos are the flowers of a folder in the reference's order: class by class
// in turn, each by the names of its files.
func (x *transfer) photos(t *testing.T, part string) data.Source {
	t.Helper()
	for _, root := range []string{os.Getenv("GRAFT_SHARED"), filepath.Dir(refDir(t)), "../../../shared"} {
		dir := filepath.Join(root, "assets/flowers", part)
		if _, err := os.Stat(dir); root == "" || err != nil {
			continue
		}
		all := ok[*data.Pictures](t)(data.Folder(dir))
		byClass := make([][]int, len(all.ClassNames()))
		for i, l := range all.LabelInts() {
			byClass[l] = append(byClass[l], i)
		}
		var order []int
		for i := range byClass[0] {
			for c := range byClass {
				order = append(order, byClass[c][i])
			}
		}
		p := ok[*preprocessing.Preprocessing](t)(preprocessing.Get("inception", preprocessing.Options{Height: x.Net.Size, Width: x.Net.Size}))
		return ok[*data.Pictures](t)(all.Take(order...)).With(p)
	}
	t.Skip("there are no flowers; set GRAFT_SHARED")
	return nil
}

// TestReferenceTransferPhotos does both stages from the JPEG files, whose pixels
// are TensorFlow's.
func TestReferenceTransferPhotos(t *testing.T) {
	x := readTransfer(t)
	lessons, exam := x.photos(t, "train"), x.photos(t, "val")
	n := x.net(t, false)
	x.restoreTrunk(t, n)
	r, want := x.Stage1.Recipe, x.Stage1.Full
	h := ok[*History](t)(Run(Options{Session: n.sess, Images: n.images, Labels: n.labels, Loss: n.loss, Logits: n.logits, Vars: n.head,
		Optimizer: AdamWith(AdamOptions{LearningRate: r.Rate, Beta1: r.Beta1, Beta2: r.Beta2, Epsilon: r.Epsilon}),
		Train:     lessons, HeldOut: exam, BatchSize: x.Seconds.Batch, Steps: len(want.Loss), EvaluateEvery: len(want.Loss), InOrder: true, Quiet: true}))
	nearLosses(t, "loss of the head", 1e-3, lossesOf(h), want.Loss)
	if h.Last().Accuracy != want.ValAccuracy {
		t.Errorf("validation accuracy %.4f, want %.4f", h.Last().Accuracy, want.ValAccuracy)
	}
	x.fineTune(t, lessons, x.Stage2.Photos, 1e-3)
}
