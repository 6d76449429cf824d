"""Our charts beside matplotlib's and fastai's of the same data, in one picture, to be looked at.

    charts_beside.py GRAFT [--out DIR]      # wants matplotlib and pillow

Each of matplotlib's is drawn without a setting but titles and names, as a notebook's reader would; those that fastai has (losses, learning-rate
finder, confusion matrix, pictures with captions) by what its source says (fastai 2.8: callback/schedule.py, learner.py, interpret.py, vision/data.py).
Writes DIR/beside.png, and DIR/ours-NAME.png for each.
"""
import argparse
import base64
import io
import json
import math
import pathlib
import subprocess
import tempfile

import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
rng = np.random.default_rng(1)
XS = [i / 10 for i in range(100)]
SIN, COS = [math.sin(x) for x in XS], [math.cos(x) for x in XS]
LOSS = [2.3 * math.exp(-i / 60) + 0.3 + 0.25 * abs(rng.normal()) for i in range(300)]
HELD = [(k, 2.3 * math.exp(-k / 60) + 0.45) for k in range(29, 300, 30)]
NAMES = ["head only", "head and last block", "everything", "from scratch"]
BARS = [0.946, 0.961, 0.979, 0.52]
NEGATIVE = [0.4, -0.25, 0.1, -0.6]
WEIGHTS = [float(v) for v in rng.normal(0, 0.05, 5000)]
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
TRUE = [int(v) for v in rng.integers(0, 10, 2000)]
SAID = [t if rng.random() < 0.85 else int(rng.integers(0, 10)) for t in TRUE]
RATES = [1e-6 * 10 ** (7 * i / 99) for i in range(100)]
RATE_LOSS = [2.3 - 1.6 / (1 + math.exp(-(math.log10(r) + 3) * 3)) + (40 * (math.log10(r) + 1) ** 3 if r > 0.1 else 0) + 0.02 * rng.normal() for r in RATES]
POINTS = np.concatenate([rng.normal(c, 0.8, (60, 2)) for c in ((0, 0), (3, 1), (1, 3))])
GROUPS = [0] * 60 + [1] * 60 + [2] * 60


def go(values):
    return "[]float64{" + ", ".join(repr(float(v)) for v in values) + "}"


def ints(values):
    return "[]int{" + ", ".join(map(str, values)) + "}"


def strings(values):
    return "[]string{" + ", ".join(map(json.dumps, values)) + "}"


def add(series, xs, ys):
    return "for i, x := range %s {\n\tc.Add(%s, x, %s[i])\n}\n" % (go(xs), json.dumps(series), go(ys))


OURS = {
    "lines": "charts.Lines(%s, %s, %s)" % (go(XS), go(SIN), go(COS)),
    "losses": 'c := charts.Curves{Title: "losses", XLabel: "step", YLabel: "loss"}\n' + add("train", range(300), LOSS) +
              add("valid", [k for k, _ in HELD], [v for _, v in HELD]) + "c",
    "rates": 'c := charts.Curves{Title: "learning-rate finder", XLabel: "learning rate", YLabel: "loss", LogX: true}\n' + add("loss", RATES, RATE_LOSS) + "c",
    "bars": "charts.Bars(%s, %s, \"accuracy\")" % (strings(NAMES), go(BARS)),
    "negative": "charts.Bars(%s, %s, \"change\")" % (strings(NAMES), go(NEGATIVE)),
    "histogram": "charts.Histogram(%s, \"weights\")" % go(WEIGHTS),
    "confusion": "charts.NewConfusion(%s, %s, %s)" % (strings(CLASSES), ints(TRUE), ints(SAID)),
    "embedding": "values := []float32{%s}\ncharts.NewEmbedding(graph.FromFloat32s(values, 180, 2), %s, %s)" % (
        ", ".join("%r" % float(v) for v in POINTS.ravel()), ints(GROUPS), strings(["coat", "shoe", "bag"])),
    "pictures": 'f := "tutorials/data/first_transfer/"\n'
                'd := data.OpenIDX(f+"test-images-idx3-ubyte.gz", f+"test-labels-idx1-ubyte.gz", f+"labels.txt").Take(0, 1, 2, 3, 4, 5, 6, 7, 8)\n'
                'charts.NewGrid(d.Images, d.LabelNames(), charts.GridOptions{Columns: 3})',
    "chinese": "charts.Bars(%s, %s, \"准确率：各种训练方法\")" % (strings(["只训练分类头", "最后一块", "全部", "从零开始"]), go(BARS)),
}


def training():
    code = 't := charts.NewTraining("fine-tuning")\n'
    code += "for i, v := range %s {\n\tt.AddLoss(i, v)\n}\n" % go(LOSS)
    code += "".join("t.AddAccuracy(%d, %r, %r)\n" % (k, 1 - v / 3, 0.95 - v / 3) for k, v in HELD)
    return code + "t"


OURS["training"] = training()


