"""Every tutorial, from top to bottom, by nbclient over a real connection to an installed kernel.

    notebooks.py --graft BINARY [--out DIR] [--limit SECONDS] [--nbval] [NOTEBOOK…]   (default: the English ones of tutorials/*.ipynb;
                                                   the Chinese ones are the same code, which make_notebooks.py --check compares)

Fails when a cell fails (unless it is tagged raises-exception, and then when it does not), when a cell did not run, when the
notebook names another kernel, when what is put out differs from what is stored in it (outputs.py), and when it takes longer than
the limit. Executed notebooks are kept in DIR. With --nbval they are run by pytest --nbval-lax instead, which compares the outputs
of cells that are marked for it.
"""
import argparse
import copy
import pathlib
import subprocess
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from kernelspec import fail, installed, pictures, problems
from outputs import differences


def execute(path, limit):
    """(executed notebook, seconds, problems)."""
    notebook = nbformat.read(path, 4)
    stored = copy.deepcopy(notebook)
    named = notebook.metadata.get("kernelspec", {}).get("name")
    bad = [] if named == "graft" else ["its kernelspec is %r, expected 'graft'" % named]
    client = NotebookClient(notebook, kernel_name="graft", timeout=limit, record_timing=True,
                            resources={"metadata": {"path": str(path.parent)}})
    start = time.monotonic()
    try:
        client.execute()
    except CellExecutionError:
        pass  # the cell holds its error: problems() tells
    except (CellTimeoutError, DeadKernelError, RuntimeError) as e:
        bad.append("%s: %s" % (type(e).__name__, e))
    seconds = time.monotonic() - start
    if seconds > limit:
        bad.append("took %.0f s, the limit is %d s" % (seconds, limit))
    return notebook, seconds, bad + (problems(notebook) or differences(stored, notebook))


def slowest(notebook, n=3):
    """The n slowest cells as text: where a notebook's time goes."""
    import datetime as dt
    times = []
    for k, cell in enumerate(notebook.cells, 1):
        t = cell.metadata.get("execution", {})
        begin, end = t.get("iopub.status.busy"), t.get("shell.execute_reply")
        if begin and end:
            a, b = (dt.datetime.fromisoformat(s.replace("Z", "+00:00")) for s in (begin, end))
            times.append(((b - a).total_seconds(), k))
    return ", ".join("cell %d %.1f s" % (k, s) for s, k in sorted(times, reverse=True)[:n])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    p.add_argument("--out", type=pathlib.Path)
    p.add_argument("--limit", type=int, default=60, help="seconds a notebook may take")
    p.add_argument("--nbval", action="store_true")
    p.add_argument("notebooks", nargs="*", type=pathlib.Path)
    a = p.parse_args()
    status = 0
    with installed(a.graft) as work:
        paths = [n.resolve() for n in a.notebooks] or [p for p in sorted((work / "tutorials").glob("*.ipynb")) if not p.name.endswith(".zh.ipynb")]
        if not paths:
            fail("no notebook in tutorials/")
        if a.nbval:
            return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-kernel-name=graft",
                                   "--nbval-cell-timeout=%d" % a.limit, *map(str, paths)], cwd=paths[0].parent).returncode
        for path in paths:
            notebook, seconds, bad = execute(path, a.limit)
            if a.out:
                a.out.mkdir(parents=True, exist_ok=True)
                nbformat.write(notebook, a.out / path.name)
            print("%s: %.1f s, %d pictures; slowest %s" % (path.name, seconds, pictures(notebook), slowest(notebook)))
            for line in bad:
                print("%s: %s" % (path.name, line))
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
