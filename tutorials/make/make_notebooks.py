"""Notebooks from their sources: tutorials/make/NN-name.md becomes tutorials/NN-name.ipynb and NN-name.zh.ipynb.

    python make_notebooks.py                          # the cells; outputs stay where no code cell has changed
    python make_notebooks.py --run GRAFT [NAME...]    # runs them on a copy of tutorials/, and stores the outputs
    python make_notebooks.py --check                  # compares, and writes nothing
    python make_notebooks.py --solved DIR             # the English ones with the exercises' solutions filled in

In a source, what stands between ```go and ``` is a code cell; words behind ```go are the cell's tags. Between code cells stands
text in English, and right behind it the same in Chinese:

    Some text.

    :::zh
    一些文字。
    :::

The two notebooks share the code cells, and the Chinese one takes the outputs of the English one, but for what the tutor says: that is
in the notebook's language, and --run runs the Chinese ones for it. Code within a text (```python,
~~~go) is shared too: [[code]] in the Chinese text stands for the next block of the English one, and [[table]], where a table needs
no translation, for its next table. A code cell tagged exercise is
filled in by the first ~~~go of the next text that has one, its solution. Python's own library suffices.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TUTORIALS = HERE.parent
KERNEL = {"kernelspec": {"display_name": "Go (graft)", "language": "go", "name": "graft"},
          "language_info": {"file_extension": ".go", "mimetype": "text/x-go", "name": "go"}}
CELL = re.compile(r"^```go *(.*?)\n(.*?)^```\n", re.M | re.S)
CHINESE = re.compile(r"^:::zh\n(.*?)^:::\n", re.M | re.S)
BLOCK = re.compile(r"^(```|~~~)\w+\n.*?^\1$", re.M | re.S)
TABLE = re.compile(r"^(?:\|.*\n?)+", re.M)
LINK = re.compile(r"\((\d\d-[\w-]+)\.ipynb\)")


class Wrong(Exception):
    """A source that is not as it should be."""


def chinese(text, english):
    """The Chinese text with the English one's code, and with links to the Chinese notebooks."""
    blocks = [m.group(0) for m in BLOCK.finditer(english)]
    if text.count("[[code]]") != len(blocks):
        raise Wrong("%d blocks of code, and [[code]] %d times in the Chinese text, behind: %s"
                    % (len(blocks), text.count("[[code]]"), english.strip().splitlines()[0]))
    tables = [m.group(0).rstrip("\n") for m in TABLE.finditer(english)]
    if text.count("[[table]]") > len(tables):
        raise Wrong("[[table]] %d times in the Chinese text, %d tables behind: %s" % (text.count("[[table]]"), len(tables), english.strip().splitlines()[0]))
    for mark, shared in [("[[code]]", b) for b in blocks] + [("[[table]]", t) for t in tables]:
        text = text.replace(mark, shared, 1)
    return LINK.sub(r"(\1.zh.ipynb)", text).strip("\n")


def text_cells(text):
    """(kind, English, tags, Chinese) of the text between two code cells."""
    at = 0
    for m in CHINESE.finditer(text):
        english = text[at:m.start()]
        if not english.strip():
            raise Wrong("a Chinese text without an English one: %s" % m.group(1).strip().splitlines()[0])
        yield "markdown", english.strip("\n"), [], chinese(m.group(1), english)
        at = m.end()
    if text[at:].strip():
        raise Wrong("no Chinese behind: %s" % text[at:].strip().splitlines()[0])


def cells_of(text):
    """(kind, source, tags, Chinese source) of every cell."""
    at = 0
    for m in CELL.finditer(text):
        yield from text_cells(text[at:m.start()])
        code = m.group(2).rstrip("\n")
        yield "code", code, m.group(1).split(), code
        at = m.end()
    yield from text_cells(text[at:])


def notebook(cells):
    """A notebook of (kind, source, tags), without outputs."""
    out = []
    for n, (kind, source, tags) in enumerate(cells, 1):
        cell = {"cell_type": kind, "id": "cell-%02d" % n, "metadata": {"tags": tags} if tags else {},
                "source": source.splitlines(keepends=True)}
        if kind == "code":
            cell.update(execution_count=None, outputs=[])
        out.append(cell)
    return {"cells": out, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}


def both(path):
    """The English and the Chinese notebook of a source."""
    cells = list(cells_of(path.read_text(encoding="utf-8")))
    return notebook([c[:3] for c in cells]), notebook([(c[0], c[3], c[2]) for c in cells])


