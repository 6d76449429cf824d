"""What TF-Slim computes with the first tutorial's network: the values the Go network is tested against.

    python make_goldens.py            # writes stdlib/nets/testdata/mobilenet_v1_025_fashion_golden.*
    python make_goldens.py --check    # computes them again and compares; exit status 1 if a tensor is off by over 1e-5
    python make_goldens.py --float64  # how far float32 lies from the same graph in float64: the least a test can ask for

The goldens are a V2 checkpoint of plain tensors; README.md beside them says what each is. A difference is the largest
absolute one in a tensor over the largest absolute value of that tensor.
"""
import argparse
import os
import sys

import fashion
from first_transfer import PREFIX, ROOT, SOURCE, net, pictures
from mobilenet_v1 import HEAD
from slim_on_tf2 import np, session, slim, tf

GOLDEN = os.path.join(ROOT, "stdlib", "nets", "testdata", "mobilenet_v1_025_fashion_golden")
TOLERANCE = 1e-5
COUNT = 32  # pictures: the first of the source classes in Fashion-MNIST's test file
END_POINTS = {"Conv2d_0": 4, "Conv2d_3_pointwise": 8, "Conv2d_6_pointwise": 32, "AvgPool_1a": 32, "Predictions": 32}  # of so many pictures
WHOLE, SAMPLES = 2048, 256  # a gradient with more elements than WHOLE is kept as SAMPLES of them and its norm
UPDATE_DECAY = 0.9
UPDATED = ("Conv2d_0", "Conv2d_6_depthwise", "Conv2d_13_pointwise")
ADAM_RATE, ADAM_STEPS = 1e-3, 5


def inputs():
    pixels, labels = pictures("t10k", SOURCE)
    return pixels[:COUNT], labels[:COUNT]


def restore(s):
    """assign_from_checkpoint feeds the values, so they may become float64 on the way; a Saver would refuse."""
    s.run(tf.global_variables_initializer())
    s.run(*slim.assign_from_checkpoint(PREFIX, slim.get_model_variables()))


