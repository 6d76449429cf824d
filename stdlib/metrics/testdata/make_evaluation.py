"""evaluation.json: a classifier's scores, and what TensorFlow 2.15.1 and NumPy make of them.

    python make_evaluation.py

The calibration error is equation 3 of arXiv:1706.04599, by NumPy. McNemar's p is the sum of binomials, in exact fractions.
"""
import json, math, os
from fractions import Fraction
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

rng = np.random.RandomState(4)
n, classes = 40, 4
labels = rng.randint(0, classes, n)
logits = (rng.randn(n, classes) + 2 * np.eye(classes)[labels] * (rng.rand(n, 1) < .7)).round(3).astype(np.float32)
other = (rng.randn(n, classes) + 2 * np.eye(classes)[labels] * (rng.rand(n, 1) < .4)).round(3).astype(np.float32)
p = tf.nn.softmax(logits).numpy()
predictions = p.argmax(1)
confidence = p.max(1)


def ece(bins):
    total = 0.0
    for k in range(bins):
        inside = (confidence > k / bins) & (confidence <= (k + 1) / bins)
        if inside.any():
            total += inside.sum() / n * abs((predictions == labels)[inside].mean() - confidence[inside].astype(np.float64).mean())
    return float(total)


def mcnemar(a, b):
    k, m = min(a, b), a + b
    return float(min(Fraction(1), 2 * sum(Fraction(math.comb(m, i), 2 ** m) for i in range(k + 1))))


mine, theirs = predictions == labels, other.argmax(1) == labels
a, b = int((mine & ~theirs).sum()), int((~mine & theirs).sum())
out = dict(
    tensorflow=tf.__version__, labels=labels.tolist(), logits=logits.astype(float).round(3).tolist(), other=other.astype(float).round(3).tolist(),
    loss=float(tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))),
    accuracy=float((predictions == labels).mean()), top2=float(tf.reduce_mean(tf.cast(tf.math.in_top_k(labels, logits, 2), tf.float32))),
    confusion=tf.math.confusion_matrix(labels, predictions).numpy().tolist(), calibration={"5": ece(5), "15": ece(15)},
    mistakes=[int(i) for i in np.argsort(-confidence, kind="stable") if predictions[i] != labels[i]],
    only_first=a, only_second=b, both_right=int((mine & theirs).sum()), p=mcnemar(a, b))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "evaluation.json"), "w") as f:
    f.write("{\n" + ",\n".join(" %s: %s" % (json.dumps(k), json.dumps(v)) for k, v in out.items()) + "\n}\n")
