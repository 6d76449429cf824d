"""What Pillow makes of pictures, upright. usage: decode_pillow.py DIR > pillow.json   (Pillow 13.0.0)"""
import base64, glob, json, os, sys, zlib

import numpy as np
from PIL import Image, ImageOps

out = {}
for p in sorted(glob.glob(os.path.join(sys.argv[1], "*.*"))):
    if p.split(".")[-1] not in ("jpg", "png", "gif", "bmp", "webp"):
        continue
    im = ImageOps.exif_transpose(Image.open(p))
    if im.mode in ("RGBA", "LA"):  # drop alpha, do not blend
        im = im.convert("RGBA")
        a = np.asarray(im)[:, :, :3]
    else:
        a = np.asarray(im.convert("RGB"))
    out[os.path.basename(p)] = {"shape": list(a.shape), "pixels": base64.b64encode(zlib.compress(a.tobytes(), 9)).decode()}
json.dump(out, sys.stdout, indent=0)
