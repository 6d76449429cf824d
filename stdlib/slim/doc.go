// Package slim is TF-Slim in Go: layers that make their own variables, arg
// scopes that give layers defaults, and the choice of what to restore from a
// checkpoint.
//
//	s := g.Scope()
//	s, err := slim.ArgScope(s, slim.Args{WeightsRegularizer: slim.L2(0.0005)}, slim.LayerConv2D)
//	net, err := slim.Conv2D(s, images, 64, []int{3, 3}, slim.Args{Scope: "conv1"})
//	restore, err := slim.VariablesToRestore(g, slim.Exclude("net/logits"))
//	plan, err := slim.PlanRestore("model.ckpt", restore)
//	err = plan.Apply(sess)
//
// Names are TF-Slim's in Go's spelling, meanings too, down to the names of
// variables, so that its checkpoints fit. Where TF-Slim does something other
// than what was asked for without a word, an error says so.
package slim
