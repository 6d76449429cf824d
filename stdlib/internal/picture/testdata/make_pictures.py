"""Small pictures of every kind. usage: make_pictures.py OUT

Made with Pillow 13.0.0 (libjpeg-turbo, libwebp) and numpy. decode_pictures.py says what others make of them.
"""
import os
import sys

import numpy as np
from PIL import Image

out = sys.argv[1]
y, x = np.mgrid[0:19, 0:23].astype(np.float64)
rgb = np.stack([127 + 120 * np.sin(x / 5 + y / 9), 127 + 120 * np.cos(x / 4), 255 * y / 19], 2)
rgb[6:12, 8:16] = [250, 10, 30]
rgb = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
photo = Image.fromarray(rgb)
grey = photo.convert("L")


def save(name, image=photo, **kw):
    image.save(os.path.join(out, name), **kw)


for name, sub in [("444", 0), ("422", 1), ("420", 2)]:
    save("jpeg_%s.jpg" % name, quality=90, subsampling=sub)
    save("jpeg_%s_progressive.jpg" % name, quality=90, subsampling=sub, progressive=True)
save("jpeg_grey.jpg", grey, quality=90)
save("jpeg_rgb.jpg", quality=90, keep_rgb=True)
save("jpeg_cmyk.jpg", photo.convert("CMYK"), quality=90)
save("jpeg_narrow.jpg", photo.crop((0, 0, 3, 19)), quality=90, subsampling=2)
save("jpeg_restart.jpg", quality=80, subsampling=2, restart_marker_blocks=1)
# The Adobe marker of a CMYK picture taken out: its values are then no more inverted.
b = open(os.path.join(out, "jpeg_cmyk.jpg"), "rb").read()
at = b.index(b"\xff\xee")
open(os.path.join(out, "jpeg_cmyk_unmarked.jpg"), "wb").write(b[:at] + b[at + 2 + int.from_bytes(b[at + 2:at + 4], "big"):])

alpha = Image.fromarray(np.dstack([rgb, (x * 7 % 256).astype(np.uint8)]))
save("png_rgb.png")
save("png_rgba.png", alpha)
save("png_grey.png", grey)
save("png_grey_alpha.png", alpha.convert("LA"))
save("png_palette.png", photo.quantize(16))
save("png_palette_transparent.png", photo.quantize(16), transparency=3)
save("png_bits.png", grey.convert("1"))
save("png_16.png", Image.fromarray(np.asarray(grey).astype(np.uint16) * 256 + 200))
save("gif.gif", photo.quantize(32))
save("gif_frames.gif", photo.quantize(32), save_all=True, append_images=[grey.quantize(8)])
save("bmp_24.bmp")
save("bmp_grey.bmp", grey)
save("webp_lossless.webp", lossless=True, exact=True)
save("webp_lossless_alpha.webp", alpha, lossless=True, exact=True)
save("webp_lossy.webp", quality=80)
save("webp_lossy_alpha.webp", alpha, quality=80, exact=True)

for n in range(1, 9):
    exif = Image.Exif()
    exif[0x112] = n
    save("exif_%d.jpg" % n, photo.crop((4, 3, 14, 10)), quality=90, subsampling=0, exif=exif.tobytes())
exif = Image.Exif()
exif[0x112] = 6
save("exif_6.png", photo.crop((4, 3, 14, 10)), exif=exif.tobytes())
save("exif_8.webp", photo.crop((4, 3, 14, 10)), lossless=True, exif=exif.tobytes().replace(b"\x12\x01\x03\x00\x01\x00\x00\x00\x06", b"\x12\x01\x03\x00\x01\x00\x00\x00\x08"))
