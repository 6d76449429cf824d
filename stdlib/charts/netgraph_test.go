package charts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"graft/stdlib/charts"
	"graft/stdlib/graph"
	"graft/stdlib/nets"
)

// drawn is a net of the zoo as a picture, and its variables' size.
func drawn(t *testing.T, name string, size, channels, depth int) (n *charts.NetGraph, parameters int) {
	t.Helper()
	g := graph.New()
	x, err := g.Placeholder("images", graph.Float32, -1, size, size, channels)
	if err != nil {
		t.Fatal(err)
	}
	logits, _, err := nets.Build(name, x, nets.Config{NumClasses: 10})
	if err != nil {
		t.Fatal(err)
	}
	n, err1 := charts.Net(logits, charts.NetOptions{Depth: depth})
	vars, err2 := g.Collection(graph.ModelVariables, "")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for _, v := range vars {
		if !strings.Contains(v.Name(), "AuxLogits") { // it is no way to the logits
			parameters += v.Size()
		}
	}
	return n, parameters
}

func TestNetGraphOfLeNet(t *testing.T) {
	n, _ := drawn(t, "lenet", 28, 1, 1)
	for _, want := range []string{"LeNet: ", "conv1  [-1 28 28 32], 832 parameters  ← images", "fc4  [-1 10], 10,250 parameters  ← dropout3"} {
		if !strings.Contains(n.String(), want) {
			t.Errorf("%v\nlacks %q", n, want)
		}
	}
}

// All parameters of a net are in its boxes, and each net can be drawn.
func TestNetGraphs(t *testing.T) {
	for name, depth := range map[string]int{"inception_v3": 2, "resnet_v1_50": 1, "mobilenet_v2": 1, "vgg_16": 1} {
		n, parameters := drawn(t, name, 224, 3, depth)
		var boxes, digits int
		head, _, _ := strings.Cut(n.String(), "\n")
		_, head, _ = strings.Cut(strings.ReplaceAll(head, ",", ""), ": ")
		if _, err := fmt.Sscanf(head, "%d boxes %d parameters", &boxes, &digits); err != nil || digits != parameters || boxes < 5 {
			t.Errorf("%s: %q (%v), the net has %d parameters", name, head, err, parameters)
		}
		if m := n.MIME(); m["image/png"] == "" {
			t.Errorf("%s: %s", name, m["text/plain"])
		}
	}
}
