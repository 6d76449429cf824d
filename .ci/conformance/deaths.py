"""The worker dies again and again, at any moment, of everything a process can die of; the kernel never does.

    deaths.py --graft BINARY [--times 500] [--seed N]

Each time the running cell fails with the cause, the cells that wait behind it are aborted, and the following one runs. At the end
nothing of the kernel is left.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import sys
import time

import psutil

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent)]

from kernelspec import fail, installed  # noqa: E402

LIMIT = "500MiB"
CELLS = ["for {}", "time.Sleep(time.Hour)", "<-make(chan int)", 'for { fmt.Println("flood") }', "for i := 0; ; i++ { _ = strings.Repeat(\"x\", i%1000) }"]
EAT = "var all [][]byte\nfor { b := make([]byte, 16<<20); for i := 0; i < len(b); i += 4096 { b[i] = 1 }; all = append(all, b) }"
OVERFLOW = "func deep(n int) int { return deep(n+1) + 1 }\ndeep(0)"


def limited(work):
    """Gives the kernel little memory."""
    path = work / "prefix" / "share" / "jupyter" / "kernels" / "graft" / "kernel.json"
    spec = json.loads(path.read_text())
    spec["argv"] += ["--memory-limit", LIMIT]
    path.write_text(json.dumps(spec))


def die(c, rng):
    """(name, cell that fails, what its error may say)"""
    way = rng.choices(["kill", "stop", "memory", "overflow", "segv", "between"], [60, 4, 3, 3, 10, 20])[0]
    if way == "memory":
        return way, c.submit(EAT), ["out of memory"]
    if way == "overflow":
        return way, c.submit(OVERFLOW), ["Panic: stack overflow", "out of memory"]  # its cell ends, or, as a stack is memory, the worker
    if way == "between":
        c.worker.kill()
        return way, None, None
    cell = c.submit(rng.choice(CELLS))
    c.until(lambda: cell.of("execute_input"), what="execute_input")
    end = time.monotonic() + rng.random() * 0.05
    while time.monotonic() < end:
        c.pump(0.005)
    if way == "stop":
        time.sleep(0.2)
        c.worker.send_signal(signal.SIGSTOP)
        return way, cell, ["stopped"]
    if way == "segv":
        time.sleep(0.2)
        c.worker.send_signal(signal.SIGSEGV)
        return way, cell, ["SIGSEGV", "segmentation"]
    c.worker.kill()
    return way, cell, ["killed"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    p.add_argument("--times", type=int, default=500)
    p.add_argument("--seed", type=int, default=int(time.time()))
    a = p.parse_args()
    rng, counts, start = random.Random(a.seed), {}, time.monotonic()
    print("seed %d" % a.seed)
    with installed(a.graft) as work:
        limited(work)
        os.environ["XDG_DATA_HOME"] = str(work / "data")
        from front import Client
        c = Client()
        kernel = c.process
        c.run('import ("fmt"; "strings"; "time")')
        for i in range(a.times):
            way, cell, why = die(c, rng)
            counts[way] = counts.get(way, 0) + 1
            waiting = c.submit("1") if cell and rng.random() < 0.3 else None
            try:
                if cell:
                    c.finish(cell, 40)
                    said = cell.content["ename"] + ": " + cell.content["evalue"]
                    assert said.startswith(("WorkerError", why[0])) and any(w in said for w in why), "%s: the cell says %s" % (way, said)
                if waiting:
                    assert c.finish(waiting).status in ("error", "ok"), "the cell behind it got no answer"
                assert c.run("%d + 1" % i).result == str(i + 1), "the following cell is wrong"
                assert c.process == kernel and kernel.is_running(), "the kernel died"
            except (AssertionError, IndexError) as e:
                fail("death %d, %s: %s" % (i, way, e))
        family = [kernel] + kernel.children(recursive=True)
        c.kc.stop_channels()
        c.km.shutdown_kernel(now=False)
        left = psutil.wait_procs(family, 10)[1]
        if left:
            fail("left behind: %s" % left)
    print("%d deaths in %.0f s: %s" % (a.times, time.monotonic() - start, counts))


if __name__ == "__main__":
    main()
