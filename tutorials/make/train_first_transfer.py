"""TF-Slim trains the first tutorial's checkpoint on the source classes and saves it.

    python train_first_transfer.py [--out FOLDER] [--epochs N]

Written to FOLDER (default: tutorials/data/first_transfer): mobilenet_v1_025_fashion.index and .data-00000-of-00001, what a
Saver writes today (V2), and mobilenet_v1_025_fashion.v1.ckpt, the single file of TensorFlow before 0.12 (V1). Both hold
the model's variables and global_step, without the optimizer's slots. Two runs give the same bytes: all random
numbers are seeded and every sum has one order. A few minutes on one core.
"""
import argparse
import hashlib
import os
import time

import fashion
from first_transfer import FOLDER, PREFIX, SOURCE, V1_FILE, names, net, pictures, source_accuracy
from slim_on_tf2 import np, session, slim, tf, versions

EPOCHS, BATCH, RATE, WEIGHT_DECAY, SEED = 14, 64, 3e-3, 4e-5, 1
SHIFT = 2  # pixels, each way


def augment(images, random):
    """Each picture mirrored or not, and moved by up to SHIFT pixels in each direction."""
    n, size = images.shape[:2]
    mirror = random.rand(n) < 0.5
    images = np.where(mirror[:, None, None, None], images[:, :, ::-1], images)
    edge = (SHIFT, SHIFT)
    padded = np.pad(images, ((0, 0), edge, edge, (0, 0)), constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (1, 2))
    y, x = random.randint(0, 2 * SHIFT + 1, (2, n))
    return np.moveaxis(windows[np.arange(n), y, x], 1, -1)


def train_op(loss, steps):
    """Adam whose rate falls to nothing along half a cosine; create_train_op lets BatchNorm's updates run with each step."""
    global_step = tf.train.get_or_create_global_step()
    optimizer = tf.train.AdamOptimizer(tf.train.cosine_decay(RATE, global_step, steps))
    return slim.learning.create_train_op(loss, optimizer, global_step=global_step)


def save(s, folder):
    variables = slim.get_model_variables() + [tf.train.get_global_step()]
    for path, version in ((PREFIX, tf.train.SaverDef.V2), (V1_FILE, tf.train.SaverDef.V1)):
        saver = tf.train.Saver(variables, write_version=version)
        saver.save(s, os.path.join(folder, os.path.basename(path)), write_meta_graph=False, write_state=False)


def train(folder, epochs):
    pixels, truth = pictures("train", SOURCE)
    images_in = fashion.scale(pixels)
    random, start = np.random.RandomState(SEED), time.time()
    with tf.Graph().as_default(), session() as s:
        tf.set_random_seed(SEED)
        images, labels, logits, _ = net(len(SOURCE), is_training=True, weight_decay=WEIGHT_DECAY)
        tf.losses.sparse_softmax_cross_entropy(labels, logits)
        op = train_op(tf.losses.get_total_loss(), epochs * (len(truth) // BATCH))
        s.run(tf.global_variables_initializer())
        for epoch in range(1, epochs + 1):
            order, losses = random.permutation(len(truth)), []
            for k in range(0, len(order) - BATCH + 1, BATCH):
                rows = order[k:k + BATCH]
                losses.append(s.run(op, {images: augment(images_in[rows], random), labels: truth[rows]}))
            print("epoch %d of %d: loss %.4f, %.0f s" % (epoch, epochs, np.mean(losses), time.time() - start), flush=True)
        save(s, folder)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", default=FOLDER)
    p.add_argument("--epochs", type=int, default=EPOCHS)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    print("source classes: %s; %s" % (", ".join(names(SOURCE)), versions()))
    train(a.out, a.epochs)
    for path in (PREFIX, V1_FILE):
        path = os.path.join(a.out, os.path.basename(path))
        print("%s: accuracy %.4f on the source classes' test pictures" % (path, source_accuracy(path)))
    for name in sorted(os.listdir(a.out)):
        if name.startswith(os.path.basename(PREFIX)):
            with open(os.path.join(a.out, name), "rb") as f:
                data = f.read()
            print("%9d bytes, sha256 %s, %s" % (len(data), hashlib.sha256(data).hexdigest(), name))


if __name__ == "__main__":
    main()
