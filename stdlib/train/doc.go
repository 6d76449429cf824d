// Package train trains chosen variables of a graph, judges the result, and
// saves it.
//
// # A loop in one call
//
// Run goes through a data.Source, shows the loss while it goes on, judges the
// net by what was held out, and writes checkpoints:
//
//	head, err := g.Collection(graph.TrainableVariables, "MobilenetV1/Logits/")
//	h, err := train.Run(train.Options{
//		Session: sess, Images: images, Labels: labels, Loss: loss, Logits: logits,
//		Optimizer: train.Adam(1e-3), Vars: head,
//		Train: lessons, HeldOut: exam, Epochs: 20, Dir: "out",
//	})
//	h // the last line of a cell: the curves
//
// Stop the cell, and run it again: it goes on from where it was, bit for bit,
// in the same session or, with Dir, in another process. The History that it
// returns has each step's loss, learning rate and time, exports them
// (WriteCSV, WriteJSON), and is compared with others by Compare.
//
// While the head is trained on a frozen trunk, the trunk computes the same for
// a picture each time. The session remembers that, and the notes say so:
// "features computed once: 300 × 256 floats". Training a head from picture
// files decodes each file once.
//
// # Fine-tuning in phases
//
// First the head, then all of the net with a small rate (the recipe of Keras's
// guide; of TF-Slim's finetune_*.sh, whose second phase trains batch
// normalisation too):
//
//	h, err := train.FineTune(
//		train.Options{ /* as above */ Optimizer: train.Adam(1e-3), Vars: head, Epochs: 10},
//		train.Options{Optimizer: train.Adam(1e-5), Epochs: 5},
//	)
//
// GradualUnfreezing makes the phases that add one scope at a time. FindRate
// looks for a learning rate:
//
//	train.FindRate(options, train.RateSearch{}) // a chart, and a suggestion
//
// Further tools: Optimizer.RateMultipliers and LayerRates give layers rates of
// their own; losses.ClassWeights make up for rare classes;
// losses.Classification.LabelSmoothing and Options.MixUp soften labels;
// Options.SmallBatch trains on batches that memory does not hold at once.
//
// # Batch normalisation
//
// A net that was built without IsTraining normalises by its stored statistics,
// which stay as they are: right for a frozen trunk. In a net that was built
// with IsTraining the layers that are trained normalise by each batch's, and
// the step moves the stored ones; a layer that is frozen but would normalise
// by each batch's is an error before the first step. nets.Config.BatchNorm says
// otherwise by scope: slim.BatchNormFrozen, or slim.BatchNormStatisticsOnly.
//
// # Judging
//
//	e, err := train.Evaluate(train.EvaluateOptions{Session: sess, Images: images, Logits: logits, Source: exam})
//	e                           // accuracy, loss, and a row for each class
//	e.Confusion()               // what was taken for what
//	e.MistakePictures(exam, 12) // the most confident mistakes
//	e.Calibration(0)            // is it as sure as it is right?
//	e.Compare(before)           // two nets on the same examples
//
// # A loop of one's own
//
//	step, err := train.Adam(1e-3).Minimize(loss, head...)
//	for range 100 {
//		out, err := sess.Run(graph.Feeds{images: x, labels: y}, loss, step)
//	}
//	path, err := train.NewSaver(g).Save(sess, "out/model.ckpt", 100)
//
// Minimize runs the updates of batch normalisation by itself; MinimizeWith
// clips and multiplies gradients, Accumulate makes a step of several small
// batches. CreateTrainOp is TF-Slim's step: a node whose value is the loss.
// ExponentialMovingAverage keeps averages of variables, MobileNets' and
// NASNets' way to better weights.
//
// # Learning rates
//
// An optimizer's rate is a number, a Schedule or a node:
//
//	train.Adam(1e-3)
//	train.Momentum(0.1, 0.9).Schedule(train.ExponentialDecay{DecaySteps: 1000, DecayRate: 0.94, Staircase: true})
//	train.Adam(1e-3).Schedule(train.WarmUp{Steps: 100, Then: train.CosineDecay{DecaySteps: 900}})
//	train.Adam(0).RateFrom(placeholder)
//
// The schedules of TensorFlow 1 have its names and formulas; WarmUp and
// OneCycle came later; a type of one's own with a method Rate(step int) float64
// is one too. PlotSchedule draws them.
//
// # TensorFlow
//
// The equations, the slots that optimizers keep and their names are those of
// TensorFlow 1, so that its checkpoints can be resumed.
//
//	tf.train.AdamOptimizer(…).minimize        Adam(…).Minimize
//	compute_gradients, apply_gradients         ComputeGradients, ApplyGradients
//	tf.train.exponential_decay and its like    ExponentialDecay and its like; LearningRate for the node
//	tf.clip_by_global_norm                     ClipByGlobalNorm
//	slim.learning.create_train_op              CreateTrainOp
//	slim.learning.multiply_gradients           MultiplyGradients
//	slim.learning.clip_gradient_norms          ClipGradientNorms
//	slim.learning.train                        Run
//	slim.evaluation.evaluate_once              Evaluate
//	train_image_classifier.py                  FineTune
//	tf.train.Saver, latest_checkpoint          Saver, LatestCheckpoint
package train
