package nets

import (
	"testing"

	"graft/stdlib/graph"
)

// VGG-16's forward pass over eight pictures takes less than 300 MB beyond its
// weights and their packed forms.
func TestForwardMemory(t *testing.T) {
	g := graph.New()
	images, err := g.Placeholder("images", graph.Float32, graph.Unknown, 224, 224, 3)
	if err != nil {
		t.Fatal(err)
	}
	logits, _, err := Build("vgg_16", images, Config{NumClasses: 10})
	if err != nil {
		t.Fatal(err)
	}
	sess, err := graph.NewSession(g)
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := graph.FromFloat32s(make([]float32, 8*224*224*3), 8, 224, 224, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sess.Run(graph.Feeds{images: pictures}, logits); err != nil {
		t.Fatal(err)
	}
	if m := sess.Memory(); m.Results+m.Scratch > 300e6 || m.Variables < 500e6 || m.Packed == 0 {
		t.Errorf("\n%s", m)
	}
}
