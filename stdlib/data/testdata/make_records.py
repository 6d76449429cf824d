"""TFRecord files of tf.Examples as TensorFlow writes them. usage: make_records.py OUT

Made with TensorFlow 2.15.1. Messages are serialised with sorted keys, so that equal examples have equal bytes.
"""
import os
import sys

import numpy as np
import tensorflow as tf

out = sys.argv[1]


def feature(v):
    if isinstance(v[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=v))
    if isinstance(v[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=v))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=v))


def example(**kw):
    return tf.train.Example(features=tf.train.Features(feature={k.replace("__", "/"): feature(v) for k, v in kw.items()}))


def picture(i):
    pix = np.full((4, 3, 3), 40 * i, np.uint8)
    pix[0, 0] = [i, 2, 3]
    return tf.io.encode_png(pix).numpy(), pix


records = []
for i in range(5):
    png, _ = picture(i)
    records.append(example(image__encoded=[png], image__format=[b"png"], image__class__label=[i % 2], image__height=[4], image__width=[3],
                           image__class__text=[[b"cat", b"dog"][i % 2]]))
_, raw = picture(5)
records.append(example(image__encoded=[raw.tobytes()], image__format=[b"raw"], image__class__label=[1], image__height=[4], image__width=[3],
                       more=[1.5, -2.0, 3e38], many=[-1, 0, 1 << 40], empty=[b""]))
for name, how in [("plain", ""), ("gzip", "GZIP"), ("zlib", "ZLIB")]:
    with tf.io.TFRecordWriter(os.path.join(out, name + ".tfrecord"), how) as w:
        for r in records:
            w.write(r.SerializeToString(deterministic=True))
