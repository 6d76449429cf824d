"""What the messaging specification says beyond jupyter_kernel_test, and what graft promises: section names are those of
https://jupyter-client.readthedocs.io/en/stable/messaging.html."""
import os
import re
import signal
import socket
import sys
import time
import unittest
import uuid

import psutil
from jupyter_client.manager import KernelManager

from front import TIMEOUT, Client, said


class Spec(unittest.TestCase):
    """One kernel, many requests."""

    @classmethod
    def setUpClass(cls):
        cls.c = Client()
        assert cls.c.run('import ("fmt"; "os"; "time"; "strings"; "graft/stdlib/display")').status == "ok"

    @classmethod
    def tearDownClass(cls):
        cls.c.close()

    # Execution

    def test_result(self):
        cell = self.c.run("40 + 2")
        self.assertEqual(cell.result, "42")
        self.assertEqual(cell.states, ["busy", "idle"])
        self.assertEqual([m["msg_type"] for m in cell.messages], ["status", "execute_input", "execute_result", "status"])
        self.assertEqual(cell.of("execute_input")[0]["execution_count"], cell.content["execution_count"])
        self.assertEqual(cell.content["user_expressions"], {})
        self.assertEqual(cell.content["payload"], [])
        for m in cell.messages + [cell.reply]:
            self.assertEqual(m["parent_header"]["session"], self.c.kc.session.session)
            self.assertNotEqual(m["header"]["session"], self.c.kc.session.session)

    def test_parent_is_an_exact_copy(self):
        cell = self.c.ask("kernel_info_request", extra={"nested": [1, "ü"]})
        self.assertEqual(cell.reply["parent_header"]["extra"], {"nested": [1, "ü"]})

    def test_statement_has_no_result(self):
        self.assertEqual(self.c.run("spec1 := 5").of("execute_result"), [])

    def test_empty_code(self):
        self.assertEqual(self.c.run("").status, "ok")

    def test_count(self):
        n = self.c.run("1").content["execution_count"]
        self.assertEqual(self.c.run("2").content["execution_count"], n + 1)
        self.assertEqual(self.c.run("3", store_history=False).content["execution_count"], n + 1)
        self.assertEqual(self.c.run("4", silent=True).content["execution_count"], n + 1)
        self.assertEqual(self.c.run("nosuchname").content["execution_count"], n + 2)
        self.assertEqual(self.c.run("5").content["execution_count"], n + 3)

    def test_silent(self):
        cell = self.c.run('fmt.Println("x")\n7', silent=True, user_expressions={"a": "1 + 1"})
        self.assertEqual(cell.states, ["busy", "idle"])
        self.assertEqual(len(cell.messages), 2)
        self.assertEqual(cell.content["user_expressions"]["a"]["data"]["text/plain"], "2")
        self.assertEqual(self.c.run("nosuchname", silent=True).status, "error")

    def test_error(self):
        cell = self.c.run("a := 1\nb := 2\nvar s []int; fmt.Println(s[5+a-b])")
        error = cell.of("error")[0]
        self.assertEqual(cell.status, "error")
        for key in ("ename", "evalue", "traceback"):
            self.assertEqual(error[key], cell.content[key])
        self.assertIsInstance(error["traceback"], list)
        self.assertRegex("\n".join(error["traceback"]), r":3:\d+: .*index out of range")

    def test_user_expressions(self):
        self.c.run("ue := 41")
        cell = self.c.run("0", user_expressions={"ok": "ue + 1", "bad": "nosuch", "no": "x := 1"})
        values = cell.content["user_expressions"]
        self.assertEqual(values["ok"]["status"], "ok")
        self.assertEqual(values["ok"]["data"]["text/plain"], "42")
        self.assertEqual(values["ok"]["metadata"], {})
        for name in ("bad", "no"):
            self.assertEqual(values[name]["status"], "error")
            self.assertTrue({"ename", "evalue", "traceback"} <= set(values[name]))

    def test_stop_on_error(self):
        cells = [self.c.submit(code) for code in ('panic("first")', "aborted := 1", "2 + 2")]
        info = self.c.send("kernel_info_request")
        for cell in cells + [info]:
            self.c.finish(cell)
        self.assertEqual([c.status for c in cells], ["error"] * 3)
        self.assertEqual(cells[1].content["ename"], "Aborted")
        self.assertEqual(cells[1].content["traceback"], [])
        self.assertEqual(cells[1].states, ["busy", "idle"])
        self.assertEqual(cells[1].of("execute_input"), [])
        self.assertEqual(info.status, "ok")
        self.assertEqual(self.c.run("2 + 2").result, "4")
        self.assertEqual(self.c.run("aborted").status, "error")

    def test_no_stop_on_error(self):
        cells = [self.c.submit(code, stop_on_error=False) for code in ('panic("first")', "2 + 2")]
        for cell in cells:
            self.c.finish(cell)
        self.assertEqual([c.status for c in cells], ["error", "ok"])

    def test_queue_keeps_order(self):
        cells = [self.c.submit("%d + 0" % i) for i in range(100)]
        for i, cell in enumerate(cells):
            self.assertEqual(self.c.finish(cell).result, str(i))
        ends = [cell.idle_at for cell in cells]
        self.assertEqual(ends, sorted(ends))

    def test_execute_on_control(self):
        cell = self.c.run("1 + 1", channel="control")
        self.assertEqual((cell.result, cell.channel), ("2", "control"))

    # Outputs

    def test_streams_keep_order(self):
        cell = self.c.run('for i := 0; i < 20; i++ { fmt.Println("o", i); fmt.Fprintln(os.Stderr, "e", i) }')
        got = "".join(c["text"] for c in cell.of("stream"))
        self.assertEqual(got, "".join("o %d\ne %d\n" % (i, i) for i in range(20)))

    def test_many_lines(self):
        start = time.monotonic()
        cell = self.c.run('for i := 0; i < 10000; i++ { fmt.Println("line", i) }')
        said("10 000 lines in %d messages" % len(cell.of("stream")), start)
        self.assertEqual(cell.text(), "".join("line %d\n" % i for i in range(10000)))
        self.assertLessEqual(len(cell.of("stream")), 20)

    def test_long_line(self):
        cell = self.c.run('fmt.Print(strings.Repeat("xü", 500000))')
        self.assertEqual(cell.text(), "xü" * 500000)
        self.assertLessEqual(max(len(c["text"].encode()) for c in cell.of("stream")), 65536)

    def test_first_output_is_not_held_back(self):
        cell = self.c.submit('fmt.Println("early")\ntime.Sleep(2 * time.Second)')
        self.c.until(lambda: cell.text())
        self.assertIsNone(cell.reply)
        self.c.finish(cell)

    def test_progress_is_collapsed(self):
        cell = self.c.run('for i := 0; i < 20000; i++ { fmt.Printf("\\r%5d", i) }\nfmt.Println()')
        self.assertTrue(cell.text().endswith("\r19999\n"), cell.text()[-40:])
        self.assertLess(len(cell.text()), 20000)

    def test_too_much_output(self):
        cell = self.c.run('l := strings.Repeat("y", 99) + "\\n"\nfor i := 0; i < 120000; i++ { fmt.Print(l) }')
        self.assertEqual(cell.status, "ok")
        self.assertLess(len(cell.text()), 9 << 20)
        path = re.search(r"the rest is in (\S+)\]", cell.text("stderr"))
        self.assertTrue(path, cell.text("stderr")[:200])
        self.addCleanup(os.remove, path[1])
        self.assertEqual(len(cell.text()) + os.path.getsize(path[1]), 120000 * 100)

    def test_display_and_update(self):
        cell = self.c.run('h := display.Show(display.HTML("<i>one</i>"))\nfmt.Println("between")\n_ = h.Update(display.HTML("<i>two</i>"))')
        kinds = [m["msg_type"] for m in cell.messages if m["msg_type"] not in ("status", "execute_input")]
        self.assertEqual(kinds, ["display_data", "stream", "update_display_data"])
        shown, updated = cell.of("display_data")[0], cell.of("update_display_data")[0]
        self.assertTrue(shown["transient"]["display_id"])
        self.assertEqual(updated["transient"]["display_id"], shown["transient"]["display_id"])
        self.assertIn("two", updated["data"]["text/html"])
        self.assertEqual(shown["metadata"], {})

    def test_update_from_another_cell(self):
        shown = self.c.run('later := display.Show(display.HTML("<i>1</i>"))').of("display_data")[0]
        updated = self.c.run('later.Update(display.HTML("<i>2</i>"))').of("update_display_data")[0]
        self.assertEqual(updated["transient"], shown["transient"])

    def test_clear_output(self):
        cell = self.c.run('fmt.Println("before")\ndisplay.Clear(true)\n_, _ = fmt.Println("after")')
        kinds = [m["msg_type"] for m in cell.messages if m["msg_type"] not in ("status", "execute_input")]
        self.assertEqual(kinds, ["stream", "clear_output", "stream"])
        self.assertEqual(cell.of("clear_output"), [{"wait": True}])

    def test_json_is_json(self):
        cell = self.c.run('display.JSON(map[string]int{"a": 1})')
        self.assertEqual(cell.of("execute_result")[0]["data"]["application/json"], {"a": 1})

    def test_nan(self):
        self.assertEqual(self.c.run('import "math"\nmath.NaN()').result, "NaN")

    def test_late_output_belongs_to_its_cell(self):
        cell = self.c.run('go func() { time.Sleep(400 * time.Millisecond); fmt.Println("late") }()')
        other = self.c.run("time.Sleep(700 * time.Millisecond)")
        self.c.until(lambda: "late" in cell.text() + other.text(), what="late output")
        self.assertIn("late", cell.text())

    # Introspection, completion, completeness

    def test_unicode_cursor(self):
        code = 'u := "😀😀é"; fmt.Printl'
        reply = self.c.ask("complete_request", dict(code=code, cursor_pos=len(code))).content
        self.assertIn("Println", [m.rsplit(".")[-1] for m in reply["matches"]])
        whole = code[: reply["cursor_start"]] + reply["matches"][0] + code[reply["cursor_end"] :]
        self.assertEqual(whole, 'u := "😀😀é"; fmt.Println')
        self.assertEqual(reply["metadata"]["_jupyter_types_experimental"][0]["type"], "function")

    def test_complete_in_the_middle(self):
        code = "fmt.Printl + 1"
        reply = self.c.ask("complete_request", dict(code=code, cursor_pos=10)).content
        self.assertEqual(code[: reply["cursor_start"]] + reply["matches"][0] + code[reply["cursor_end"] :], "fmt.Println + 1")

    def test_inspect(self):
        for level in (0, 1):
            reply = self.c.ask("inspect_request", dict(code="fmt.Println", cursor_pos=6, detail_level=level)).content
            self.assertTrue(reply["found"])
            self.assertIn("Println", reply["data"]["text/plain"])
        reply = self.c.ask("inspect_request", dict(code="nosuchname", cursor_pos=3, detail_level=0)).content
        self.assertEqual(reply, {"status": "ok", "found": False, "data": {}, "metadata": {}})

    def test_answers_while_a_cell_runs(self):
        running = self.c.started("for {}")
        start = time.monotonic()
        self.assertTrue(self.c.ask("complete_request", dict(code="fmt.Printl", cursor_pos=10)).content["matches"])
        self.assertTrue(self.c.ask("inspect_request", dict(code="fmt.Println", cursor_pos=6, detail_level=0)).content["found"])
        self.assertEqual(self.c.ask("is_complete_request", dict(code="func f() {")).status, "incomplete")
        self.assertEqual(self.c.ask("history_request", dict(output=False, raw=True, hist_access_type="tail", n=1)).status, "ok")
        for channel in ("shell", "control"):
            info = self.c.ask("kernel_info_request", channel=channel)
            self.assertEqual((info.status, info.channel), ("ok", channel))
        said("six answers while a cell runs", start)
        self.assertIsNone(running.reply)
        self.c.ask("interrupt_request", channel="control")
        self.assertEqual(self.c.finish(running).status, "error")

    def test_is_complete_closes_what_is_not_open(self):
        self.assertEqual(self.c.ask("is_complete_request", dict(code="func ) {")).status, "invalid")

    # History

    def test_history_records(self):
        mark = "history%s := 1" % uuid.uuid4().hex
        n = self.c.run(mark).content["execution_count"]
        self.c.run("hidden1 := 1", store_history=False)
        self.c.run("hidden2 := 1", silent=True)
        ask = lambda **kw: self.c.ask("history_request", dict(dict(output=False, raw=True), **kw)).content["history"]
        self.assertEqual([h[2] for h in ask(hist_access_type="tail", n=1)], [mark])
        self.assertEqual([h[1:] for h in ask(hist_access_type="range", session=0, start=n, stop=n + 1)], [[n, mark]])
        self.assertEqual([h[2] for h in ask(hist_access_type="search", pattern="*hidden*")], [])
        self.assertEqual(ask(hist_access_type="search", pattern=mark[:-3] + "*", output=True)[0][2], [mark, None])

    # Kernel info, comms, debugger, unknown

    def test_kernel_info(self):
        info = self.c.ask("kernel_info_request").content
        self.assertEqual(info["protocol_version"], "5.5")
        for key in ("name", "version", "mimetype", "file_extension", "pygments_lexer", "codemirror_mode"):
            self.assertTrue(info["language_info"][key], key)
        self.assertEqual(info["debugger"], False)
        self.assertIsInstance(info["supported_features"], list)
        self.assertNotIn("debugger", info["supported_features"])

    def test_comms(self):
        self.assertEqual(self.c.ask("comm_info_request").content, {"status": "ok", "comms": {}})
        cell = self.c.send("comm_open", dict(comm_id="c1", target_name="nosuch", data={}))
        self.c.until(lambda: cell.idle_at)
        self.assertEqual(cell.of("comm_close"), [{"comm_id": "c1", "data": {}}])
        cell = self.c.send("comm_msg", dict(comm_id="c1", data={}))
        self.c.until(lambda: cell.idle_at)

    def test_debug_info(self):
        reply = self.c.ask("debug_request", dict(type="request", seq=7, command="debugInfo"), "control").content
        self.assertEqual((reply["type"], reply["request_seq"], reply["success"]), ("response", 7, True))
        self.assertEqual((reply["body"]["isStarted"], reply["body"]["breakpoints"]), (False, []))
        self.assertFalse(self.c.ask("debug_request", dict(type="request", seq=8, command="attach"), "control").content["success"])

    def test_unknown_messages(self):
        self.assertEqual(self.c.ask("nosuch_request").status, "error")
        cell = self.c.send("nosuch")
        self.c.until(lambda: cell.idle_at)
        self.assertEqual(self.c.ask("execute_request", dict(code=5)).status, "error")
        self.assertEqual(self.c.ask("complete_request", dict(code="x", cursor_pos=-7)).status, "ok")
        self.assertEqual(self.c.run("1").status, "ok")

    def test_unknown_subshell(self):
        self.assertEqual(self.c.ask("kernel_info_request", subshell_id="nosuch").status, "error")

    # Interrupt

    def interrupt(self, code, channel="control"):
        self.c.run("kept := 41")
        cell = self.c.started(code)
        start = time.monotonic()
        reply = self.c.ask("interrupt_request", channel=channel)
        self.assertEqual(reply.content, {"status": "ok"})
        self.c.finish(cell)
        said("interrupt of %r to idle" % code, start)
        self.assertEqual(cell.status, "error")
        self.assertEqual(self.c.run("kept + 1").result, "42")

    def test_interrupt_busy(self):
        self.interrupt("for {}")

    def test_interrupt_sleep(self):
        self.interrupt("time.Sleep(time.Minute)")

    def test_interrupt_channel(self):
        self.interrupt("<-make(chan int)")

    def test_interrupt_output(self):
        self.interrupt('for { fmt.Println("flood") }')

    def test_interrupt_both_streams(self):
        self.interrupt('for { fmt.Println("o"); fmt.Fprintln(os.Stderr, "e") }')

    def test_interrupt_idle(self):
        self.assertEqual(self.c.ask("interrupt_request", channel="control").status, "ok")
        self.assertEqual(self.c.run("1").status, "ok")

    def test_interrupt_by_signal(self):
        cell = self.c.started("for {}")
        self.c.process.send_signal(signal.SIGINT)
        self.assertEqual(self.c.finish(cell).status, "error")

    def test_interrupt_aborts_the_queue(self):
        cell = self.c.started("for {}")
        waiting = self.c.submit("1")
        self.c.ask("interrupt_request", channel="control")
        self.assertEqual(self.c.finish(waiting).content["ename"], "Aborted")
        self.c.finish(cell)

    # Stdin

    def answer(self, request, value, parent=True):
        m = self.c.kc.session.msg("input_reply", dict(value=value, status="ok"))
        if parent:
            m["parent_header"] = request["header"]
        self.c.kc.stdin_channel.send(m)

    def test_input(self):
        for parent in (True, False):
            cell = self.c.submit('fmt.Println("before")\ns := display.Input("name? ")\nfmt.Println("hi " + s)', allow_stdin=True)
            self.c.until(lambda: cell.inputs, what="input_request")
            self.assertEqual(cell.text(), "before\n")
            self.assertEqual(cell.inputs[0]["content"], {"prompt": "name? ", "password": False})
            self.answer(cell.inputs[0], "Ada", parent)
            self.assertIn("hi Ada", self.c.finish(cell).text())

    def test_password(self):
        cell = self.c.submit('len(display.Password("secret: "))', allow_stdin=True)
        self.c.until(lambda: cell.inputs, what="input_request")
        self.assertEqual(cell.inputs[0]["content"], {"prompt": "secret: ", "password": True})
        self.answer(cell.inputs[0], "12345")
        self.assertEqual(self.c.finish(cell).result, "5")

    def test_stale_input(self):
        cell = self.c.submit('display.Input("one")', allow_stdin=True)
        self.c.until(lambda: cell.inputs, what="input_request")
        self.c.ask("interrupt_request", channel="control")
        self.assertEqual(self.c.finish(cell).status, "error")
        self.answer(cell.inputs[0], "late")
        again = self.c.submit('line := display.Input("two")\nline', allow_stdin=True)
        self.c.until(lambda: again.inputs, what="input_request")
        self.answer(cell.inputs[0], "later")
        self.answer(again.inputs[0], "right")
        self.assertEqual(self.c.finish(again).result, "right")

    def test_no_input(self):
        cell = self.c.run('display.Input("?")', allow_stdin=False)
        self.assertEqual((cell.status, cell.inputs), ("error", []))

    def test_scan(self):
        cell = self.c.submit('var word string\nfmt.Print("word? ")\nfmt.Scanln(&word)\nfmt.Println("got " + word)', allow_stdin=True)
        self.c.until(lambda: cell.inputs or cell.reply, what="input_request")
        self.assertTrue(cell.inputs, "the cell ended without asking")
        self.answer(cell.inputs[0], "Ada")
        self.assertIn("got Ada", self.c.finish(cell).text())

    # What must not end the kernel

    def test_goroutine_panic(self):
        cell = self.c.run('go func() { panic("threadboom") }()\ntime.Sleep(200 * time.Millisecond)')
        self.assertEqual(cell.status, "error")
        self.assertIn("threadboom", cell.content["evalue"])

    def test_exit(self):
        self.c.run("stays := 1")
        self.assertEqual(self.c.run("os.Exit(3)").status, "error")
        self.assertEqual(self.c.run("stays").result, "1")

    def test_bad_signature(self):
        import zmq
        info = self.c.km.get_connection_info()
        s = zmq.Context.instance().socket(zmq.DEALER)
        s.connect("tcp://%s:%d" % (info["ip"], info["shell_port"]))
        session = type(self.c.kc.session)(key=b"another key")
        parts = session.serialize(session.msg("execute_request", dict(code='os.Exit(9)')))
        s.send_multipart(parts)
        s.send_multipart([b"garbage"])
        s.send_multipart([b"<IDS|MSG>", b"", b"{", b"{", b"{", b"{"])
        self.assertEqual(s.poll(300), 0)
        good = self.c.kc.session.serialize(self.c.kc.session.msg("kernel_info_request"))
        s.send_multipart(good)
        self.assertNotEqual(s.poll(5000), 0)
        s.recv_multipart()
        s.send_multipart(good)  # replayed
        self.assertEqual(s.poll(300), 0)
        s.close(0)
        self.assertEqual(self.c.run("1").status, "ok")

    def test_heartbeat_while_busy(self):
        import zmq
        info = self.c.km.get_connection_info()
        cell = self.c.started("for {}")
        s = zmq.Context.instance().socket(zmq.REQ)
        s.connect("tcp://%s:%d" % (info["ip"], info["hb_port"]))
        s.send(b"beat\x00\xff")
        self.assertNotEqual(s.poll(5000), 0)
        self.assertEqual(s.recv(), b"beat\x00\xff")
        s.close(0)
        self.c.ask("interrupt_request", channel="control")
        self.c.finish(cell)

    def test_silent_peer(self):
        info = self.c.km.get_connection_info()
        quiet = [socket.create_connection((info["ip"], info[name + "_port"])) for name in ("shell", "iopub", "control", "hb", "stdin")]
        self.assertEqual(self.c.run("1").status, "ok")
        other = self.c.km.client()
        other.start_channels()
        other.wait_for_ready(timeout=TIMEOUT)
        other.stop_channels()
        for s in quiet:
            s.close()


