"""The example in the README: runs it as it stands there, in tutorials/, and stores the picture that it shows as tutorials/example.png.

    python readme.py GRAFT            # GRAFT is a built ./kernel/graft
    python readme.py GRAFT --check    # runs it and compares the picture's size with that of the stored one; writes nothing

The example is the README's only block of Go. Python's own library suffices.
"""
import argparse
import base64
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import make_notebooks

TUTORIALS = make_notebooks.TUTORIALS
PICTURE = TUTORIALS / "example.png"


def example():
    blocks = re.findall(r"^```go\n(.*?)^```$", (TUTORIALS.parent / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    if len(blocks) != 1:
        sys.exit("README.md has %d blocks of Go, expected 1" % len(blocks))
    return blocks[0]


def shown(graft):
    """The picture that the example shows, or the end with what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "tutorials"
        shutil.copytree(TUTORIALS / "data", work / "data")
        make_notebooks.write(make_notebooks.notebook([("code", example(), [])]), work / "example.ipynb")
        done = subprocess.run([str(pathlib.Path(graft).resolve()), "run", "-o", "out.ipynb", "example.ipynb"], cwd=work,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            sys.exit("the README's example fails: %s" % done.stderr)
        outputs = json.loads((work / "out.ipynb").read_text(encoding="utf-8"))["cells"][0]["outputs"]
    pictures = [o["data"] for o in outputs if "image/png" in o.get("data", {})]
    if not pictures:
        sys.exit("the README's example shows no picture")
    print("".join(pictures[-1].get("text/plain", "")))
    return base64.b64decode("".join(pictures[-1]["image/png"]))


def size(png):
    return struct.unpack(">II", png[16:24])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("graft")
    p.add_argument("--check", action="store_true")
    a = p.parse_args()
    png = shown(a.graft)
    if not a.check:
        PICTURE.write_bytes(png)
    elif size(png) != size(PICTURE.read_bytes()):
        sys.exit("the README's example shows %d × %d pixels, the stored picture has %d × %d: readme.py GRAFT makes it anew"
                 % (*size(png), *size(PICTURE.read_bytes())))


if __name__ == "__main__":
    main()
