"""The SHA-256 of the pixels that TensorFlow makes of JPEG files by its defaults.

usage: photos_tensorflow.py DIR > photos.json   (TensorFlow 2.15.1; DIR/*/*.jpg)
"""
import glob, hashlib, json, os, sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

out = {}
for p in sorted(glob.glob(os.path.join(sys.argv[1], "*", "*.jpg"))):
    a = tf.io.decode_jpeg(open(p, "rb").read(), channels=3).numpy()
    out["/".join(p.split("/")[-2:])] = "%dx%d %s" % (a.shape[1], a.shape[0], hashlib.sha256(a.tobytes()).hexdigest())
json.dump(out, sys.stdout, indent=0)
