"""What the first tutorial should find: TF-Slim's own numbers for the target task.

    python measure_first_transfer.py [--train N] [--batch N] [--epochs N] [--seeds N] [--rates R ...]

Over several seeds, trains the head alone with Adam (batch norm in inference mode) on the first N target pictures, and
prints its accuracy on the 1000 held-out ones. The trunk is
  pre-trained   restored from the checkpoint, the head excluded;
  random        slim's initial values, batch norm's moving statistics at 0 and 1: the tutorial's control;
  calibrated    slim's initial values, with the moving statistics that the training pictures give: a fairer control;
  pixels        no network at all: the same head on the 784 pixels.
The trunk's features do not change, so they are computed once.
"""
import argparse
import os

import fashion
from first_transfer import FOLDER, PREFIX, TARGET, in_batches, net
from mobilenet_v1 import HEAD
from slim_on_tf2 import np, session, slim, tf


def load(split):
    pixels = fashion.read_idx(os.path.join(FOLDER, split + "-images-idx3-ubyte.gz"))
    return fashion.scale(pixels), fashion.read_idx(os.path.join(FOLDER, split + "-labels-idx1-ubyte.gz")).astype(np.int64)


def initial_values(seed, calibrate_on=None):
    """slim's initial values of the model's variables; with pictures, their statistics as the moving ones."""
    with tf.Graph().as_default(), session() as s:
        tf.set_random_seed(seed)
        images, _, _, _ = net(len(TARGET), is_training=calibrate_on is not None, decay=0.0)
        s.run(tf.global_variables_initializer())
        if calibrate_on is not None:
            s.run(tf.get_collection(tf.GraphKeys.UPDATE_OPS), {images: calibrate_on})
        return {v.op.name: s.run(v) for v in slim.get_model_variables()}


def features(arrays, values=None):
    """[N, 1, 1, 256] of each array: of the checkpoint's trunk, or of one with the given values."""
    with tf.Graph().as_default(), session() as s:
        images, _, _, end_points = net(len(TARGET))
        s.run(tf.global_variables_initializer())
        if values is None:
            slim.assign_from_checkpoint_fn(PREFIX, slim.get_variables_to_restore(exclude=[HEAD]))(s)
        else:
            slim.assign_from_values_fn(values)(s)
        return [in_batches(lambda x: s.run(end_points["AvgPool_1a"], {images: x}), a) for a in arrays]


def train_head(inputs, labels, held_out, truth, rate, epochs, batch, seed):
    """Held-out accuracy after each epoch, and the last loss."""
    random, accuracies = np.random.RandomState(seed), []
    with tf.Graph().as_default(), session() as s:
        tf.set_random_seed(seed)
        x = tf.placeholder(tf.float32, [None, 1, 1, inputs.shape[-1]])
        y = tf.placeholder(tf.int64, [None])
        with tf.variable_scope(HEAD):
            initializer = tf.truncated_normal_initializer(stddev=0.09)
            out = slim.conv2d(x, len(TARGET), [1, 1], activation_fn=None, weights_initializer=initializer, scope="Conv2d_1c_1x1")
        logits = tf.squeeze(out, [1, 2])
        loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
        op = slim.learning.create_train_op(loss, tf.train.AdamOptimizer(rate))
        s.run(tf.global_variables_initializer())
        for _ in range(epochs):
            order, losses = random.permutation(len(labels)), []
            for k in range(0, len(order) - batch + 1, batch):
                losses.append(s.run(op, {x: inputs[order[k:k + batch]], y: labels[order[k:k + batch]]}))
            accuracies.append(float((s.run(logits, {x: held_out}).argmax(1) == truth).mean()))
    return accuracies, float(np.mean(losses))


def trunks(images, held_out, seeds):
    """(name, [(inputs, held-out inputs) of each seed])."""
    both = [images, held_out]
    yield "pre-trained", [features(both)] * seeds
    yield "random", [features(both, initial_values(seed)) for seed in range(seeds)]
    yield "calibrated", [features(both, initial_values(seed, images)) for seed in range(seeds)]
    yield "pixels", [[a.reshape(len(a), 1, 1, -1) for a in both]] * seeds


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--train", type=int, default=200)
    p.add_argument("--batch", type=int, default=20)
    p.add_argument("--epochs", type=int, default=20)
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--rates", type=float, nargs="+", default=[0.01])
    a = p.parse_args()
    images, labels = (v[:a.train] for v in load("train"))
    held_out, truth = load("test")
    print("%d training pictures, %d held out; batch %d, %d epochs, %d seeds" % (len(labels), len(truth), a.batch, a.epochs, a.seeds))
    for name, sets in trunks(images, held_out, a.seeds):
        print("%s: features' standard deviation %.3g" % (name, np.mean([s[0].std() for s in sets])))
        for rate in a.rates:
            runs = [train_head(x, labels, v, truth, rate, a.epochs, a.batch, seed) for seed, (x, v) in enumerate(sets)]
            middle = a.epochs // 2
            print("  rate %-6g accuracy after %d epochs %.3f, after %d %.3f (%s), last loss %.3f" % (
                rate, middle, np.mean([r[0][middle - 1] for r in runs]), a.epochs, np.mean([r[0][-1] for r in runs]),
                " ".join("%.3f" % r[0][-1] for r in runs), np.mean([r[1] for r in runs])), flush=True)


if __name__ == "__main__":
    main()
