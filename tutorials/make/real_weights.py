"""The tutorials with real weights: runs notebooks with their one line switched, and prints what they put out.

    real_weights.py GRAFT --weights PREFIX --photos DIR --photo FILE [--check]

PREFIX is a checkpoint of MobileNet V1 0.25 for 128 pixels, trained on ImageNet, DIR a folder of photographs with a folder for each
class, FILE a photo. A switch is a line of a code cell that is commented out and needs one of these; it takes the place of the line before it.
What the texts of the sources quote of such a run stands there in ```text blocks: --check looks for each of them in what is put out (numbers may
differ as in .ci/outputs.py).
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import make_notebooks as notebooks

sys.path.append(str(notebooks.TUTORIALS.parent / ".ci"))
from outputs import same, text  # noqa: E402

NAMES = ["12-your-own-pictures", "16-plotting-gallery"]
RESTORE = re.compile(r"^slim\.PlanRestore\(.*\n", re.M)
QUOTED = re.compile(r"^```text\n(.*?)^```$", re.M | re.S)


def switched(code, place):
    """The cell's code with its switches thrown; place maps what a switch needs to what there is."""
    lines = []
    for line in code.splitlines():
        found = [w for w in place if w in line and line.startswith("// ")]
        if found:
            line = line.removeprefix("// ")
            for word in found:
                line = line.replace(word, place[word])
            lines.pop()
        lines.append(line)
    return "\n".join(lines)


def put_out(graft, name, place, change=lambda code: code):
    """Everything that a notebook puts out as text, with its switches thrown."""
    book = notebooks.both(notebooks.HERE / (name + ".md"))[0]
    for cell in notebooks.code(book):
        cell["source"] = change(switched("".join(cell["source"]), place)).splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "tutorials"
        shutil.copytree(notebooks.TUTORIALS, work, ignore=shutil.ignore_patterns("__pycache__", "out", "make"))
        book = notebooks.execute(graft, work / (name + ".ipynb"), book)[0]
    out = []
    for cell in notebooks.code(book):
        for o in cell["outputs"]:
            if o["output_type"] == "error" and "raises-exception" not in cell["metadata"].get("tags", []):
                sys.exit("%s: %s: %s" % (name, o["ename"], o["evalue"]))
            out.append(text(o["text"]) if "text" in o else text(o.get("data", {}).get("text/plain", "")))
    return "\n".join(out)


def there(quoted, lines):
    """Whether the lines of a quotation stand together in what was put out."""
    wanted = quoted.rstrip("\n").split("\n")
    return any(all(same(a.strip(), b.strip()) for a, b in zip(wanted, lines[k:])) for k in range(len(lines) - len(wanted) + 1))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("graft")
    p.add_argument("--weights", required=True)
    p.add_argument("--photos", required=True)
    p.add_argument("--photo", required=True)
    p.add_argument("--check", action="store_true")
    a = p.parse_args()
    place = {'ckpt.Fetch("mobilenet_v1_0.25_128")': json.dumps(a.weights), '"/home/me/pictures"': json.dumps(a.photos), '"parrot.jpg"': json.dumps(a.photo)}
    status = 0
    for name in NAMES:
        out = put_out(a.graft, name, place)
        if name.startswith("12"):
            out += "\nwith random weights\n" + put_out(a.graft, name, place, lambda code: RESTORE.sub("", code))
        if not a.check:
            print("== %s\n%s" % (name, out))
            continue
        for quoted in QUOTED.findall((notebooks.HERE / (name + ".md")).read_text(encoding="utf-8")):
            if not there(quoted, out.split("\n")):
                status = 1
                print("%s quotes what is not put out:\n%s" % (name, quoted))
    return status


if __name__ == "__main__":
    sys.exit(main())
