// Package slim is TF-Slim in Go: layers that make their own variables, arg
// scopes that give layers defaults, and the choice of what to restore from a
// checkpoint. Names are TF-Slim's in Go's spelling, meanings too, down to the
// names of variables and operations, so that its checkpoints fit.
//
// # Layers
//
// A layer takes a scope, its input, what it cannot do without, and Args:
//
//	s := g.Scope()
//	net, err := slim.Conv2D(s, images, 64, []int{3, 3}, slim.Args{Scope: "conv1"})
//	net, err = slim.MaxPool2D(s, net, []int{2, 2})
//	net, err = slim.Flatten(s, net)
//	logits, err := slim.FullyConnected(s, net, 10, slim.Args{Activation: slim.Linear, Scope: "logits"})
//
// Its variables are model variables: conv1/weights and conv1/biases here. They
// are in the graph's collections GlobalVariables, ModelVariables and
// TrainableVariables; penalties on them are in RegularizationLosses, and the
// updates of batch normalisation in UpdateOps.
//
// # Arg scopes
//
// An arg scope is a value: the scope with other defaults for some layers.
// Layers inside it take them; what a call gives counts most, then the
// innermost arg scope. To enter one again is to use the value again. An
// argument that a layer does not have is an error at once.
//
//	s, err = slim.ArgScope(s, slim.Args{WeightsRegularizer: slim.L2(0.0005)}, slim.LayerConv2D, slim.LayerFullyConnected)
//	s, err = slim.ArgScope(s, slim.Args{Padding: slim.Same, Normalizer: slim.BatchNormalizer}, slim.LayerConv2D)
//
// A zero field of Args is not given. What TF-Slim calls None has names here:
// Linear, NoNormalizer, NoBiases, UpdatesInPlace, and SumRegularizer() for no
// regularizer at all.
//
// # Variables and collections
//
// A scope's pattern is TF-Slim's: a regular expression of Python's that must
// match at the start of the name, and nothing else; "net/conv1" takes
// net/conv10 too. What Go's expressions lack, lookaround and backreferences,
// is an error that shows the pattern. A pattern that matches nothing, which
// TF-Slim passes over, is a *graph.NoMatchError that says what was probably
// meant.
//
//	head, err := g.Collection(graph.TrainableVariables, "vgg_16/fc8")
//	biases, err := slim.GetVariablesByName(g, "biases", "vgg_16")
//
// # Restoring
//
// A RestorePlan is what a restore will do, for each variable, computed before
// anything is changed; it is carried out as a whole or not at all. As the last
// line of a cell it is a table.
//
//	restore, err := slim.VariablesToRestore(g, slim.Exclude("vgg_16/fc8"))
//	plan, err := slim.PlanRestore("vgg_16.ckpt", restore)
//	err = plan.Apply(sess)
//
// It is strict: RestoreOptions has the leniencies. When something does not
// fit, Hints say what is probably wrong: another number of classes, a net
// built without its arg scope, another root scope, an optimizer's variables.
// TF-Slim's own functions are there too: AssignFromCheckpoint,
// AssignFromCheckpointFn, AssignFromValues, InitFromCheckpoint,
// GetVariablesToRestore.
//
// # TF-Slim's tests and ours
//
// The reference of all tests is TF-Slim 1.1.0 on TensorFlow 2.15.1.
//
//	ops/variables_test.py        TestReferenceSlimCases (upstream-*, variable-*, assign-*, partition-*, global-step-*), pains_test.go
//	ops/arg_scope_test.py        TestReferenceSlimCases (arg-scope-*), FuzzLayers; the decorator and the key of an
//	                             operation (arg_scope_func_key, add_arg_scope) have no meaning: Layer is the key
//	ops/framework_ops_test.py    graph.TestGlobalStep, TestReferenceSlimCases (global-step-*)
//	layers/layers_test.py        TestReferenceSlimCases (names, order, collections), TestLayersAreTensorFlows (values,
//	                             gradients), TestReferenceNets of package nets; data_format NCHW is an error by design;
//	                             sparse inputs, custom getters, legacy_* and gdn there are not
//	layers/normalization_test.py TestLayersAreTensorFlows (group_norm, instance_norm)
//	layers/regularizers_test.py  TestReferenceSlimCases (regularizer-*, apply-regularization); integer scales have no
//	                             meaning, Go converts the constant
//	layers/initializers_test.py  graph.TestInitializers
//	layers/optimizers_test.py    optimize_loss there is not: train.CreateTrainOp
//	learning_test.py             TestReferenceSlimCases (create-train-op-*, gradient-*, clip-*), package train
//	losses/loss_ops_test.py      losses.TestLossesAreTensorFlows, losses.TestSoftmaxOfTheUpstreamTests
//	metrics/metric_ops_test.py   metrics.TestStreamingMetricsAreTensorFlows, metrics.TestNamesAreTensorFlows
//	evaluation_test.py,          sessions that wait for files, queues and summaries have no meaning in a notebook
//	queues, summaries
package slim
