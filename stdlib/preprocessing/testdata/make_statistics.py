"""Statistics of TF-Slim's random preprocessing. usage: make_statistics.py SLIM > statistics.json

SLIM is research/slim of github.com/tensorflow/models; its modules run as they are, with tensorflow.compat.v1 for
tensorflow. Made with TensorFlow 2.15.1 and commit c652a23 of a fork whose preprocessing is tensorflow/models' of 2018.

Of each kind: N results, of which the mean and the standard deviation over pixels are taken (and of boxes their place
and size); then the mean and the standard deviation of those over the N.
"""
import json
import os
import re
import sys
import types

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
tf1.disable_v2_behavior()


def module(name):
    text = open(os.path.join(sys.argv[1], "preprocessing", name + "_preprocessing.py")).read()
    text = text.replace("import tensorflow as tf", "import tensorflow.compat.v1 as tf").replace("slim = tf.contrib.slim", "")
    text = re.sub(r"^import google3$", "", text, flags=re.M)
    m = types.ModuleType(name)
    exec(compile(text, name, "exec"), m.__dict__)
    return m


def picture(h, w):
    """A formula, so that others have the same picture."""
    y, x, c = np.mgrid[0:h, 0:w, 0:3]
    return ((x * 5 + y * 3 + c * 70 + (x * y) % 7 * 9) % 256).astype(np.uint8)


def stats(rows):
    rows = np.asarray(rows, np.float64)
    return {"n": len(rows), "mean": rows.mean(0).tolist(), "std": rows.std(0).tolist()}


def pictures(build, n):
    with tf1.Graph().as_default(), tf1.Session() as s:
        tf1.set_random_seed(5)
        y = build()
        rows = []
        for _ in range(n):
            v = s.run(y).astype(np.float64)
            rows.append([v.mean(), v.std(), v[..., 0].mean(), v[..., -1].mean(), np.abs(np.diff(v, axis=1)).mean()])
        return stats(rows)


def boxes(h, w, n, bbox, **kw):
    with tf1.Graph().as_default(), tf1.Session() as s:
        tf1.set_random_seed(5)
        begin, size, _ = tf1.image.sample_distorted_bounding_box([h, w, 3], bbox, max_attempts=100, use_image_if_no_bounding_boxes=True, **kw)
        rows = [[a[0], a[1], b[0], b[1], b[0] * b[1], b[1] / b[0]] for a, b in (s.run((begin, size)) for _ in range(n))]
        return stats(rows)


slim = dict(min_object_covered=0.1, aspect_ratio_range=(0.75, 1.33), area_range=(0.05, 1.0))
inception, vgg, cifarnet = module("inception"), module("vgg"), module("cifarnet")
one = picture(60, 80)
out = {
    "boxes": [
        {"height": h, "width": w, "boxes": b or [], "stats": boxes(h, w, 20000, np.asarray([b or [[0, 0, 1, 1]]], np.float32), **slim)}
        for h, w, b in ((60, 80, None), (200, 50, None), (7, 9, None), (60, 80, [[0.1, 0.6, 0.5, 0.9]]))
    ],
    "pictures": [
        {"name": "inception", "height": 20, "width": 24, "stats": pictures(lambda: inception.preprocess_image(tf1.constant(one), 20, 24, is_training=True, add_image_summaries=False), 6000)},
        {"name": "inception", "height": 20, "width": 24, "all_distortions": True, "stats": pictures(lambda: inception.preprocess_image(tf1.constant(one), 20, 24, is_training=True, fast_mode=False, add_image_summaries=False), 6000)},
        {"name": "inception", "height": 20, "width": 24, "whole_image": True, "stats": pictures(lambda: inception.preprocess_image(tf1.constant(one), 20, 24, is_training=True, crop_image=False, add_image_summaries=False), 3000)},
        {"name": "vgg", "height": 40, "width": 44, "resize_side_min": 50, "resize_side_max": 100, "stats": pictures(lambda: vgg.preprocess_image(tf1.constant(one), 40, 44, is_training=True, resize_side_min=50, resize_side_max=100), 6000)},
        {"name": "cifarnet", "height": 50, "width": 60, "stats": pictures(lambda: cifarnet.preprocess_image(tf1.constant(one), 50, 60, is_training=True, add_image_summaries=False), 6000)},
    ],
}
json.dump(out, sys.stdout, indent=1)
