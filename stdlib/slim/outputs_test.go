package slim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/graph"
)

// What TF-Slim 1.1.0 has in convert_collection_to_dict of these layers.
const outputs = `
net/AvgPool2D net/AvgPool2D/AvgPool
net/BatchNorm net/BatchNorm/FusedBatchNormV3
net/Conv net/Conv/Relu
net/Conv/BatchNorm net/Conv/BatchNorm/FusedBatchNormV3
net/Dropout net/Dropout/dropout_1/SelectV2
net/Flatten net/Flatten/flatten/Reshape
net/SeparableConv2d net/SeparableConv2d/Relu
net/first net/first/Relu
net/fully_connected net/fully_connected/BiasAdd
net/pool net/pool/MaxPool`

func TestConvertCollectionToDict(t *testing.T) {
	g := graph.New()
	x := must[*graph.Node](t)(g.Placeholder("x", graph.Float32, 2, 8, 8, 4))
	s := must[graph.Scope](t)(g.Scope().Open("net"))
	s = must[graph.Scope](t)(ArgScope(s, Args{OutputsCollections: []string{"ends"}}, LayerConv2D, LayerFullyConnected, LayerMaxPool2D,
		LayerAvgPool2D, LayerFlatten, LayerBatchNorm, LayerDropout, LayerSeparableConv2D))
	x = must[*graph.Node](t)(Conv2D(s, x, 4, []int{3, 3}, Args{Scope: "first"}))
	x = must[*graph.Node](t)(Conv2D(s, x, 4, []int{3, 3}, Args{Normalizer: BatchNormalizer}))
	x = must[*graph.Node](t)(SeparableConv2D(s, x, 4, []int{3, 3}))
	x = must[*graph.Node](t)(MaxPool2D(s, x, []int{2, 2}, Args{Scope: "pool"}))
	x = must[*graph.Node](t)(AvgPool2D(s, x, []int{2, 2}))
	x = must[*graph.Node](t)(Dropout(s, x))
	x = must[*graph.Node](t)(BatchNorm(s, x))
	x = must[*graph.Node](t)(Flatten(s, x))
	must[*graph.Node](t)(FullyConnected(s, x, 3, Args{Activation: Linear}))
	all := must[map[string]*graph.Node](t)(ConvertCollectionToDict(g, "ends"))
	var got []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		got = append(got, fmt.Sprint(name, " ", all[name].Name()))
	}
	if want := strings.Split(strings.TrimSpace(outputs), "\n"); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