class Life(unittest.TestCase):
    """Deaths, restarts and ends, each on a kernel of its own."""

    def setUp(self):
        self.c = Client()
        self.addCleanup(self.c.close)

    def test_killed_worker(self):
        for _ in range(5):
            self.assertEqual(self.c.run("x := 1").status, "ok")
            cell = self.c.started("for {}")
            self.c.worker.kill()
            self.c.finish(cell)
            self.assertEqual((cell.status, cell.content["ename"]), ("error", "WorkerError"))
            self.assertEqual(self.c.run("1 + 1").result, "2")
            self.assertEqual(self.c.run("x").status, "error")
        self.assertTrue(self.c.km.is_alive())

    def test_killed_while_idle(self):
        self.c.run("1")
        self.c.worker.kill()
        time.sleep(0.3)
        self.assertEqual(self.c.run("1 + 1").result, "2")

    def test_shutdown(self):
        self.c.run("1")
        family = [self.c.process] + self.c.process.children(recursive=True)
        start = time.monotonic()
        cell = self.c.send("shutdown_request", dict(restart=False), "control")
        self.c.until(lambda: cell.reply and cell.of("shutdown_reply"), what="shutdown_reply")
        gone, alive = psutil.wait_procs(family, 5)
        said("shutdown", start)
        self.assertEqual(cell.content, {"status": "ok", "restart": False})
        self.assertEqual(alive, [])

    def test_shutdown_while_busy(self):
        self.c.started("for {}")
        family = [self.c.process] + self.c.process.children(recursive=True)
        self.c.send("shutdown_request", dict(restart=True), "control")
        self.assertEqual(psutil.wait_procs(family, 5)[1], [])

    def test_terminated(self):
        self.c.started("for {}")
        family = [self.c.process] + self.c.process.children(recursive=True)
        self.c.process.terminate()
        self.assertEqual(psutil.wait_procs(family, 5)[1], [])

    def test_killed_leaves_no_orphan(self):
        self.c.started("for {}")
        worker = self.c.worker
        self.c.process.kill()
        self.assertEqual(psutil.wait_procs([worker], 5)[1], [])

    def test_restart_is_another_session(self):
        first = self.c.run("x := 1").reply["header"]["session"]
        self.c.km.restart_kernel(now=False)
        self.c.kc.wait_for_ready(timeout=TIMEOUT)
        cell = self.c.run("x")
        self.assertEqual(cell.status, "error")
        self.assertEqual(cell.content["execution_count"], 1)
        self.assertNotEqual(cell.reply["header"]["session"], first)

    def test_history_outlives_the_kernel(self):
        mark = "outlives%s := 1" % uuid.uuid4().hex
        self.c.run(mark)
        self.c.km.restart_kernel(now=False)
        self.c.kc.wait_for_ready(timeout=TIMEOUT)
        ask = lambda **kw: self.c.ask("history_request", dict(dict(output=False, raw=True), **kw)).content["history"]
        self.assertIn(mark, [h[2] for h in ask(hist_access_type="tail", n=3)])
        self.assertEqual([h[2] for h in ask(hist_access_type="range", session=-1, start=1)], [mark])

    def test_address_in_use(self):
        """Clients choose ports before kernels bind them."""
        km = KernelManager(kernel_name="graft")
        km.write_connection_file()
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((km.ip, km.shell_port))
        s.listen()
        km.start_kernel()
        self.addCleanup(km.shutdown_kernel, now=True)
        time.sleep(0.5)
        s.close()
        kc = km.client()
        kc.start_channels()
        self.addCleanup(kc.stop_channels)
        kc.wait_for_ready(timeout=TIMEOUT)


