"""Fashion-MNIST (Zalando SE, MIT licence), and the idx format of its files.

Debian and its kin have it: apt-get install dataset-fashion-mnist. Elsewhere point FASHION_MNIST at the folder of its four files.
"""
import gzip
import os
import struct

import numpy as np

FOLDER = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
NAMES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def read_idx(path):
    """The uint8 array of an idx file: 0, 0, type 8, rank, then each size as 4 bytes, big end first, then the values."""
    with gzip.open(path, "rb") as f:
        data = f.read()
    zero, kind, rank = struct.unpack(">HBB", data[:4])
    if (zero, kind) != (0, 8):
        raise ValueError("%s: not an idx file of bytes" % path)
    shape = struct.unpack(">%dI" % rank, data[4:4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def write_idx(path, array):
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(">%dI" % array.ndim, *array.shape)
    with open(path, "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
        z.write(header + array.astype(np.uint8).tobytes())


def load(split):
    """Pictures uint8 [N, 28, 28] and labels uint8 [N] of "train" (60000) or "t10k" (10000)."""
    path = os.path.join(FOLDER, split + "-%s-ubyte.gz")
    return read_idx(path % "images-idx3"), read_idx(path % "labels-idx1")


def scale(pictures):
    """uint8 [N, 28, 28] to float32 [N, 28, 28, 1] in [-1, 1], as TF-Slim's inception preprocessing scales."""
    return (pictures[..., None].astype(np.float32) / 255 - 0.5) * 2
