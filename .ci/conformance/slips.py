"""A newcomer's slips: every tutorial is typed with mistakes, and what the kernel answers must lead on by itself.

    slips.py --graft BINARY [--out FILE] [NAME…]      NAME such as 03; default: all English notebooks of tutorials/

For each code cell the rules below make typed-wrong versions of it: a letter left out of a name, of a text, of an import; a capital
forgotten; = for :=; an argument, a bracket, a quote left out; another number in a shape; two arguments swapped, a field, a statement, all cells above forgotten; the next cell run though an error
stopped this one. Each is run where the cell stands, in a kernel in which the cells above have run. Wanted of every answer:

- it is an error, which names the cell and a line of it, and for what the compiler finds the line of the slip;
- it names what was meant, where the rule knows what that is;
- the right cell, run afterwards, puts out what is stored in the notebook: nothing was lost.

A text whose slip passes without a word, and makes the cell or one below put out something else, is the worst: the text must be seen
in what is put out, or stand in slips_silent.py with the reason why nobody can know. All distinct answers are written to FILE, to be
read as a newcomer would.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from kernelspec import fail, installed  # noqa: E402
from outputs import masked, parts, same  # noqa: E402
from slips_made import Slip, slips_of  # noqa: E402
from slips_silent import reason  # noqa: E402

ANSI = re.compile(r"\x1b\[[0-9;]*m")
WHERE = re.compile(r"(?:In|Cell)\[(\d+)\]:(\d+)")


@dataclasses.dataclass
class Answer:
    cell: dict
    seconds: float
    died: bool = False

    @property
    def error(self):
        """The error as it is read, without colours; "" if there was none."""
        return "\n".join(ANSI.sub("", "\n".join(o["traceback"])) for o in self.cell.outputs if o.output_type == "error")

    @property
    def checked(self):
        """Whether the compiler found it, so that nothing of the cell ran."""
        return any(o.output_type == "error" and o.ename in ("CompileError", "SyntaxError") for o in self.cell.outputs)


class Kernel:
    """One kernel, in which the cells of a notebook run one after the other."""

    def __init__(self, folder, limit):
        self.client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="graft", timeout=limit, allow_errors=True,
                                     interrupt_on_timeout=True, resources={"metadata": {"path": str(folder)}})
        self.open = self.client.setup_kernel()
        self.open.__enter__()

    def close(self):
        self.open.__exit__(None, None, None)

    def run(self, source):
        cell = nbformat.v4.new_code_cell(source)
        self.client.nb.cells[:] = [cell]
        start = time.monotonic()
        died = False
        try:
            self.client.execute_cell(cell, 0)
        except CellTimeoutError:
            pass  # interrupted: the error says so
        except DeadKernelError:
            died = True
        return Answer(cell, time.monotonic() - start, died)


def unnumbered(cell):
    """A cell's outputs with the numbers of executions and colours left out."""
    return [(kind, WHERE.sub(r"In[*]:\2", ANSI.sub("", content))) for kind, content in parts(cell)]


def alike(a, b, pictures=False):
    """Whether two cells put out the same; pictures are compared only if that is asked for."""
    if "varies" in a.metadata.get("tags", []):
        return True
    a, b = unnumbered(a), unnumbered(b)
    return [k for k, _ in a] == [k for k, _ in b] and all(
        (not pictures or x == y) if k.startswith("image/") else same(x, y) for (k, x), (_, y) in zip(a, b))