def lines(ax):
    ax.plot(XS, SIN, label="y1")
    ax.plot(XS, COS, label="y2")
    ax.legend()


def losses(ax):  # Recorder.plot_loss
    ax.plot(range(300), LOSS, label="train")
    ax.plot([k for k, _ in HELD], [v for _, v in HELD], label="valid")
    ax.legend()
    ax.set(title="losses", xlabel="step", ylabel="loss")


def rates(ax):  # Recorder.plot_lr_find
    ax.plot(RATES, RATE_LOSS)
    ax.set_ylabel("Loss")
    ax.set_xlabel("Learning Rate")
    ax.set_xscale("log")


def bars(ax):
    ax.bar(NAMES, BARS)
    ax.set_title("accuracy")


def negative(ax):
    ax.bar(NAMES, NEGATIVE)
    ax.set_title("change")


def histogram(ax):
    ax.hist(WEIGHTS)
    ax.set_title("weights")


def confusion(ax):  # ClassificationInterpretation.plot_confusion_matrix
    m = np.zeros((10, 10), int)
    for t, s in zip(TRUE, SAID):
        m[t, s] += 1
    ax.imshow(m, interpolation="nearest", cmap="Blues")
    ax.set_title("Confusion matrix")
    ax.set_xticks(range(10), CLASSES, rotation=90)
    ax.set_yticks(range(10), CLASSES, rotation=0)
    for i in range(10):
        for j in range(10):
            ax.text(j, i, str(m[i, j]), ha="center", va="center", color="white" if m[i, j] > m.max() / 2 else "black")
    ax.set_ylabel("Actual")
    ax.set_xlabel("Predicted")
    ax.grid(False)


def embedding(ax):
    for k, name in enumerate(["coat", "shoe", "bag"]):
        p = POINTS[60 * k:60 * (k + 1)]
        ax.scatter(p[:, 0], p[:, 1], label=name)
    ax.legend()


def pictures(ax):  # show_batch: a figure of its own
    import gzip
    f = ROOT / "tutorials" / "data" / "first_transfer"
    raw = np.frombuffer(gzip.open(f / "test-images-idx3-ubyte.gz").read(), np.uint8)[16:].reshape(-1, 28, 28)
    labels = np.frombuffer(gzip.open(f / "test-labels-idx1-ubyte.gz").read(), np.uint8)[8:]
    names = (f / "labels.txt").read_text().split()
    ax.axis("off")
    for k in range(9):
        a = ax.inset_axes([k % 3 / 3, 1 - (k // 3 + 1) / 3, 0.28, 0.26])
        a.imshow(raw[k], cmap="gray")
        a.set_title(names[labels[k]], fontsize=8)
        a.axis("off")


def training_theirs(ax):
    losses(ax)


THEIRS = {"lines": lines, "losses": losses, "rates": rates, "bars": bars, "negative": negative, "histogram": histogram, "confusion": confusion,
          "embedding": embedding, "pictures": pictures, "chinese": bars, "training": training_theirs}


def ours(graft, out):
    """Name to picture, by one run of a notebook."""
    cells = [{"cell_type": "code", "id": name, "metadata": {}, "source": code, "outputs": [], "execution_count": None} for name, code in OURS.items()]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "charts.ipynb"
        path.write_text(json.dumps(book).replace("tutorials/data", str(ROOT / "tutorials" / "data")))
        done = path.with_name("done.ipynb")
        subprocess.run([graft, "run", "-o", str(done), str(path)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        book = json.loads(done.read_text())
    pictures = {}
    for cell in book["cells"]:
        for o in cell["outputs"]:
            if "image/png" in o.get("data", {}):
                pictures[cell["id"]] = Image.open(io.BytesIO(base64.b64decode("".join(o["data"]["image/png"])))).convert("RGB")
                pictures[cell["id"]].save(out / ("ours-%s.png" % cell["id"]))
    return pictures


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("graft")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / ".ci" / "out")
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, left in ours(a.graft, a.out).items():
        figure, ax = plt.subplots(dpi=200)
        THEIRS[name](ax)
        buffer = io.BytesIO()
        figure.savefig(buffer, bbox_inches="tight")  # as a notebook shows it
        plt.close(figure)
        rows.append((name, left, Image.open(buffer).convert("RGB")))
    width = max(left.width for _, left, _ in rows) + 60
    height = sum(max(left.height, right.height) + 60 for _, left, right in rows)
    sheet = Image.new("RGB", (width + max(r.width for _, _, r in rows), height), "#dddddd")
    y = 0
    for name, left, right in rows:
        ImageDraw.Draw(sheet).text((10, y + 10), name, fill="black", font_size=24)
        sheet.paste(left, (0, y + 50))
        sheet.paste(right, (width, y + 50))
        y += max(left.height, right.height) + 60
    sheet.save(a.out / "beside.png")
    print(a.out / "beside.png")


if __name__ == "__main__":
    main()
