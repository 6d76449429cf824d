"""What a notebook put out, beside what is stored in it: texts, kinds of output, sizes of pictures.

Left out of the comparison: times, temporary folders, addresses, and the outputs of cells tagged varies. Numbers with a point may
differ by 3 %, or by 0.03: another processor sums in another order, and training makes that larger. `python outputs.py` tests this file.
"""
import base64
import re
import struct

MASKS = [
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"(?:/[\w.-]+)+/[a-z]+\d{5,}"), "TEMPORARY"),
    (re.compile(r"0x[0-9a-f]{6,}"), "ADDRESS"),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ns|µs|ms|s|min)\b"), "TIME"),
    (re.compile(r"\b\d+:\d\d\b"), "TIME"),
    (re.compile(r"  +"), " "),  # columns are as wide as what is masked
]
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


def masked(text):
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text


def same(a, b):
    """Whether two texts say the same.

    >>> same("loss 0.071 in 12.3 s", "loss 0.072 in 9 s"), same("135 restored", "134 restored"), same("accuracy 94.6 %", "accuracy 25.0 %")
    (True, False, False)
    >>> same("/tmp/vgg3150433650/a 0x4ebec0", "/var/folders/x/vgg99999/a 0x2c095c383490"), same("a 1.5", "b 1.5")
    (True, False)
    """
    a, b = masked(a), masked(b)
    if NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return False
    pairs = zip(map(float, NUMBER.findall(a)), map(float, NUMBER.findall(b)))
    return all(abs(x - y) <= max(0.03, 0.03 * max(abs(x), abs(y))) for x, y in pairs)


def text(value):
    return "".join(value) if isinstance(value, list) else value


def size(png):
    """Width and height of a PNG in base64."""
    return struct.unpack(">II", base64.b64decode(text(png))[16:24])


def note(output):
    """Whether it only says which imports a cell did without."""
    return (output["output_type"] == "stream" and output["name"] == "stderr"
            and re.match(r"(note: )?imported ", masked(text(output["text"]))) is not None)


def parts(cell):
    """(kind, content) of everything that a cell put out; streams of one name are one."""
    out = []
    for o in cell["outputs"]:
        if note(o):
            continue
        if o["output_type"] == "stream":
            if out and out[-1][0] == o["name"]:
                out[-1] = (o["name"], out[-1][1] + text(o["text"]))
            else:
                out.append((o["name"], text(o["text"])))
        elif o["output_type"] == "error":
            out.append(("error", "\n".join(o["traceback"])))
        else:
            out += [(kind, text(o["data"][kind])) for kind in sorted(o["data"])]
    return out


def differences(stored, executed):
    """What differs, a sentence each."""
    bad = []
    pairs = zip([c for c in stored["cells"] if c["cell_type"] == "code"], [c for c in executed["cells"] if c["cell_type"] == "code"])
    for n, (old, new) in enumerate(pairs, 1):
        a, b = parts(old), parts(new)
        if [k for k, _ in a] != [k for k, _ in b]:
            bad.append("code cell %d shows %s, stored is %s" % (n, [k for k, _ in b], [k for k, _ in a]))
            continue
        for (kind, x), (_, y) in zip(a, b):
            if "varies" in old["metadata"].get("tags", []):
                continue
            if kind == "image/png" and size(x) != size(y):
                bad.append("code cell %d: a picture of %s, stored is one of %s" % (n, size(y), size(x)))
            elif kind != "image/png" and not same(x, y):
                bad.append("code cell %d: %s\n%s\n  stored is\n%s" % (n, kind, y[:1000], x[:1000]))
    return bad


if __name__ == "__main__":
    import doctest
    raise SystemExit(doctest.testmod().failed)
