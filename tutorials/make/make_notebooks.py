"""Notebooks from their sources: tutorials/make/NN-name.md becomes tutorials/NN-name.ipynb, without outputs.

    python make_notebooks.py [--check]        # --check: compares the cells of the notebooks there are, and writes nothing

In a source, what stands between ```go and ``` is a code cell, what stands between two code cells is a text cell; a line
that is only ---- begins another text cell. Words behind ```go are the cell's tags. Afterwards
`graft run -o tutorials/NN-name.ipynb tutorials/NN-name.ipynb` puts the outputs in. Python's own library suffices.
"""
import argparse
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
KERNEL = {"kernelspec": {"display_name": "Go (graft)", "language": "go", "name": "graft"},
          "language_info": {"file_extension": ".go", "mimetype": "text/x-go", "name": "go"}}
FENCE = re.compile(r"^```go *(.*?)\n(.*?)^```\n", re.M | re.S)


def text_cells(text):
    for part in re.split(r"^----\n", text, flags=re.M):
        if part.strip():
            yield "markdown", part.strip("\n"), []


def cells_of(text):
    """(kind, source, tags) of every cell."""
    at = 0
    for m in FENCE.finditer(text):
        yield from text_cells(text[at:m.start()])
        yield "code", m.group(2).rstrip("\n"), m.group(1).split()
        at = m.end()
    yield from text_cells(text[at:])


def notebook(text):
    cells = []
    for n, (kind, source, tags) in enumerate(cells_of(text), 1):
        cell = {"cell_type": kind, "id": "cell-%02d" % n, "metadata": {"tags": tags} if tags else {},
                "source": source.splitlines(keepends=True)}
        if kind == "code":
            cell.update(execution_count=None, outputs=[])
        cells.append(cell)
    return {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}


def sources(book):
    return [(c["cell_type"], "".join(c["source"]), c["metadata"].get("tags", [])) for c in book["cells"]]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--check", action="store_true")
    check = p.parse_args().check
    stale = []
    for path in sorted(HERE.glob("[0-9][0-9]-*.md")):
        target = HERE.parent / (path.stem + ".ipynb")
        book = notebook(path.read_text(encoding="utf-8"))
        if check:
            there = target.exists() and sources(json.loads(target.read_text(encoding="utf-8")))
            stale += [] if there == sources(book) else [target.name]
        else:
            target.write_text(json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
            print(target.name)
    for name in stale:
        print("%s is not what its source in tutorials/make says: run make_notebooks.py, then graft run -o" % name)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