class Notebook:
    """One notebook being worked through."""

    def __init__(self, path, temporary, limit, report):
        self.path, self.temporary, self.limit, self.report = path, temporary, limit, report
        self.cells = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code" and c.source.strip()]
        self.right = []  # what the cells put out here
        self.kernel, self.replays, self.runs, self.bad = None, 0, 0, []

    def wrong(self, text):
        self.bad.append("%s: %s" % (self.path.stem, text))

    def fresh(self, n=0):
        """A new kernel in which the first n cells have run."""
        if self.kernel:
            self.kernel.close()
            self.replays += 1
        for left in self.temporary.iterdir():  # by a notebook that did not come to its end
            shutil.rmtree(left)
        self.kernel = Kernel(self.path.parent, self.limit)
        for cell in self.cells[:n]:
            self.kernel.run(cell.source)

    def work(self):
        self.fresh()
        for n in reversed(range(1, len(self.cells))):  # what a cell declares is of no use to those above it
            self.answered(n, Slip("ahead", "none of the cells above", self.cells[n].source))
        self.fresh()
        for n, cell in enumerate(self.cells):
            self.right.append(self.kernel.run(cell.source))
            if not alike(cell, self.right[n].cell):
                self.wrong("cell %d, not slipped, puts out something else than is stored" % (n + 1))
        self.fresh()
        for n, cell in enumerate(self.cells):
            self.cell(n, cell)
        self.kernel.close()

    def cell(self, n, cell):
        ran = False  # whether the right cell was the last that ran
        went_on = False  # whether somebody went on behind an error
        for slip in slips_of(cell.source, self.right[n].checked):
            if self.right[n].seconds > 1 and slip.late > 1:
                continue  # a long cell: two of its texts are enough
            answer = self.answered(n, slip)
            if answer.checked:
                continue  # nothing has run
            ran = False
            if answer.died:
                continue
            if answer.error and not went_on and n + 1 < len(self.cells) and not self.right[n].error:
                went_on = True
                self.answered(n + 1, Slip("below", "behind a cell stopped by %s" % slip, self.cells[n + 1].source))
            elif answer.error or slip.harmless:
                ran = self.again(n)
            else:
                self.passed(n, slip, answer)
            if not ran:
                self.fresh(n)
        if not ran and not self.again(n):
            self.wrong("cell %d puts out something else behind its slips: something was lost" % (n + 1))

    def again(self, n):
        """Runs the right cell; whether it puts out what it did."""
        return alike(self.right[n].cell, self.kernel.run(self.cells[n].source).cell)

    def answered(self, n, slip):
        """Runs a slip, and judges the answer if it is an error."""
        answer = self.kernel.run(slip.source)
        self.runs += 1
        where = "cell %d, %s" % (n + 1, slip)
        self.report.add(self.path.stem, where, slip, answer)
        if answer.died:
            self.wrong(where + ": the kernel died")
            self.fresh(n)
        elif answer.error:
            self.told(slip, answer, where)
        elif slip.harmless and not alike(self.right[n].cell, answer.cell):
            self.wrong(where + ": changes what the cell puts out")
        return answer

    def told(self, slip, answer, where):
        first = answer.error.splitlines()[0]
        here = [int(line) for count, line in WHERE.findall(answer.error) if int(count) == answer.cell.execution_count]
        if slip.harmless:
            self.wrong("%s: is an error: %s" % (where, first))
        elif not here or not 1 <= here[0] <= slip.source.count("\n") + 2:
            self.wrong("%s: does not name the cell and a line of it: %s" % (where, first))
        elif answer.checked and slip.line and here[0] != slip.line and not (slip.typed and slip.typed in told_text(answer.error)):
            self.wrong("%s: names line %d, the slip is in line %d: %s" % (where, here[0], slip.line, first))
        elif slip.kind == "below" and "nil pointer" in first and " nil: " not in first:
            self.wrong("%s: does not say what is nil: %s" % (where, first))
        elif slip.kind == "text" and '"%s"' % slip.typed in first and len(slip.typed) > 5 and slip.text.strip("/") not in first and not self.own(slip):
            self.wrong("%s: does not say what was meant: %s" % (where, first))
        elif slip.meant and not any(m in told_text(answer.error) for m in slip.meant):
            self.wrong("%s: does not say %s: %s" % (where, " or ".join(slip.meant), first))

    def own(self, slip):
        """Whether the text is wrong in the notebook already, which shows that."""
        return any(right.error and slip.text in right.error for right in self.right)

    def passed(self, n, slip, answer):
        """A slip without an error: said, or seen in what is put out, or told by a cell below, or without any effect."""
        where = "cell %d, %s" % (n + 1, slip)
        said = [t for k, t in parts(answer.cell) if k == "stderr" or "warning" in t]
        if said and not alike(self.right[n].cell, answer.cell):
            return
        if reason(self.path.stem, slip):
            return
        if not alike(self.right[n].cell, answer.cell, pictures=True):
            if not slip.shown(answer.cell):
                self.wrong("%s: passes without a word, and puts out something else" % where)
            return
        for m in range(n + 1, len(self.cells)):
            below = self.kernel.run(self.cells[m].source)
            if alike(self.right[m].cell, below.cell, pictures=True):
                continue
            self.report.later(self.path.stem, where, m + 1, below)
            if not below.error and not slip.shown(below.cell):
                self.wrong("%s: passes without a word, and cell %d puts out something else" % (where, m + 1))
            break


