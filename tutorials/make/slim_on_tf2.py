"""TF-Slim 1.1.0 on TensorFlow 2.15.1: import this before anything else.

    from slim_on_tf2 import np, slim, tf, versions

tf is tensorflow.compat.v1 in graph mode. Two things moved since TF-Slim's last release and are put back: the layer
behind slim.batch_norm (TensorFlow looks for it under tf_keras.legacy_tf_layers, tf-keras 2.15 keeps it under tf_keras.src), and
ops.Tensor. oneDNN is off: the results are those of the plain Eigen kernels.
"""
import importlib
import logging
import os
import platform
import sys
import types
import warnings

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import tensorflow as _tf2  # noqa: E402
from tensorflow.python.framework import ops as _ops, tensor as _tensor  # noqa: E402

_layers = types.ModuleType("tf_keras.legacy_tf_layers")
for _name in ("base", "core", "pooling", "convolutional", "normalization"):
    _module = importlib.import_module("tf_keras.src.legacy_tf_layers." + _name)
    setattr(_layers, _name, _module)
    sys.modules["tf_keras.legacy_tf_layers." + _name] = _module
sys.modules["tf_keras.legacy_tf_layers"] = _layers
_ops.Tensor, _ops.IndexedSlices = _tensor.Tensor, _tf2.IndexedSlices
logging.getLogger("tensorflow").setLevel(logging.ERROR)

import tf_slim as slim  # noqa: E402

tf = _tf2.compat.v1
tf.disable_v2_behavior()


def versions():
    """The versions that a result depends on."""
    from importlib.metadata import version
    names = ("tensorflow-cpu", "tf-slim", "tf-keras", "numpy")
    return {"python": platform.python_version(), **{n: version(n) for n in names}}


def session(graph=None, threads=1):
    """One thread a pool makes the sums, and so the results, repeat to the last bit."""
    return tf.Session(graph=graph, config=tf.ConfigProto(
        intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1))
