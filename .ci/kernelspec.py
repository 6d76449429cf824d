"""The graft kernelspec in a place of its own, so that no check touches the user's Jupyter or is touched by it."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def fail(text):
    sys.exit("%s: %s" % (os.path.basename(sys.argv[0]), text))


@contextlib.contextmanager
def installed(graft):
    """Runs `graft install --prefix DIR` and points Jupyter at DIR alone; gives the folder, with a copy of tutorials in it."""
    root = pathlib.Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory(prefix="graft-ci-") as folder:
        work = pathlib.Path(folder)
        subprocess.run([str(pathlib.Path(graft).resolve()), "install", "--prefix", str(work / "prefix")], check=True)
        spec = work / "prefix" / "share" / "jupyter" / "kernels" / "graft" / "kernel.json"
        if not spec.is_file():
            fail("graft install --prefix wrote no %s" % spec.relative_to(work))
        command = json.loads(spec.read_text())["argv"][0]
        if not os.path.isabs(command):
            fail("kernel.json starts %r, which is no absolute path" % command)
        for name in ("config", "runtime", "data", "ipython"):
            (work / name).mkdir()
        os.environ.update(
            JUPYTER_PATH=str(work / "prefix" / "share" / "jupyter"), JUPYTER_CONFIG_DIR=str(work / "config"),
            JUPYTER_RUNTIME_DIR=str(work / "runtime"), JUPYTER_DATA_DIR=str(work / "data"), IPYTHONDIR=str(work / "ipython"),
            LC_ALL="C.UTF-8")  # the tutor speaks the language of the system
        shutil.copytree(root / "tutorials", work / "tutorials", ignore=shutil.ignore_patterns("__pycache__"))
        yield work


def problems(notebook):
    """What is wrong with an executed notebook, a sentence each. A cell that shows a mistake is tagged raises-exception."""
    bad = []
    for n, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        errors = [o for o in cell.outputs if o.output_type == "error"]
        wanted = "raises-exception" in cell.metadata.get("tags", [])
        if errors and not wanted:
            bad.append("cell %d: %s: %s" % (n, errors[0].ename, errors[0].evalue[:300]))
            break  # what stands below depends on it
        if wanted and not errors:
            bad.append("cell %d is tagged raises-exception and raised nothing" % n)
        if cell.execution_count is None:
            bad.append("cell %d did not run" % n)
    return bad


def pictures(notebook):
    """How many outputs carry a picture."""
    return sum(any(kind.startswith("image/") for kind in o.get("data", {})) or "<img" in o.get("data", {}).get("text/html", "")
               for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs)
