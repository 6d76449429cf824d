"""A class on one machine: kernels that have VGG-16 restored in each, how much memory they take and when all are ready.

    classroom.py --graft BINARY [--kernels 30] [--checkpoint PREFIX] [--limit MiB]

All kernels are started at once, through Jupyter's client. Each builds VGG-16, restores it whole from one checkpoint (made here, 528 MiB
of random weights, unless one is given), and then classifies a picture. Memory is proportional (PSS: a page that n processes share
counts 1/n for each), of all processes of a kernel, while all are there: so it sums up to what the class takes. Linux only. Fails when a
cell fails, when two kernels do not give the same answer, and when a kernel takes more than --limit.
"""
import argparse
import asyncio
import pathlib
import re
import statistics
import time

import psutil
from jupyter_client.multikernelmanager import AsyncMultiKernelManager

from kernelspec import fail, installed

BUILD = """
g := graph.New()
images := g.Placeholder("images", graph.Float32, -1, 224, 224, 3)
logits, _ := nets.VGG16(images, nets.Config{NumClasses: 1000})
sess := graph.NewSession(g)
"""
SAVE = BUILD + """
saver := train.NewSaver(g)
saver.Save(sess, %s, 0)
"""
RESTORE = BUILD + """
plan := slim.PlanRestore(%s, slim.VariablesToRestore(g))
plan.Apply(sess)
fmt.Println("ready")
"""
CLASSIFY = """
picture := graph.FromFloat32s(make([]float32, 224*224*3), 1, 224, 224, 3)
scores := sess.Run(graph.Feeds{images: picture}, logits)
fmt.Println("scores", scores[0].Data().([]float32)[:3])
"""


class Wrong(Exception):
    """What the class shows to be wrong."""


def quoted(path):
    return '"%s"' % str(path).replace("\\", "\\\\").replace('"', '\\"')


def proportional(pid):
    """MiB of a process and its children."""
    total = 0
    for p in [psutil.Process(pid)] + psutil.Process(pid).children(recursive=True):
        text = pathlib.Path("/proc/%d/smaps_rollup" % p.pid).read_text()
        total += int(re.search(r"^Pss:\s+(\d+) kB", text, re.M).group(1))
    return total / 1024


class Kernel:
    async def start(self, manager):
        self.manager = manager.get_kernel(await manager.start_kernel(kernel_name="graft"))
        self.client = self.manager.client()
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=120)
        self.pid = self.manager.provisioner.process.pid

    async def run(self, code):
        """What a cell printed."""
        out = []
        hook = lambda m: out.append(m["content"]["text"]) if m["msg_type"] == "stream" else None
        reply = await self.client.execute_interactive(code, output_hook=hook, allow_stdin=False, timeout=600)
        if reply["content"]["status"] != "ok":
            raise Wrong("a cell failed: %s" % reply["content"]["evalue"])
        return "".join(out)


async def made(manager, prefix):
    """The path of a checkpoint of VGG-16 with random weights, written in a notebook's cell."""
    k = Kernel()
    await k.start(manager)
    await k.run(SAVE % quoted(prefix))
    k.client.stop_channels()
    await manager.shutdown_all()
    return "%s-0" % prefix  # the step


def say(what, seconds, kernels):
    memory = [proportional(k.pid) for k in kernels]
    print("%-24s %6.1f s   per kernel %6.1f MiB (most %.1f), together %.0f MiB"
          % (what, seconds, statistics.mean(memory), max(memory), sum(memory)), flush=True)
    return max(memory)


async def lesson(manager, n, checkpoint, limit):
    kernels = [Kernel() for _ in range(n)]
    together = lambda code: asyncio.gather(*(k.run(code) for k in kernels))
    begin = time.monotonic()
    await asyncio.gather(*(k.start(manager) for k in kernels))
    say("%d kernels started" % n, time.monotonic() - begin, kernels)
    await together(RESTORE % quoted(checkpoint))
    most = say("VGG-16 restored in each", time.monotonic() - begin, kernels)
    begin = time.monotonic()
    answers = await together(CLASSIFY)
    say("a picture classified", time.monotonic() - begin, kernels)
    for k in kernels:
        k.client.stop_channels()
    await manager.shutdown_all()
    if len(set(answers)) != 1 or not answers[0].startswith("scores"):
        raise Wrong("the kernels do not agree: %s" % sorted(set(answers)))
    if limit and most > limit:
        raise Wrong("a kernel took %.0f MiB, at most %d are allowed" % (most, limit))


def machine():
    """Its processor, cores and memory."""
    model = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return "%s, %d cores, %.0f GiB" % (model.group(1) if model else "?", psutil.cpu_count(), psutil.virtual_memory().total / 2**30)


async def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    p.add_argument("--kernels", type=int, default=30)
    p.add_argument("--checkpoint")
    p.add_argument("--limit", type=int, default=0, help="MiB that a kernel may take with VGG-16 restored")
    a = p.parse_args()
    with installed(a.graft) as work:
        manager = AsyncMultiKernelManager(connection_dir=str(work / "runtime"))
        checkpoint = a.checkpoint or await made(manager, work / "vgg_16.ckpt")
        print("%s, %s" % (machine(), time.strftime("%Y-%m-%d")))
        await lesson(manager, a.kernels, checkpoint, a.limit)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except Wrong as e:
        fail(e)
