#!/usr/bin/env python3
"""Times graft against PyTorch and ONNX Runtime, and writes the README's table.

    python3 .ci/peers.py [--rounds 5] [--seconds 2] [--only forward,train,head,gemm] [--nets vgg_16,…] [--threads 1,2] [--write]

For each row graft's benchmark and every peer run in turns, so many rounds of so many seconds each; the fastest run of each
counts, since a machine is never quieter than quiet. The limit is what the machine could do at most, measured in the same turns:
the operations of the textbook at the peak of multiplying and adding, or the weights read at the speed of memory, whichever takes
longer. An algorithm with fewer multiplications (Winograd's) may pass it.
The peers are installed into ~/.cache/graft-ci from .ci/peers.txt, the first time. Wants Go and Python 3.11 on the PATH; half an
hour for all rows.
"""
import argparse, datetime, json, os, platform, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
README = os.path.join(ROOT, "README.md")
BEGIN, END = "<!-- speed: written by .ci/peers.py -->", "<!-- end of speed -->"

# What the table has: what, net, batch, ratio to reach, its name.
ROWS = [("forward", net, batch, bar, "%s forward, batch %d" % (name, batch))
        for net, name, bar in (("vgg_16", "VGG-16", 0.70), ("resnet_v1_50", "ResNet-50", 0.90), ("inception_v3", "Inception-v3", 0.90),
                               ("mobilenet_v2", "MobileNet-v2", 0.90))
        for batch in (1, 8)]
ROWS += [("train", "lenet", 32, 0.50, "LeNet training step, batch 32, Adam")]
ROWS += [("train", net, 8, 0.90, "%s training step, batch 8, momentum" % name)
         for net, name in (("resnet_v1_50", "ResNet-50"), ("mobilenet_v2", "MobileNet-v2"), ("inception_v3", "Inception-v3"))]
ROWS += [("head", "vgg_16", 8, 0.70, "VGG-16, training the last layer, batch 8: first pass"),
         ("head", "vgg_16", 8, 0.01, "VGG-16, training the last layer, batch 8: later passes")]
ROWS += [("gemm", "", 2048, None, "product of 2048×2048 matrices")]
BENCH = {"forward": "Forward", "train": "TrainStep", "head": "TrainHead"}
# TF-Slim's ResNet-50 and torchvision's differ in where they stride: they are compared by operation.
BY_OPERATION = {"resnet_v1_50"}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--only", default="forward,train,head,gemm")
    parser.add_argument("--nets", default="")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    return parser.parse_args()


def environment():
    """The peers' Python, made once for each content of peers.txt, as .ci/slow makes others."""
    wanted = os.path.join(HERE, "peers.txt")
    with open(wanted) as f:
        total = subprocess.run(["cksum"], stdin=f, capture_output=True, text=True, check=True).stdout.split()[0]
    home = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "graft-ci", "peers-" + total)
    python = os.path.join(home, "bin", "python")
    if not os.path.exists(os.path.join(home, "complete")):
        subprocess.run(["python3.11", "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", wanted], check=True)
        open(os.path.join(home, "complete"), "w").close()
    return python


