"""The tasks of the first tutorial, and where its files are.

A network learns six classes of Fashion-MNIST from 36000 pictures (the source task); the tutorial gives it another head and
teaches that the four other classes from a few pictures (the target task). No picture of the one task belongs to the other.
"""
import os

import fashion
from slim_on_tf2 import np, session, slim, tf
import mobilenet_v1

TARGET = (1, 4, 7, 8)  # Trouser, Coat, Sneaker, Bag
SOURCE = tuple(c for c in range(10) if c not in TARGET)
DEPTH_MULTIPLIER, DECAY = 0.25, 0.99  # DECAY: of BatchNorm's moving statistics

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FOLDER = os.path.join(ROOT, "tutorials", "data", "first_transfer")
PREFIX = os.path.join(FOLDER, "mobilenet_v1_025_fashion")
V1_FILE = PREFIX + ".v1.ckpt"


def names(classes):
    return [fashion.NAMES[c] for c in classes]


def pictures(split, classes):
    """The pictures of these classes in the file's order, uint8 [N, 28, 28], and labels int64 [N] that count within classes."""
    all_pictures, all_labels = fashion.load(split)
    rows = np.flatnonzero(np.isin(all_labels, classes))
    return all_pictures[rows], np.searchsorted(classes, all_labels[rows]).astype(np.int64)


def net(num_classes, is_training=False, weight_decay=0.0, decay=DECAY, dtype=tf.float32, **options):
    """images, labels (placeholders), logits, end points: the tutorial's network in the current graph.

    TensorFlow's fused batch norm has no float64; the other one gives the same but for moving_variance, whose factor
    N / (N - 1) it lacks.
    """
    images = tf.placeholder(dtype, [None, 28, 28, 1], "images")
    labels = tf.placeholder(tf.int64, [None], "labels")
    with slim.arg_scope(mobilenet_v1.arg_scope(weight_decay, decay)), \
            slim.arg_scope([slim.batch_norm], fused=dtype == tf.float32):
        logits, end_points = mobilenet_v1.mobilenet_v1(images, num_classes, is_training, DEPTH_MULTIPLIER, **options)
    return images, labels, logits, end_points


def in_batches(run, images, batch=500):
    return np.concatenate([run(images[k:k + batch]) for k in range(0, len(images), batch)])


def source_accuracy(checkpoint):
    """Accuracy of a checkpoint's network on the 6000 test pictures of the source classes."""
    pixels, truth = pictures("t10k", SOURCE)
    with tf.Graph().as_default(), session() as s:
        images, _, logits, _ = net(len(SOURCE))
        slim.assign_from_checkpoint_fn(checkpoint, slim.get_model_variables())(s)
        found = in_batches(lambda x: s.run(logits, {images: x}), fashion.scale(pixels)).argmax(1)
    return float((found == truth).mean())
