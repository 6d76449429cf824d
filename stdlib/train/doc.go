// Package train trains chosen variables of a graph and saves them.
//
//	head, err := g.Collection(graph.TrainableVariables, "vgg_16/fc8")
//	step, err := train.Adam(1e-3).Minimize(loss, head...)
//	for range 100 {
//		_, err = sess.Run(feeds, step)
//	}
//	path, err := train.NewSaver(g).Save(sess, "out/model.ckpt", 100)
//
// CreateTrainOp is TF-Slim's step: a node whose value is the loss, with
// gradient multipliers and clipping. ExponentialMovingAverage keeps averages of
// variables, MobileNets' and NASNets' way to better weights.
//
// The equations, the slots that optimizers keep and their names are those of
// TensorFlow 1, so that its checkpoints can be resumed.
package train