def samples(gradient):
    """SAMPLES elements in C order at i * (size - 1) // (SAMPLES - 1): both ends, and all channels get their turn."""
    flat = gradient.reshape(-1)
    return flat[np.arange(SAMPLES) * (flat.size - 1) // (SAMPLES - 1)]


def gradients(prefix, values):
    out = {}
    for name, g in values.items():
        if g.size <= WHOLE:
            out["%s/%s" % (prefix, name)] = g
        else:
            out["%s_samples/%s" % (prefix, name)] = samples(g)
            out["%s_norm/%s" % (prefix, name)] = np.asarray(np.sqrt(np.sum(np.square(g.astype(np.float64)))), g.dtype)
    return out


def inference(images, labels, dtype):
    """Logits, end points, loss and gradients with the moving statistics."""
    with tf.Graph().as_default(), session() as s:
        x, y, logits, end_points = net(len(SOURCE), dtype=dtype)
        loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
        variables = tf.trainable_variables()
        fetches = [logits, loss, {k: end_points[k] for k in END_POINTS},
                   dict(zip([v.op.name for v in variables], tf.gradients(loss, variables)))]
        restore(s)
        logits, loss, activations, grads = s.run(fetches, {x: images, y: labels})
    out = {"logits": logits, "loss": loss, **gradients("eval_grad", grads)}
    out.update({"end_point/" + k: activations[k][:n] for k, n in END_POINTS.items()})
    return out


def training(images, labels, dtype):
    """Logits, loss and gradients with the batch's statistics and without dropout, and what one run of UPDATE_OPS leaves."""
    with tf.Graph().as_default(), session() as s:
        x, y, logits, _ = net(len(SOURCE), is_training=True, decay=UPDATE_DECAY, dropout_keep_prob=1.0, dtype=dtype)
        loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
        variables = tf.trainable_variables()
        grads = dict(zip([v.op.name for v in variables], tf.gradients(loss, variables)))
        moving = {v.op.name: v for layer in UPDATED for v in slim.get_model_variables("MobilenetV1/%s/BatchNorm/moving_" % layer)}
        restore(s)
        logits, loss, grads = s.run([logits, loss, grads], {x: images, y: labels})
        s.run(tf.get_collection(tf.GraphKeys.UPDATE_OPS), {x: images})
        out = {"train_logits": logits, "train_loss": loss, **gradients("train_grad", grads)}
        return {**out, **{"updated/" + k: v for k, v in s.run(moving).items()}}


def adam(images, labels, dtype):
    """The head alone, from the checkpoint's values, with the moving statistics."""
    with tf.Graph().as_default(), session() as s:
        x, y, logits, _ = net(len(SOURCE), dtype=dtype)
        loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
        head = slim.get_trainable_variables(HEAD)
        step = tf.train.AdamOptimizer(ADAM_RATE).minimize(loss, var_list=head)
        restore(s)
        losses = [s.run([loss, step], {x: images, y: labels})[0] for _ in range(ADAM_STEPS)]
        losses.append(s.run(loss, {x: images, y: labels}))
        return {"adam_loss": np.asarray(losses, losses[0].dtype), **{"adam/" + v.op.name: s.run(v) for v in head}}


def compute(dtype=tf.float32):
    pixels, labels = inputs()
    images = fashion.scale(pixels)
    out = {"pixels": pixels[..., None], "images": images, "labels": labels}
    for part in (inference, training, adam):
        out.update(part(images, labels, dtype))
    return out


def write(tensors):
    names = sorted(tensors)
    os.makedirs(os.path.dirname(GOLDEN), exist_ok=True)
    with tf.Graph().as_default(), session() as s:
        holders = [tf.placeholder(tensors[n].dtype, tensors[n].shape) for n in names]
        save = tf.raw_ops.SaveV2(prefix=GOLDEN, tensor_names=names, shape_and_slices=[""] * len(names), tensors=holders)
        s.run(save, {h: tensors[n] for h, n in zip(holders, names)})
    print("%s: %d tensors, %d values" % (GOLDEN, len(names), sum(v.size for v in tensors.values())))


def read():
    if not os.path.exists(GOLDEN + ".index"):
        sys.exit("%s.index: not there; run make_goldens.py without --check to write it" % GOLDEN)
    reader = tf.train.NewCheckpointReader(GOLDEN)
    return {name: np.asarray(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()}


def difference(got, want):
    """Over the largest value of want; infinite where shapes or types differ."""
    if got.shape != want.shape or got.dtype.kind != want.dtype.kind:
        return np.inf
    got, want = got.astype(np.float64), want.astype(np.float64)
    return float(np.abs(got - want).max() / (np.abs(want).max() or 1))


def compare(got, want, show):
    """The worst difference; prints the worst ones, and what only one of both has."""
    for name in sorted(got.keys() ^ want.keys()):
        print("%s: only among the %s" % (name, "golden values" if name in want else "new values"))
    off = sorted(((difference(np.asarray(got[n]), np.asarray(want[n])), n) for n in got.keys() & want.keys()), reverse=True)
    for d, name in off[:show]:
        print("%.2g  %s" % (d, name))
    return off[0][0] if got.keys() == want.keys() else np.inf


def float64():
    """The worst difference of each kind of tensor."""
    got, want, worst = compute(), compute(tf.float64), {}
    for name in got:
        kind = name if name.startswith(("end_point", "updated")) else name.split("/")[0]
        worst[kind] = max(worst.get(kind, (0, "")), (difference(np.asarray(got[name]), np.asarray(want[name])), name))
    for kind, (d, name) in worst.items():
        print("%-45s %.2g  %s" % (kind, d, name))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--check", action="store_true")
    p.add_argument("--float64", action="store_true")
    a = p.parse_args()
    if not os.path.exists(PREFIX + ".index"):
        sys.exit("%s.index: the checkpoint is not there; train_first_transfer.py writes it" % PREFIX)
    if a.float64:
        return float64()
    if not a.check:
        return write({n: np.asarray(v) for n, v in compute().items()})
    worst = compare(compute(), read(), show=5)
    print("worst difference %.2g, allowed %.2g" % (worst, TOLERANCE))
    return worst > TOLERANCE


if __name__ == "__main__":
    sys.exit(main())
