"""Hours of a classroom in minutes: cells, plots, floods, completions, interrupts, dying workers and restarts, all at once.

    soak.py --graft BINARY [--minutes 3] [--seed N]

Fails when an answer is missing or wrong, when the kernel dies, or when the front process grows: its memory and open files after
the last minute against those after the first.
"""
import argparse
import pathlib
import random
import sys
import time

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent)]

from kernelspec import fail, installed  # noqa: E402


class Soak:
    def __init__(self, client, rng):
        self.c, self.rng, self.counts = client, rng, {}
        self.deeds = {
            self.value: 30, self.lines: 6, self.mixed: 4, self.display: 6, self.error: 6, self.late: 3, self.expressions: 5,
            self.questions: 10, self.beside: 4, self.comm: 4, self.interrupt: 3, self.queue: 4, self.kill: 1, self.restart: 1,
        }

    def step(self):
        deed = self.rng.choices(list(self.deeds), list(self.deeds.values()))[0]
        self.counts[deed.__name__] = self.counts.get(deed.__name__, 0) + 1
        try:
            deed()
        except AssertionError as e:
            fail("%s: %s" % (deed.__name__, e or "wrong"))
        self.c.cells = {k: v for k, v in self.c.cells.items() if v.idle_at is None}

    def same(self, got, want):
        assert got == want, "got %.200r, want %.200r" % (got, want)

    def value(self):
        n = self.rng.randrange(1000)
        self.same(self.c.run("%d * 2" % n).result, str(2 * n))

    def lines(self):
        n = self.rng.randrange(1, 5000)
        cell = self.c.run('for i := 0; i < %d; i++ { fmt.Println("line", i) }' % n)
        self.same(cell.text(), "".join("line %d\n" % i for i in range(n)))

    def mixed(self):
        cell = self.c.run('for i := 0; i < 50; i++ { fmt.Println("o", i); fmt.Fprintln(os.Stderr, "e", i) }')
        self.same("".join(c["text"] for c in cell.of("stream")), "".join("o %d\ne %d\n" % (i, i) for i in range(50)))

    def display(self):
        cell = self.c.run('h := display.Show(image.NewRGBA(image.Rect(0, 0, 64, 64)))\n_ = h.Update(display.HTML("<b>x</b>"))')
        self.same(len(cell.of("display_data")) + len(cell.of("update_display_data")), 2)

    def error(self):
        code = self.rng.choice(['panic("x")', "nosuchname", "os.Exit(1)", "x := = 1", 'go func() { panic("g") }()\ntime.Sleep(50 * time.Millisecond)'])
        self.same(self.c.run(code).status, "error")

    def late(self):
        cell = self.c.run('go func() { time.Sleep(30 * time.Millisecond); fmt.Println("late") }()')
        self.c.run("time.Sleep(60 * time.Millisecond)")
        self.c.until(lambda: "late" in cell.text(), what="late output")

    def expressions(self):
        values = self.c.run("1", user_expressions={"a": "1 + 1", "b": "nosuch"}).content["user_expressions"]
        self.same((values["a"]["data"]["text/plain"], values["b"]["status"]), ("2", "error"))

    def beside(self):
        """A subshell's cell beside one of the main shell."""
        subshell = self.c.ask("create_subshell_request", channel="control").content["subshell_id"]
        main = self.c.submit('time.Sleep(50 * time.Millisecond)\nfmt.Println("main")')
        n = self.rng.randrange(1000)
        code = 'for i := 0; i < 20; i++ { fmt.Println("beside", i) }\n%d * 2' % n
        cell = self.c.ask("execute_request", dict(code=code, silent=False, store_history=True), subshell_id=subshell)
        self.same((cell.result, cell.text()), (str(2 * n), "".join("beside %d\n" % i for i in range(20))))
        self.same(self.c.finish(main).text(), "main\n")
        self.same(self.c.ask("delete_subshell_request", dict(subshell_id=subshell), "control").status, "ok")

    def comm(self):
        self.c.run('soakComm := host.OpenComm("soak", host.Message{})\nsoakComm.OnMessage(func(m host.Message) { fmt.Println("heard", m.Data["n"]) })')
        name, = self.c.ask("comm_info_request").content["comms"]
        cell = self.c.send("comm_msg", dict(comm_id=name, data={"n": 7}))
        self.c.until(lambda: cell.idle_at, what="idle")
        self.same(cell.text(), "heard 7\n")
        self.same(self.c.run("soakComm.Close(host.Message{})").of("comm_close"), [{"comm_id": name, "data": {}}])

    def questions(self):
        asked = [self.c.send("complete_request", dict(code="fmt.Pr", cursor_pos=6)), self.c.send("kernel_info_request", channel="control"),
                 self.c.send("inspect_request", dict(code="fmt.Println", cursor_pos=6, detail_level=0)),
                 self.c.send("history_request", dict(hist_access_type="tail", n=5, output=False, raw=True))]
        for a in asked:
            self.same(self.c.finish(a).status, "ok")

    def interrupt(self):
        cell = self.c.submit(self.rng.choice(["for {}", "select {}", "time.Sleep(time.Hour)", 'for { fmt.Println("flood") }']))
        self.c.until(lambda: cell.of("execute_input"))
        time.sleep(self.rng.random() * 0.2)
        self.questions()
        self.c.ask("interrupt_request", channel="control")
        self.same(self.c.finish(cell).content.get("ename"), "Interrupted")

    def queue(self):
        for i, cell in enumerate([self.c.submit("%d + 0" % i) for i in range(30)]):
            self.same(self.c.finish(cell).result, str(i))

    def kill(self):
        cell = self.c.submit("for {}")
        self.c.until(lambda: cell.of("execute_input"))
        time.sleep(self.rng.random() * 0.1 + 0.05)
        self.c.worker.kill()
        self.same(self.c.finish(cell).content["ename"], "WorkerError")
        self.same(self.c.run("1 + 1").result, "2")

    def restart(self):
        self.c.km.restart_kernel(now=self.rng.random() < 0.5)
        self.c.kc.wait_for_ready(timeout=60)
        self.same(self.c.run("1").content["execution_count"], 1)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    p.add_argument("--minutes", type=float, default=3)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    a = p.parse_args()
    print("seed %d" % a.seed)
    with installed(a.graft):
        from front import Client
        client = Client()
        try:
            soak = Soak(client, random.Random(a.seed))
            end = time.monotonic() + 60 * a.minutes
            # A restart is a new process, which has not grown: in the last part there is none.
            sizes, settle = [], end - 60 * a.minutes / 2
            while time.monotonic() < end:
                if time.monotonic() > settle:
                    soak.deeds.pop(soak.restart, None)
                    sizes.append((client.process.memory_info().rss >> 20, client.process.num_fds()))
                soak.step()
            tenth = max(1, len(sizes) // 5)
            first, last = max(sizes[:tenth]), max(sizes[-tenth:])
            print("%s; MiB and open files %s, then %s" % (soak.counts, first, last))
            if last[0] > 1.5 * first[0] + 20 or last[1] > first[1] + 8:
                fail("the front process grows")
        finally:
            client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
