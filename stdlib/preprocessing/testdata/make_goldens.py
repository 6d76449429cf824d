"""What TensorFlow makes of a small picture. usage: make_goldens.py > goldens.json   (TensorFlow 2.15.1, numpy 1.26.4)"""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(4)
x = rng.random((5, 6, 3)).astype(np.float32)
x[0, 0] = [0.5, 0.5, 0.5]
x[0, 1] = [0, 0, 0]
x[0, 2] = [1, 0.2, 0.2]
x[0, 3] = [0.2, 1, 1]
u8 = (x * 255).astype(np.uint8)
out = {"picture": {"float32": x.reshape(-1).tolist(), "uint8": u8.reshape(-1).tolist(), "shape": [5, 6, 3]}, "cases": []}
im = tf.image


def case(op, args, y, dtype="float32"):
    y = np.asarray(y)
    out["cases"].append({"op": op, "args": args, "dtype": dtype, "shape": list(y.shape), "want": y.astype(np.float64).reshape(-1).tolist()})


for d in (-0.3, 0.1):
    case("AdjustBrightness", [d], im.adjust_brightness(x, d))
for f in (0.0, 0.4, 1.7):
    case("AdjustContrast", [f], im.adjust_contrast(x, f))
for f in (0.0, 0.5, 1.5, 4.0):
    case("AdjustSaturation", [f], im.adjust_saturation(x, f))
for d in (-1.0, -0.2, 0.05, 0.5, 1.0):
    case("AdjustHue", [d], im.adjust_hue(x, d))
case("RGBToGrayscale", [], im.rgb_to_grayscale(x))
case("PerImageStandardization", [], im.per_image_standardization(x))
case("PerImageStandardization", [], im.per_image_standardization(u8), "uint8")
case("ConvertImageDType", [], im.convert_image_dtype(u8, tf.float32), "uint8")
for dtype, p in (("float32", x), ("uint8", u8)):
    case("FlipLeftRight", [], im.flip_left_right(p), dtype)
    case("FlipUpDown", [], im.flip_up_down(p), dtype)
    case("Transpose", [], im.transpose(p), dtype)
    case("CropToBoundingBox", [1, 2, 3, 4], im.crop_to_bounding_box(p, 1, 2, 3, 4), dtype)
    case("PadToBoundingBox", [1, 2, 8, 9], im.pad_to_bounding_box(p, 1, 2, 8, 9), dtype)
    for f in (0.1, 0.3, 0.5, 0.875, 1.0):
        case("CentralCrop", [f], im.central_crop(p, f), dtype)
    for h, w in ((2, 3), (3, 2), (8, 9), (9, 8), (2, 9), (8, 3), (5, 6)):
        case("ResizeWithCropOrPad", [h, w], im.resize_with_crop_or_pad(p, h, w), dtype)
json.dump(out, sys.stdout, separators=(",", ":"))
