"""Texts that a slip may change without a word, and why nobody can know it: notebook, text, reason. `python slips_silent.py` tests this file."""

SILENT = [
    ("02", "MobilenetV1/Conv2d_0/weights", "the key of a Go map, which gives nothing for one it does not have: the cell shows []"),
    ("02", "_depthwise", "the end that strings.TrimSuffix takes off, where there is one"),
    ("02", "_pointwise", "likewise"),
    ("04", "MobilenetV1", "a name given to a layer of one's own; the next cell counts what the checkpoint does not have of them"),
    ("04", "Conv2d_0", "likewise"),
    ("04", "Conv2d_1_depthwise", "likewise"),
    ("04", "Conv2d_1_pointwise", "likewise"),
    ("05", "MobilenetV1/Conv2d_0", "slim.GetVariablesToRestore is TF-Slim's to the letter, which is what the cell shows: it counts other variables"),
    ("05", "MobilenetV1/Conv2d_0/weights", "likewise"),
    ("14", "conv1/weights", "any text will do; the cell shows its parts"),
    ("15", "text/plain", "the MIME type of a representation, of which a front end may know more than the kernel"),
    ("15", "text/html", "likewise"),
]


def reason(notebook, slip):
    """Why a slip of a notebook may pass; "" if it may not.

    >>> class Slip: kind, text = "text", "_pointwise"
    >>> reason("02-checkpoints", Slip), reason("03-variables-and-collections", Slip)
    ('likewise', '')
    """
    for name, text, why in SILENT:
        if notebook.startswith(name) and slip.kind == "text" and slip.text == text:
            return why
    return ""


if __name__ == "__main__":
    import doctest
    raise SystemExit(doctest.testmod().failed)