def told_text(error):
    """An error without the quoted source, in which the word stands anyway."""
    return "\n".join(line for line in error.splitlines() if not line.startswith("    "))


class Report:
    """All answers, each distinct one once."""

    def __init__(self):
        self.seen, self.lines = set(), []

    def add(self, name, where, slip, answer):
        text = answer.error or "PASSES"
        key = (name if not answer.error else "", slip.kind, re.sub(r"In\[\d+\]:\d+:\d+", "", text) if answer.error else where)
        if key in self.seen:
            return
        self.seen.add(key)
        said = "" if answer.error else "".join("\n  %s: %s" % (k, t[:300]) for k, t in parts(answer.cell) if k != "image/png" and k != "text/html" and k != "image/svg+xml")
        self.lines.append("## %s %s\n%s%s\n" % (name, where, text, said))

    def later(self, name, where, cell, below):
        self.lines.append("## %s %s: cell %d\n%s\n" % (name, where, cell, below.error or "PUTS OUT SOMETHING ELSE"))


def work_through(graft, names, limit, out):
    """The notebooks of these names, one after the other, in this process."""
    report, status = Report(), 0
    with installed(graft) as work:
        temporary = work / "temporary"
        temporary.mkdir()
        os.environ["TMPDIR"] = str(temporary)
        for path in english(work / "tutorials", names):
            start = time.monotonic()
            book = Notebook(path, temporary, limit, report)
            book.work()
            print("%s: %d slips in %d cells, %d wrong, %d kernels, %.0f s" % (
                path.stem, book.runs, len(book.cells), len(book.bad), book.replays, time.monotonic() - start), flush=True)
            for line in book.bad:
                print("  " + line.replace("\n", "\n    "), flush=True)
                status = 1
    if out:
        out.write_text("\n".join(report.lines), encoding="utf-8")
    return status


def english(folder, names):
    return [q for q in sorted(folder.glob("*.ipynb"))
            if not q.name.endswith(".zh.ipynb") and (not names or any(q.name.startswith(n) for n in names))]


def side_by_side(a, names):
    """A process for each notebook, so many at a time; the longest were found to be 08, 07 and 09."""
    def one(name):
        part = a.out.with_suffix("." + name[:2]) if a.out else None
        done = subprocess.run([sys.executable, __file__, "--graft", a.graft, "--limit", str(a.limit), *(["--out", str(part)] if part else []), name],
                              stdout=subprocess.PIPE, text=True)
        print(re.sub(r"(?m)^(Installed|It starts).*\n", "", done.stdout), end="", flush=True)
        return part, done.returncode
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        done = list(pool.map(one, sorted(names, key=lambda name: name[:2] not in ("07", "08", "09"))))
    if a.out:
        a.out.write_text("\n".join(part.read_text(encoding="utf-8") for part, _ in sorted(done) if part.exists()), encoding="utf-8")
        for part, _ in done:
            part.unlink(missing_ok=True)
    return int(any(status for _, status in done))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    p.add_argument("--out", type=pathlib.Path)
    p.add_argument("--limit", type=int, default=20, help="seconds a cell may take, then it is interrupted")
    p.add_argument("--jobs", type=int, default=2, help="notebooks at a time")
    p.add_argument("names", nargs="*")
    a = p.parse_args()
    paths = english(pathlib.Path(__file__).resolve().parent.parent.parent / "tutorials", a.names)
    if not paths:
        fail("no such notebook in tutorials/")
    if len(paths) == 1:
        return work_through(a.graft, [paths[0].stem], a.limit, a.out)
    return side_by_side(a, [q.stem for q in paths])


if __name__ == "__main__":
    sys.exit(main())
