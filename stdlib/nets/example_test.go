package nets_test

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/nets"
	"graft/stdlib/slim"
)

// must takes a value without its error, as a notebook's cell does.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A small resnet of one's own: two blocks of two units.
func ExampleResnetV1() {
	g := graph.New()
	images := must(g.Placeholder("images", graph.Float32, -1, 64, 64, 3))
	blocks := []nets.ResnetBlock{nets.BottleneckBlock("block1", 16, 2, 2), nets.BottleneckBlock("block2", 32, 2, 1)}
	logits, endPoints, err := nets.ResnetV1(images, blocks, nets.Config{NumClasses: 5})
	if err != nil {
		panic(err)
	}
	fmt.Println(logits.Shape(), endPoints["resnet_v1/block2"].Shape())
	// Output: [-1 5] [-1 8 8 128]
}

// A published net with a narrower last layer.
func ExampleLookupConvDefs() {
	g := graph.New()
	images := must(g.Placeholder("images", graph.Float32, -1, 96, 96, 3))
	defs := must(nets.LookupConvDefs("V2_DEF"))
	defs.Spec[len(defs.Spec)-1].NumOutputs = 320
	_, endPoints, err := nets.MobilenetV2(images, nets.Config{ConvDefs: defs})
	if err != nil {
		panic(err)
	}
	fmt.Println(endPoints["layer_19"].Shape())
	// Output: [-1 3 3 320]
}

// A layer of one's own on top of a net, with the net's own arg scope: it is
// normalised by batch and has no biases, as the net's layers.
func ExampleArgScope() {
	g := graph.New()
	images := must(g.Placeholder("images", graph.Float32, -1, 139, 139, 3))
	_, endPoints, err := nets.InceptionV3(images, nets.Config{BaseOnly: true})
	if err != nil {
		panic(err)
	}
	s := must(nets.ArgScope(g.Scope(), "inception_v3", nets.Config{}))
	must(slim.Conv2D(s, endPoints["Mixed_7c"], 64, []int{1, 1}, slim.Args{Scope: "extra"}))
	for _, v := range must(g.Collection(graph.ModelVariables, "extra")) {
		fmt.Println(v.Name(), v.Shape())
	}
	// Output:
	// extra/weights [1 1 2048 64]
	// extra/BatchNorm/beta [64]
	// extra/BatchNorm/moving_mean [64]
	// extra/BatchNorm/moving_variance [64]
}
