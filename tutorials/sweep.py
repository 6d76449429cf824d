"""A notebook run for many values of its parameters by Dask's workers, and a table of what the runs printed.

    pip install papermill distributed
    python sweep.py 10-learning-rate.ipynb -p learningRate=0.001,0.01,0.1 -p epochs=2,5 --workers 2
    python sweep.py 10-learning-rate.ipynb -p learningRate=0.001,0.01,0.1 --address tcp://scheduler:8786

Every combination of the values is a run. The notebook has a cell tagged `parameters` that gives each a value; papermill puts the
run's values behind it. A line that a cell prints and that is a JSON object, such as {"accuracy": 0.9}, is a result: its members are
the table's columns. Without --address the workers are processes on this machine. With it they are those of a cluster: they need
papermill, graft (`graft install`), and the notebook's folder under the same path. The executed notebooks and the table, table.csv, are
written to --out here. The exit status is 1 when a run failed; the table says why.
"""
import argparse
import csv
import itertools
import json
import pathlib
import sys


def run(path, parameters, kernel):
    """One run, on a worker: (results, executed notebook as text). Whatever it needs is imported here, for it travels there alone."""
    import json
    import logging
    import os
    import tempfile

    import nbformat
    import papermill

    logging.getLogger("papermill").setLevel(logging.ERROR)  # it warns of every parameter that it has no translator for Go
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.ipynb")
        try:
            # That for C# writes `var name = value;`, which is Go too.
            papermill.execute_notebook(path, out, parameters, kernel_name=kernel, language=".net-csharp", cwd=os.path.dirname(path),
                                       progress_bar=False)
        except papermill.PapermillExecutionError:
            pass  # also for a cell that is to fail: the outputs tell
        book = nbformat.read(out, 4)
    results = {}
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                results["error"] = output.evalue
            for line in output.get("text", "").splitlines():
                try:
                    value = json.loads(line)
                except ValueError:
                    continue
                if isinstance(value, dict):
                    results.update(value)
    return results, nbformat.writes(book)


def values_of(text):
    """The values of NAME=A,B,C: JSON where they are, text otherwise.

    >>> values_of("rate=0.1,1"), values_of("steps=1,2"), values_of("net=vgg_16"), values_of("frozen=true,false")
    (('rate', [0.1, 1.0]), ('steps', [1, 2]), ('net', ['vgg_16']), ('frozen', [True, False]))
    """
    name, equal, rest = text.partition("=")
    if not (name and equal and rest):
        raise argparse.ArgumentTypeError("%r: expected NAME=VALUE,VALUE…" % text)
    values = []
    for v in rest.split(","):
        try:
            values.append(json.loads(v))
        except ValueError:
            values.append(v)
    if any(isinstance(v, float) for v in values):  # Go has no value that is a whole number here and a float there
        values = [float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in values]
    return name, values


def table(rows):
    """Header and rows as lists, the columns in the order in which they appear."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    return [header] + [["" if row.get(name) is None else str(row[name]) for name in header] for row in rows]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("notebook", type=pathlib.Path)
    p.add_argument("-p", "--parameter", type=values_of, action="append", required=True, metavar="NAME=A,B,C")
    p.add_argument("--address", help="a Dask scheduler's address; without it workers are started on this machine")
    p.add_argument("--workers", type=int, default=2, help="how many on this machine (default 2)")
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path("sweep.out"), metavar="DIR", help="default sweep.out")
    p.add_argument("--kernel", default="graft")
    a = p.parse_args()
    from distributed import Client, LocalCluster

    path = a.notebook.resolve(strict=True)
    names, lists = zip(*a.parameter)
    runs = [dict(zip(names, values)) for values in itertools.product(*lists)]
    a.out.mkdir(parents=True, exist_ok=True)
    cluster = a.address or LocalCluster(n_workers=a.workers, threads_per_worker=1, dashboard_address=None)
    rows = []
    with Client(cluster) as client:
        futures = [client.submit(run, str(path), r, a.kernel, pure=False) for r in runs]
        for parameters, future in zip(runs, futures):
            if future.exception():
                rows.append({**parameters, "error": repr(future.exception())})
                continue
            results, book = future.result()
            name = "-".join([path.stem] + ["%s=%s" % (n, str(v).replace("/", "_")) for n, v in parameters.items()])
            (a.out / (name + ".ipynb")).write_text(book, encoding="utf-8")
            rows.append({**parameters, **results})
    if not a.address:
        cluster.close()
    lines = table(rows)
    with open(a.out / "table.csv", "w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows(lines)
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(text.ljust(w) for text, w in zip(line, widths)).rstrip())
    return any("error" in row for row in rows)


if __name__ == "__main__":
    sys.exit(main())