def sources(book):
    return [(c["cell_type"], "".join(c["source"]), c["metadata"].get("tags", [])) for c in book["cells"]]


def code(book):
    return [c for c in book["cells"] if c["cell_type"] == "code"]


def spoken(cell):
    """Whether the tutor speaks in a cell."""
    return "tutor.Check(" in "".join(cell["source"]) or "tutor.Hint(" in "".join(cell["source"])


def take_outputs(book, of, of_cell=lambda cell: True):
    """Gives a notebook the outputs of another, or those of some cells, if their code is the same."""
    if of and [s for s in sources(book) if s[0] == "code"] == [s for s in sources(of) if s[0] == "code"]:
        for cell, other in zip(code(book), code(of)):
            if of_cell(cell):
                cell.update(execution_count=other["execution_count"], outputs=other["outputs"])


def read(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write(book, path):
    path.write_text(json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def targets(path):
    return TUTORIALS / (path.stem + ".ipynb"), TUTORIALS / (path.stem + ".zh.ipynb")


def make(path, english_run=None, zh_run=None):
    """Writes a source's notebooks, with the outputs of those that were run, or else of those that are there."""
    english, zh = both(path)
    first, second = targets(path)
    take_outputs(english, english_run or read(first))
    take_outputs(zh, english)
    take_outputs(zh, zh_run or read(second), spoken)
    write(english, first)
    write(zh, second)


def stale(path):
    """The names of a source's notebooks that are not what it says."""
    english, zh = both(path)
    there, there_zh = (read(t) for t in targets(path))
    bad = [t.name for t, book, old in zip(targets(path), (english, zh), (there, there_zh)) if not old or sources(old) != sources(book)]
    shared = lambda book: [c["outputs"] for c in code(book) if not spoken(c)]
    if not bad and shared(there) != shared(there_zh):
        bad = ["the outputs of " + targets(path)[1].name]
    return bad


def execute(graft, target, book):
    """The notebook as it is after a run beside its data, and the exit status; a Chinese one without a tutor need not be run."""
    if ".zh." in target.name and not any(map(spoken, code(book))):
        return None, 0
    write(book, target)
    out = target.with_name("executed.ipynb")
    done = subprocess.run([str(pathlib.Path(graft).resolve()), "run", "-o", str(out), str(target)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return read(out), done.returncode


def run(graft, paths):
    """Runs notebooks on a copy of tutorials/, and stores what they put out. Returns of how many one failed."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "tutorials"
        shutil.copytree(TUTORIALS, work, ignore=shutil.ignore_patterns("__pycache__", "out"))
        for path in paths:
            done = [execute(graft, work / target.name, book) for target, book in zip(targets(path), both(path))]
            failed += any(status for _, status in done)
            make(path, *(book for book, _ in done))
    return failed


def solved(path):
    """The English notebook with the solutions of its exercises; None if it has none."""
    book = both(path)[0]
    waiting = None
    exercises = 0
    for cell in book["cells"]:
        solution = re.search(r"<details>.*?^~~~go\n(.*?)^~~~$", "".join(cell["source"]), re.M | re.S)
        if "exercise" in cell["metadata"].get("tags", []):
            if waiting:
                raise Wrong("no solution for: " + "".join(waiting["source"]))
            waiting, exercises = cell, exercises + 1
        elif solution and waiting:
            waiting["source"], waiting = solution.group(1).rstrip("\n").splitlines(keepends=True), None
    if waiting:
        raise Wrong("no solution for: " + "".join(waiting["source"]))
    return book if exercises else None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--check", action="store_true")
    p.add_argument("--run", metavar="GRAFT")
    p.add_argument("--solved", type=pathlib.Path, metavar="DIR")
    p.add_argument("names", nargs="*", help="such as 02, or 02-checkpoints; default: all")
    a = p.parse_args()
    paths = [q for q in sorted(HERE.glob("[0-9][0-9]-*.md")) if not a.names or any(q.stem.startswith(n) for n in a.names)]
    bad = 0
    for path in paths:
        try:
            if a.check:
                for name in stale(path):
                    bad += 1
                    print("%s: not what its source in tutorials/make says: make_notebooks.py --run makes it anew" % name)
            elif a.solved:
                book = solved(path)
                if book:
                    write(book, a.solved / (path.stem + ".ipynb"))
            elif not a.run:
                make(path)
                print("%s and its Chinese" % targets(path)[0].name)
        except Wrong as e:
            bad += 1
            print("%s: %s" % (path.name, e))
    if a.run and not bad:
        bad = run(a.run, paths)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