class Peers:
    def __init__(self, python):
        self.python, self.process = python, None

    def ask(self, **request):
        if self.process is None:
            self.process = subprocess.Popen([self.python, os.path.join(HERE, "peers_worker.py")], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit("the peers' process ended while it ran %s" % request)

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


class Graft:
    """The test binaries, and what their benchmarks report."""

    def __init__(self, folder):
        self.binaries = {}
        for package in ("nets", "internal/ops"):
            self.binaries[package] = os.path.join(folder, package.replace("/", "_"))
            subprocess.run(["go", "test", "-trimpath", "-c", "-o", self.binaries[package], "./stdlib/" + package], cwd=ROOT, check=True,
                           env=dict(os.environ, CGO_ENABLED="0"))

    def run(self, package, name, seconds, **env):
        pattern = "/".join("^%s$" % part for part in name.split("/"))
        done = subprocess.run([self.binaries[package], "-test.run", "^$", "-test.bench", pattern, "-test.benchtime", "%gs" % seconds],
                              capture_output=True, text=True, env=dict(os.environ, **env))
        found = re.search(r"^Benchmark\S+\s+\d+\s+(.*)$", done.stdout, re.M)
        if not found:
            sys.exit("%s: %s%s" % (name, done.stdout, done.stderr))
        words = found.group(1).split()
        return {unit: float(value) for value, unit in zip(words[::2], words[1::2])}


def fastest(into, of):
    for name, got in of.items():
        if isinstance(got, dict) and (name not in into or got["ms"] < into[name]["ms"]):
            into[name] = got


class Comparison:
    def __init__(self, args, graft, peers):
        self.args, self.graft, self.peers = args, graft, peers
        self.work, self.peak, self.memory = {}, {}, {}

    def limits(self, threads):
        """The best so far of the machine's peak, and of reading memory."""
        got = self.graft.run("internal/ops", "BenchmarkLimits/peak/t%d" % threads, 0.2)["GFLOPS-best"]
        self.peak[threads] = max(self.peak.get(threads, 0), got)
        got = self.graft.run("internal/ops", "BenchmarkLimits/memory/t%d" % threads, 0.2)["GBs-best"]
        self.memory[threads] = max(self.memory.get(threads, 0), got)

    def gflop(self, net):
        """Operations of one picture's forward pass, as graft's profile counts them."""
        if net not in self.work:
            self.work[net] = self.graft.run("nets", "BenchmarkForward/%s/b1/t1" % net, 0.1, GRAFT_PROFILE="1")["MFLOP"] / 1e3
        return self.work[net]

    def ours(self, what, net, batch, threads, name, row):
        if what == "gemm":
            rate = self.graft.run("internal/ops", "BenchmarkMatMul/2048x2048x2048/t%d" % threads, self.args.seconds)["GFLOPS-best"]
            got = {"ms": 2 * 2048**3 / rate / 1e6}
        else:
            bench = "Benchmark%s/%s/b%d/t%d" % (BENCH[what], net, batch, threads)
            if what == "head":
                bench += "/first" if "first" in name else "/later"
            out = self.graft.run("nets", bench, self.args.seconds)
            got = {"ms": out["ns-best"] / 1e6}
            row["variables"] = out["MB-variables"]
        fastest(row["graft"], {"graft": got})

    def row(self, what, net, batch, bar, name, threads):
        row = {"name": name, "threads": threads, "bar": bar, "what": what, "graft": {}, "peers": {}, "variables": 0}
        for _ in range(self.args.rounds):
            self.limits(threads)
            self.ours(what, net, batch, threads, name, row)
            fastest(row["peers"], self.peers.ask(what=what, net=net, batch=batch, threads=threads, seconds=self.args.seconds))
        best = min(row["peers"], key=lambda p: row["peers"][p]["ms"])
        ms, theirs = row["graft"]["graft"]["ms"], row["peers"][best]
        work = theirs["gflop"] if what == "gemm" else self.gflop(net) * batch * (3 if what == "train" else 1)
        ratio = ms / theirs["ms"]
        if net in BY_OPERATION:
            ratio *= theirs["gflop"] / work
        # Of weights and slots: a step reads the weights twice, then reads and writes both; with one slot 6 of 2, with two 8 of 3.
        passes = {"train": 2.6}.get(what, 1)
        if "later" in name:
            work, row["variables"] = 0, 200 * 4097 * 4 / 1e6 * 8
        limit = max(work / self.peak[threads] * 1e3, passes * row["variables"] / self.memory[threads])
        row.update(ms=ms, peer=best, peer_ms=theirs["ms"], ratio=ratio, limit=limit)
        if what == "gemm":
            row["share"] = work / ms * 1e3 / self.peak[threads]
        return row


def line(row):
    bar = "≥ 85 % of the peak" if row["bar"] is None else "≤ %.2f" % row["bar"]
    ratio = "%.3f" % row["ratio"] if row["ratio"] < 0.1 else "%.2f" % row["ratio"]
    if row["bar"] is None:
        ratio += " (%.0f %% of the peak)" % (100 * row["share"])
    return "| %s | %d | %.4g ms | %.4g ms (%s) | %s | %s | %.3g ms | %.2f |" % (
        row["name"], row["threads"], row["ms"], row["peer_ms"], row["peer"], ratio, bar, row["limit"], row["ms"] / row["limit"])


def processor():
    try:
        with open("/proc/cpuinfo") as f:
            return re.search(r"model name\s*: (.*)", f.read()).group(1)
    except OSError:
        return platform.processor()


def table(rows, c, versions):
    head = ["Fastest runs of both in turns, float32; the ratio is graft's time to that of the fastest peer (PyTorch eager, channels_last, "
            "frozen jit; ONNX Runtime). ResNet-50 is compared per operation: TF-Slim's has 3.5 billion multiplications, torchvision's 4.1. "
            "The limit is the textbook's operations at the processor's peak, or the weights at the speed of memory; Winograd's algorithm "
            "takes fewer operations. `python3 .ci/peers.py --write` makes this table anew.", "",
            "%s, %d processors, %s; %s; peak %s GFLOPS, memory %s GB/s on %s threads; %s." % (
                processor(), os.cpu_count(), platform.system(), versions, " / ".join("%.0f" % p for p in c.peak.values()),
                " / ".join("%.0f" % m for m in c.memory.values()), " / ".join(map(str, c.peak)), datetime.date.today().isoformat()), "",
            "| row | threads | graft | fastest peer | ratio | to reach | limit | times the limit |", "|---|---|---|---|---|---|---|---|"]
    return "\n".join(head + [line(r) for r in rows]) + "\n"


def write(text):
    with open(README, encoding="utf-8") as f:
        old = f.read()
    before, rest = old.split(BEGIN)
    _, after = rest.split(END)
    with open(README, "w", encoding="utf-8") as f:
        f.write(before + BEGIN + "\n\n" + text + "\n" + END + after)


def main():
    args = options()
    python = environment()
    versions = subprocess.run([python, "-c", "import torch, onnxruntime; print('PyTorch %s, ONNX Runtime %s' % "
                               "(torch.__version__.split('+')[0], onnxruntime.__version__))"], capture_output=True, text=True, check=True).stdout.strip()
    rows, peers = [], Peers(python)
    with tempfile.TemporaryDirectory() as folder:
        c = Comparison(args, Graft(folder), peers)
        for threads in map(int, args.threads.split(",")):
            for what, net, batch, bar, name in ROWS:
                if what in args.only.split(",") and (not args.nets or not net or net in args.nets.split(",")):
                    rows.append(c.row(what, net, batch, bar, name, threads))
                    print(line(rows[-1]), flush=True)
    peers.stop()
    text = table(rows, c, versions)
    print("\n" + text)
    if args.write:
        write(text)
    missed = [r for r in rows if (r["share"] < 0.85 if r["bar"] is None else r["ratio"] > r["bar"])]
    print("%d rows, %d short of their bar%s" % (len(rows), len(missed), "".join("\n  " + r["name"] + ", %d threads" % r["threads"] for r in missed)))


main()