class Hostile(unittest.TestCase):
    """Sick and hostile peers cost only themselves."""

    def setUp(self):
        self.c = Client()
        self.addCleanup(self.c.close)
        self.c.run('import ("fmt"; "strings")')
        self.info = self.c.km.get_connection_info()
        self.ports = [self.info[name + "_port"] for name in ("shell", "control", "stdin", "iopub", "hb")]
        self.fds = self.c.process.num_fds()

    def connect(self, port, data=b""):
        s = socket.create_connection((self.info["ip"], port))
        s.sendall(data)
        return s

    def answers(self):
        """Both channels answer; how fast is told."""
        worst = 0
        for channel in ("shell", "control"):
            start = time.monotonic()
            self.assertEqual(self.c.ask("kernel_info_request", channel=channel).status, "ok")
            worst = max(worst, time.monotonic() - start)
        return worst

    def calm(self):
        """Nothing stays behind."""
        end = time.monotonic() + 15
        while self.c.process.num_fds() > self.fds + 2:
            self.assertLess(time.monotonic(), end, "%d open files, %d before" % (self.c.process.num_fds(), self.fds))
            time.sleep(0.1)
        self.assertEqual(self.c.run("1 + 1").result, "2")

    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48)
    dealer = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"

    def test_thousand_connections(self):
        worst = 0
        for i in range(1000):
            s = self.connect(self.ports[i % 5], (self.greeting + self.dealer)[: i % 100])
            if i % 100 == 0:
                worst = max(worst, self.answers())
            s.close()
        print("worst kernel_info: %.0f ms" % (worst * 1000), file=sys.stderr)
        self.calm()

    def test_half_open(self):
        peers = [self.connect(port, self.greeting[: 8 * k]) for port in self.ports for k in range(8)]
        print("worst kernel_info: %.0f ms" % (self.answers() * 1000), file=sys.stderr)
        other = self.c.km.client()
        other.start_channels()
        other.wait_for_ready(timeout=TIMEOUT)
        other.stop_channels()
        for s in peers:
            s.close()
        self.calm()

    def test_bad_frames(self):
        for tail in (b"\x02\x7f" + b"\xff" * 7, b"\xf0\x01x", b"\x01\x00" * 10000, b"\x04\x00", b"\x00\xc8x", b"garbage" * 1000,
                     b"\x01\x09<IDS|MSG>" + b"\x01\x00" * 4 + b"\x00\x00"):
            for port in self.ports:
                s = self.connect(port, self.greeting + self.dealer)
                try:
                    s.sendall(tail)
                except OSError:
                    pass  # it hung up, as it may
                s.close()
            self.answers()
        self.calm()

    def test_stalled_subscriber(self):
        subscriber = self.greeting + b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB" + b"\x00\x01\x01"
        s = self.connect(self.info["iopub_port"], subscriber)
        time.sleep(0.2)
        for _ in range(4):
            cell = self.c.submit('for i := 0; i < 60000; i++ { fmt.Println(strings.Repeat("z", 99)) }')
            worst = 0
            while not (cell.reply and cell.idle_at):
                worst = max(worst, self.answers())
                self.c.pump(0.01)
            self.assertEqual(len(cell.text()), 6000000)
            print("worst kernel_info: %.0f ms" % (worst * 1000), file=sys.stderr)
        self.assertLess(self.c.process.memory_info().rss, 300 << 20)
        s.close()
        self.calm()
