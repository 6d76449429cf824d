package slim_test

import (
	"fmt"
	"log"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// A convolution makes its own variables.
func ExampleConv2D() {
	g := graph.New()
	images, err := g.Placeholder("images", graph.Float32, graph.Unknown, 28, 28, 1)
	if err != nil {
		log.Fatal(err)
	}
	net, err := slim.Conv2D(g.Scope(), images, 32, []int{5, 5}, slim.Args{Scope: "conv1", WeightsRegularizer: slim.L2(0.0005)})
	if err != nil {
		log.Fatal(err)
	}
	vars, err := slim.GetModelVariables(g, "", "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(net)
	for _, v := range vars {
		fmt.Println(v)
	}
	// Output:
	// conv1/Relu: Relu float32[-1,28,28,32]
	// <Variable "conv1/weights" float32[5,5,1,32]>
	// <Variable "conv1/biases" float32[32]>
}

// Inside the arg scope convolutions are normalised in place of biases; the
// scope is a value, so that what is built with the outer one is not.
func ExampleArgScope() {
	g := graph.New()
	images, err := g.Placeholder("images", graph.Float32, graph.Unknown, 28, 28, 1)
	if err != nil {
		log.Fatal(err)
	}
	outer := g.Scope()
	inner, err := slim.ArgScope(outer, slim.Args{Normalizer: slim.BatchNormalizer}, slim.LayerConv2D)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range []graph.Scope{inner, outer} {
		if _, err := slim.Conv2D(s, images, 8, []int{3, 3}); err != nil {
			log.Fatal(err)
		}
	}
	vars, err := slim.GetVariables(g, "", "")
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range vars {
		fmt.Println(v.Name())
	}
	_, err = slim.ArgScope(outer, slim.Args{KeepProb: 0.5}, slim.LayerFlatten)
	fmt.Println(err)
	// Output:
	// Conv/weights
	// Conv/BatchNorm/beta
	// Conv/BatchNorm/moving_mean
	// Conv/BatchNorm/moving_variance
	// Conv_1/weights
	// Conv_1/biases
	// slim: flatten got an unexpected argument KeepProb; it has Scope, OutputsCollections
}

// Repeat names its layers as VGG's checkpoints do.
func ExampleRepeat() {
	g := graph.New()
	images, err := g.Placeholder("images", graph.Float32, graph.Unknown, 224, 224, 3)
	if err != nil {
		log.Fatal(err)
	}
	conv := func(s graph.Scope, x *graph.Node, a slim.Args) (*graph.Node, error) {
		return slim.Conv2D(s, x, 64, []int{3, 3}, a)
	}
	net, err := slim.Repeat(g.Scope(), images, 2, slim.LayerConv2D, conv, slim.Args{Scope: "conv1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(net)
	// Output:
	// conv1/conv1_2/Relu: Relu float32[-1,224,224,64]
}

// A pattern must match from the start of the name. One that matches nothing
// is an error that says what was probably meant.
func ExampleVariablesToRestore() {
	g := graph.New()
	for _, name := range []string{"vgg_16/fc7/weights", "vgg_16/fc8/weights", "vgg_16/fc8/biases"} {
		if _, err := slim.ModelVariable(g.Scope(), name, graph.VariableOptions{Shape: []int{2}}); err != nil {
			log.Fatal(err)
		}
	}
	_, err := slim.VariablesToRestore(g, slim.Exclude("fc8"))
	fmt.Println(err)
	restore, err := slim.VariablesToRestore(g, slim.Exclude("vgg_16/fc8"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(restore)
	// Output:
	// graph: pattern "fc8" matches none of the 3 variables in "variables to restore" (it must match from the start of the name); did you mean "vgg_16/fc8" (matches 2)?
	// 1 variables to restore, 2 left out (exclude "vgg_16/fc8" matched 2)
}

// Values are reshaped and converted to the variable's own.
func ExampleAssignFromValues() {
	g := graph.New()
	w, err := slim.ModelVariable(g.Scope(), "fc/weights", graph.VariableOptions{Shape: []int{2, 2}})
	if err != nil {
		log.Fatal(err)
	}
	value, err := graph.FromInt64s([]int64{1, 2, 3, 4}, 4)
	if err != nil {
		log.Fatal(err)
	}
	assign, err := slim.AssignFromValues(g, map[string]*graph.Tensor{"fc/weights": value})
	if err != nil {
		log.Fatal(err)
	}
	sess, err := graph.NewSession(g)
	if err != nil {
		log.Fatal(err)
	}
	if err := assign.Run(sess); err != nil {
		log.Fatal(err)
	}
	now, err := sess.Value(w)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(assign, now.Data())
	// Output:
	// 1 variables to assign [1 2 3 4]
}
