"""What TensorFlow makes of pictures by its defaults; it does not turn them.

usage: decode_tensorflow.py DIR > tensorflow.json   (TensorFlow 2.15.1)
"""
import base64, glob, json, os, sys, zlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

out = {}
for p in sorted(glob.glob(os.path.join(sys.argv[1], "*.*"))):
    kind = p.split(".")[-1]
    b = open(p, "rb").read()
    if kind == "jpg":
        a = tf.io.decode_jpeg(b, channels=3)
    elif kind == "png":
        a = tf.io.decode_png(b, channels=3)
    elif kind == "gif":
        a = tf.io.decode_gif(b)[0]
    elif kind == "bmp":
        a = tf.io.decode_bmp(b)
        if a.shape[2] == 1:
            a = tf.repeat(a, 3, axis=2)
    else:
        continue
    a = a.numpy()
    out[os.path.basename(p)] = {"shape": list(a.shape), "pixels": base64.b64encode(zlib.compress(a.tobytes(), 9)).decode()}
json.dump(out, sys.stdout, indent=0)
