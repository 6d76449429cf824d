"""The messages of the specification one by one: their fields' meanings, their order, what they must not do. Schemas are checked for
every message of every test (schemas.py)."""
import time
import unittest
import uuid

import zmq

from front import TIMEOUT, Cell, Client


def kinds(cell):
    return [m["msg_type"] for m in cell.messages if m["msg_type"] != "status"]


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.c = Client()
        assert cls.c.run('import ("fmt"; "math"; "os"; "os/exec"; "strings"; "time"; "syscall"; "bufio"; "graft/stdlib/display")').status == "ok"

    @classmethod
    def tearDownClass(cls):
        cls.c.close()

    def count(self):
        """The counter, as the specification says front ends get it: empty code, silent."""
        return self.c.run("", silent=True).content["execution_count"]

    def history(self, **kw):
        return self.c.ask("history_request", dict(dict(output=False, raw=True, hist_access_type="tail", n=100), **kw)).content["history"]

    # execute_request

    def test_silent_and_store_history(self):
        for silent, store, counted in ((False, True, 1), (False, False, 0), (True, True, 0), (True, False, 0)):
            with self.subTest(silent=silent, store_history=store):
                before, mark = self.count(), "mark%s := 1\nmark0 := 2\nmark0" % uuid.uuid4().hex
                cell = self.c.run(mark, silent=silent, store_history=store)
                self.assertEqual(cell.content["execution_count"], before + counted)
                self.assertEqual(self.count(), before + counted)
                self.assertEqual(kinds(cell), [] if silent else ["execute_input", "execute_result"])
                for m in cell.of("execute_input") + cell.of("execute_result"):
                    self.assertEqual(m["execution_count"], before + counted)
                self.assertEqual(mark in [h[2] for h in self.history()], bool(counted))

    def test_defaults(self):
        """Only the code is there."""
        before = self.count()
        cell = self.c.ask("execute_request", dict(code="40 + 2"))
        self.assertEqual((cell.result, cell.content["execution_count"]), ("42", before + 1))
        cell = self.c.ask("execute_request", dict(code="40 + 2", silent=True))
        self.assertEqual((kinds(cell), cell.content["execution_count"]), ([], before + 1))

    def test_unknown_fields(self):
        cell = self.c.ask("execute_request", dict(code="1", nosuch=[1], user_expressions=None), nosuch={"a": None})
        self.assertEqual((cell.result, cell.reply["parent_header"]["nosuch"]), ("1", {"a": None}))

    def test_code_comes_back(self):
        code = "// 😀 \u2028 \\ \"\n\tfmt.Print(`ü`)\r\n"
        self.assertEqual(self.c.run(code).of("execute_input")[0]["code"], code)

    def test_order_of_a_cell(self):
        cell = self.c.run('fmt.Print("a")\nfmt.Fprint(os.Stderr, "b")\ndisplay.Show(display.HTML("<i>c</i>"))\nfmt.Print("d")\n"e"')
        self.assertEqual(cell.states, ["busy", "idle"])
        self.assertEqual(kinds(cell), ["execute_input", "stream", "stream", "display_data", "stream", "execute_result"])
        self.assertEqual([m["msg_type"] for m in cell.messages][::len(cell.messages) - 1], ["status", "status"])

    def test_order_of_a_failure(self):
        cell = self.c.run('fmt.Print("a")\npanic("b")')
        self.assertEqual(kinds(cell), ["execute_input", "stream", "error"])
        self.assertEqual({k: cell.content[k] for k in ("ename", "evalue", "traceback")}, cell.of("error")[0])

    def test_silent_failure(self):
        """It is quiet, and aborts nothing."""
        cells = [self.c.submit('fmt.Println("x")\npanic("quiet")', silent=True), self.c.submit("1 + 1")]
        for cell in cells:
            self.c.finish(cell)
        self.assertEqual((cells[0].status, kinds(cells[0])), ("error", []))
        self.assertEqual(cells[1].result, "2")

    def test_silent_cell_is_busy_at_once(self):
        cell = self.c.submit("time.Sleep(time.Second)", silent=True)
        self.c.until(lambda: cell.states == ["busy"], what="busy")
        self.assertIsNone(cell.reply)
        self.c.finish(cell)

    def test_user_expressions(self):
        cell = self.c.run("m := 3", user_expressions={"a": "m * 2", "b": 'display.HTML("<b>x</b>")', "c": "nosuch", "d": 'panic("x")', "e": ""})
        values = cell.content["user_expressions"]
        self.assertEqual(values["a"]["data"]["text/plain"], "6")
        self.assertEqual(values["b"]["data"]["text/html"], "<b>x</b>")
        self.assertEqual([values[k]["status"] for k in "cde"], ["error"] * 3)
        self.assertEqual((cell.status, kinds(cell)), ("ok", ["execute_input"]))
        self.assertEqual(self.c.run('panic("x")', user_expressions={"a": "1"}).content.get("user_expressions"), None)

    def test_aborted_cells(self):
        """Only those of execute_request are aborted; none of them is run, or counted."""
        before = self.count()
        first = self.c.submit('time.Sleep(300 * time.Millisecond)\npanic("first")')
        waiting = [self.c.submit("never%d := 1" % i, store_history=bool(i % 2)) for i in range(5)]
        others = [self.c.send("complete_request", dict(code="fmt.", cursor_pos=4)), self.c.send("is_complete_request", dict(code="1")),
                  self.c.send("history_request", dict(hist_access_type="tail", n=1)), self.c.send("comm_info_request")]
        for cell in [first] + waiting + others:
            self.c.finish(cell)
        self.assertEqual([c.content["ename"] for c in waiting], ["Aborted"] * 5)
        self.assertEqual([(c.states, kinds(c)) for c in waiting], [(["busy", "idle"], [])] * 5)
        self.assertEqual([c.status for c in others], ["ok", "complete", "ok", "ok"])
        self.assertEqual(self.count(), before + 1)
        self.assertEqual(self.c.run("never0").status, "error")

    def test_an_aborted_queue_is_no_longer_aborting(self):
        for _ in range(5):
            self.assertEqual(self.c.run('panic("x")').status, "error")
            self.assertEqual(self.c.run("1 + 1").result, "2")

    def test_same_request_twice(self):
        """A recorded message does not work twice."""
        message = self.c.kc.session.msg("execute_request", dict(code="1", silent=False))
        self.c.cells[message["header"]["msg_id"]] = cell = Cell()
        self.c.kc.shell_channel.socket.send_multipart(frames := self.c.kc.session.serialize(message))
        self.c.finish(cell)
        self.c.kc.shell_channel.socket.send_multipart(frames)
        self.assertEqual(self.c.run("2").result, "2")  # cell would have got a second reply

    # What cells write

    def test_bytes(self):
        for code, want in (
            ('os.Stdout.Write([]byte{0xc3})\ntime.Sleep(100 * time.Millisecond)\nos.Stdout.Write([]byte{0xa9})\nfmt.Print("!")', "é!"),
            ('os.Stdout.Write([]byte{97, 0xff, 98})\nfmt.Print("!")', "a\ufffdb!"),
            ('fmt.Print("a\\x00b\\x1b[31mc\\u2028")', "a\x00b\x1b[31mc\u2028"),
            ('syscall.Write(1, []byte("raw"))\nnil', "raw"),
            ('c := exec.Command("echo", "child")\nc.Stdout = os.Stdout\nc.Run()', "child\n"),
            ("!echo shell", "shell\n"),
        ):
            cell = self.c.run(code)
            self.assertEqual((cell.status, cell.text()), ("ok", want), code)

    def test_raw_output_between_cells(self):
        """What a subprocess writes after its cell has ended is not lost."""
        cell = self.c.run('late := exec.Command("sh", "-c", "sleep 0.5; echo late")\nlate.Stdout = os.Stdout\nlate.Start()')
        self.c.until(lambda: "late" in cell.text(), what="late output")

    def test_numbers_that_json_has_not(self):
        for code, want in (("math.NaN()", "NaN"), ("math.Inf(-1)", "-Inf"), ("[]float64{math.NaN()}", "[NaN]")):
            self.assertEqual(self.c.run(code).result, want)

    def test_megabyte(self):
        cell = self.c.run('display.Show(display.HTML(strings.Repeat("é<", 1<<19)))\nstrings.Repeat("x", 1<<20)')
        self.assertEqual(cell.of("display_data")[0]["data"]["text/html"], "é<" * (1 << 19))
        self.assertEqual(cell.result, "x" * (1 << 20))

    # Payloads

    def test_page(self):
        page = self.c.run("strings.ToUpper?").content["payload"][0]
        self.assertEqual((page["source"], page["start"]), ("page", 0))
        self.assertIn("ToUpper", page["data"]["text/plain"])
        self.c.run("// double doubles.\nfunc double(x int) int { return 2 * x }")
        for mark, found in (("?", False), ("??", True)):
            page = self.c.run("double" + mark).content["payload"][0]
            self.assertEqual("return 2 * x" in page["data"]["text/plain"], found)
        self.assertEqual(self.c.run("nosuch?").status, "error")

    def test_set_next_input(self):
        self.c.run('%%writefile loaded.go\nloaded := 41\nloaded + 1\n')
        payload = self.c.run("%load loaded.go").content["payload"]
        self.assertEqual([(p["source"], p["replace"]) for p in payload], [("set_next_input", True)])
        self.assertEqual(self.c.run(payload[0]["text"]).result, "42")
        self.assertEqual(self.c.run("%load nosuch.go").status, "error")

    # Introspection, completion

    def test_detail_level(self):
        self.c.run("// triple triples.\nfunc triple(x int) int { return 3 * x }")
        for level in (0, 1):
            text = self.c.ask("inspect_request", dict(code="triple", cursor_pos=3, detail_level=level)).content["data"]["text/plain"]
            self.assertIn("triple triples.", text)
            self.assertEqual("return 3 * x" in text, level == 1)

    def test_positions_are_code_points(self):
        code = '"😀é" + strings.ToUppe'
        reply = self.c.ask("complete_request", dict(code=code, cursor_pos=len(code))).content
        self.assertEqual((reply["cursor_end"], code[:reply["cursor_start"]] + reply["matches"][0]), (len(code), '"😀é" + strings.ToUpper'))
        reply = self.c.ask("inspect_request", dict(code=code + "r", cursor_pos=len(code) - 2, detail_level=0)).content
        self.assertIn("ToUpper", reply["data"]["text/plain"])

    def test_positions_anywhere(self):
        code = "x😀 := fmt.Spr(\n\"é"
        for position in range(-1, len(code) + 3):
            reply = self.c.ask("complete_request", dict(code=code, cursor_pos=position)).content
            self.assertTrue(0 <= reply["cursor_start"] <= reply["cursor_end"] <= len(code), reply)
            self.assertEqual(self.c.ask("inspect_request", dict(code=code, cursor_pos=position, detail_level=0)).status, "ok")

    def test_nothing_to_complete(self):
        reply = self.c.ask("complete_request", dict(code="nosuchprefix", cursor_pos=12)).content
        self.assertEqual((reply["matches"], reply["cursor_end"]), ([], 12))

    def test_is_complete(self):
        for code, want in (("", "complete"), ("1", "complete"), ("%who", "complete"), ("fmt?", "complete"), ("!ls", "complete"), ("if true {", "incomplete"),
                           ("x := `a", "incomplete"), ("f(1,", "incomplete"), ("/* a", "incomplete"), (")", "invalid"), ("x := = 1", "invalid")):
            self.assertEqual(self.c.ask("is_complete_request", dict(code=code)).status, want, code)

    # History

    def test_history(self):
        mark = uuid.uuid4().hex
        sources = ["// %s %s" % (mark, x) for x in "aabc"]
        numbers = [self.c.run(s).content["execution_count"] for s in sources]
        self.assertEqual([h[2] for h in self.history(n=3)], sources[1:])
        self.assertEqual(self.history(n=0), [])
        self.assertEqual([h[1:] for h in self.history(hist_access_type="range", session=0, start=numbers[1], stop=numbers[3])], [[n, s] for n, s in zip(numbers[1:3], sources[1:3])])
        self.assertEqual([h[2] for h in self.history(hist_access_type="search", pattern="*%s*" % mark)], sources)
        self.assertEqual([h[2] for h in self.history(hist_access_type="search", pattern="*%s ?" % mark, n=2)], sources[2:])
        unique = [h[2] for h in self.history(hist_access_type="search", pattern="*%s*" % mark, unique=True)]
        self.assertEqual(sorted(unique), sorted(set(sources)))
        self.assertEqual(self.history(hist_access_type="search", pattern="%s" % mark), [])
        self.c.run("%s + 1" % 7)
        self.assertEqual(self.history(n=1, output=True)[0][2], ["7 + 1", "8"])

    # Control, iopub

    def test_requests_on_control(self):
        running = self.c.started("for {}")
        for kind, content in (("kernel_info_request", {}), ("connect_request", {}), ("comm_info_request", {}), ("list_subshell_request", {}),
                              ("complete_request", dict(code="fmt.", cursor_pos=4)), ("is_complete_request", dict(code="1"))):
            cell = self.c.ask(kind, content, "control", limit=5)
            self.assertEqual((cell.channel, cell.states), ("control", ["busy", "idle"]))
        self.c.ask("interrupt_request", channel="control")
        self.c.finish(running)

    def test_kernel_info_features(self):
        info = self.c.ask("kernel_info_request").content
        self.assertEqual(info["supported_features"], ["kernel subshells"])
        self.assertEqual((info["implementation"], info["language_info"]["name"]), ("graft", "go"))

    def test_welcome(self):
        """Every subscription is greeted, before anything else is sent to it."""
        info, session = self.c.km.get_connection_info(), self.c.kc.session
        for topic in (b"", b"kernel.", b"no such topic \xc3\xa9"):
            s = zmq.Context.instance().socket(zmq.SUB)
            s.connect("tcp://%s:%d" % (info["ip"], info["iopub_port"]))
            s.subscribe(topic)
            self.assertNotEqual(s.poll(TIMEOUT * 1000), 0)
            frames = s.recv_multipart()
            idents, rest = session.feed_identities(frames)
            m = session.deserialize(rest)
            self.assertEqual((idents, m["msg_type"], m["content"], m["parent_header"]), ([topic], "iopub_welcome", {"subscription": topic.decode()}, {}))
            s.close(0)

    def test_two_front_ends(self):
        """Both see what either runs; each gets its own replies."""
        other = self.c.km.client()
        other.session.session = uuid.uuid4().hex
        other.start_channels()
        other.wait_for_ready(timeout=TIMEOUT)
        cell = self.c.run("6 * 7")
        about, seen = cell.reply["parent_header"]["msg_id"], []
        while "idle" not in seen:
            m = other.get_iopub_msg(timeout=TIMEOUT)
            if m["parent_header"].get("msg_id") == about:
                seen.append(m["content"].get("execution_state") or m["msg_type"])
                self.assertEqual(m["parent_header"]["session"], self.c.kc.session.session)
        self.assertEqual(seen, ["busy", "execute_input", "execute_result", "idle"])
        self.assertFalse(other.shell_channel.msg_ready())
        other.stop_channels()

    # Stdin

    def answer(self, cell, value):
        m = self.c.kc.session.msg("input_reply", dict(value=value, status="ok"))
        m["parent_header"] = cell.inputs[-1]["header"]
        self.c.kc.stdin_channel.send(m)

    def test_input_twice(self):
        cell = self.c.submit('a := display.Input("a? ")\nfmt.Println(a)\nb := display.Input("b? ")\nfmt.Println(a + b)', allow_stdin=True)
        for n, value in ((1, "x"), (2, "é😀")):
            self.c.until(lambda: len(cell.inputs) == n, what="input_request")
            self.answer(cell, value)
        self.assertEqual(self.c.finish(cell).text(), "x\nxé😀\n")
        self.assertEqual([i["content"]["prompt"] for i in cell.inputs], ["a? ", "b? "])
        self.assertEqual(cell.inputs[0]["parent_header"]["msg_id"], cell.reply["parent_header"]["msg_id"])

    def test_end_of_input(self):
        cell = self.c.submit("sc := bufio.NewScanner(os.Stdin)\nfor sc.Scan() { fmt.Println(sc.Text()) }", allow_stdin=True)
        self.c.until(lambda: cell.inputs, what="input_request")
        self.answer(cell, "line")
        self.c.until(lambda: len(cell.inputs) == 2, what="input_request")
        self.answer(cell, "\x04")
        self.assertEqual((self.c.finish(cell).status, cell.text()), ("ok", "line\n"))

    def test_interrupt_while_asking(self):
        for code in ('display.Input("?")', "var s string\nfmt.Scanln(&s)", 's, _ := display.Input("?")\nfmt.Println("not", s)'):
            cell = self.c.submit(code, allow_stdin=True)
            self.c.until(lambda: cell.inputs, what="input_request")
            self.c.ask("interrupt_request", channel="control")
            self.assertEqual((self.c.finish(cell).content["ename"], cell.text()), ("Interrupted", ""))


class Subshells(unittest.TestCase):
    """JEP 91: cells of subshells run beside the main shell's."""

    def setUp(self):
        self.c = Client()
        self.addCleanup(self.c.close)
        self.c.run('import ("fmt"; "time"; "graft/stdlib/display"); shared := 1')

    def create(self):
        return self.c.ask("create_subshell_request", channel="control").content["subshell_id"]

    def submit(self, subshell, code, **kw):
        content = dict(code=code, silent=False, store_history=True, user_expressions={}, allow_stdin=False, stop_on_error=True)
        return self.c.send("execute_request", dict(content, **kw), subshell_id=subshell)

    def run_in(self, subshell, code, **kw):
        return self.c.finish(self.submit(subshell, code, **kw))

    def test_life(self):
        a, b = self.create(), self.create()
        self.assertNotEqual(a, b)
        self.assertEqual(self.c.ask("list_subshell_request", channel="control").content["subshell_id"], [a, b])
        self.assertEqual(self.c.ask("delete_subshell_request", dict(subshell_id=a), "control").content, {"status": "ok"})
        self.assertEqual(self.c.ask("list_subshell_request", channel="control").content["subshell_id"], [b])
        self.assertEqual(self.run_in(a, "1").status, "error")
        self.assertEqual(self.c.ask("delete_subshell_request", dict(subshell_id=a), "control").status, "error")
        self.assertEqual(self.run_in(b, "1 + 1").result, "2")

    def test_beside_a_busy_main_shell(self):
        a = self.create()
        busy = self.c.started('for { time.Sleep(time.Millisecond); if shared == 7 { break } }\nfmt.Println("seen")')
        cell = self.run_in(a, 'fmt.Println("beside")\nshared')
        self.assertEqual((cell.result, cell.text(), cell.content["execution_count"]), ("1", "beside\n", 1))
        self.assertEqual(cell.reply["parent_header"]["subshell_id"], a)
        self.assertIsNone(busy.reply)
        self.assertEqual(self.run_in(a, "shared = 7").content["execution_count"], 2)
        self.assertEqual((self.c.finish(busy).status, busy.text(), busy.content["execution_count"]), ("ok", "seen\n", 2))

    def test_at_once(self):
        ids = [self.create() for _ in range(4)]
        cells = [self.submit(s, 'for i := 0; i < 5; i++ { fmt.Println("%d", i); time.Sleep(50 * time.Millisecond) }\n%d * 2' % (n, n)) for n, s in enumerate(ids)]
        self.c.until(lambda: all(c.text() for c in cells), what="all outputs at once")
        self.assertTrue(all(c.reply is None for c in cells))
        for n, cell in enumerate(cells):
            self.assertEqual((self.c.finish(cell).result, cell.text()), (str(2 * n), "".join("%d %d\n" % (n, i) for i in range(5))))

    def test_queue_of_a_subshell(self):
        a = self.create()
        cells = [self.submit(a, "%d + 0" % i) for i in range(30)]
        self.assertEqual([self.c.finish(c).result for c in cells], [str(i) for i in range(30)])
        self.assertEqual([c.content["execution_count"] for c in cells], list(range(1, 31)))

    def test_abort_is_for_one(self):
        a = self.create()
        main = [self.c.submit("time.Sleep(500 * time.Millisecond)"), self.c.submit("1 + 1")]
        failed, waiting = self.submit(a, 'time.Sleep(100 * time.Millisecond)\npanic("x")'), self.submit(a, "2 + 2")
        for cell in main + [failed, waiting]:
            self.c.finish(cell)
        self.assertEqual([c.status for c in main], ["ok", "ok"])
        self.assertEqual(waiting.content["ename"], "Aborted")

    def test_interrupt_is_for_all(self):
        cells = [self.c.started("for {}")]
        for _ in range(2):
            s = self.create()
            cells.append(self.submit(s, 'fmt.Println("on")\n<-make(chan int)'))
            self.c.until(lambda: cells[-1].text(), what="output")
        self.c.ask("interrupt_request", channel="control")
        self.assertEqual([self.c.finish(c).content["ename"] for c in cells], ["Interrupted"] * 3)
        self.assertEqual(self.c.run("shared").result, "1")

    def test_input(self):
        a = self.create()
        busy = self.c.started("for {}")
        cell = self.submit(a, 's := display.Input("? ")\ns + "!"', allow_stdin=True)
        self.c.until(lambda: cell.inputs, what="input_request")
        m = self.c.kc.session.msg("input_reply", dict(value="Ada", status="ok"))
        m["parent_header"] = cell.inputs[0]["header"]
        self.c.kc.stdin_channel.send(m)
        self.assertEqual(self.c.finish(cell).result, "Ada!")
        self.c.ask("interrupt_request", channel="control")
        self.c.finish(busy)

    def test_delete_a_busy_one(self):
        a = self.create()
        running = self.submit(a, 'fmt.Println("on")\nfor {}')
        waiting = self.submit(a, "1")
        self.c.until(lambda: running.text(), what="output")
        self.assertEqual(self.c.ask("delete_subshell_request", dict(subshell_id=a), "control").status, "ok")
        self.assertEqual(self.c.finish(running).content["ename"], "Interrupted")
        # Control overtakes the shell channel: what waits may come after the subshell has gone.
        self.assertIn(self.c.finish(waiting).content["ename"], ("Aborted", "UnknownSubshell"))

    def test_killed_worker(self):
        a = self.create()
        cell, busy = self.submit(a, 'fmt.Println("on")\nfor {}'), self.c.started("for {}")
        self.c.until(lambda: cell.text(), what="output")
        self.c.worker.kill()
        self.assertEqual([self.c.finish(c).content["ename"] for c in (cell, busy)], ["WorkerError"] * 2)
        self.assertEqual((self.run_in(a, "1 + 1").result, self.c.run("2 + 2").result), ("2", "4"))


class Comms(unittest.TestCase):
    """Custom messages: between a front end and functions of cells."""

    TARGET = '''import ("fmt"; "graft/stdlib/host")
host.RegisterTarget("echo", func(c host.Comm, m host.Message) {
	fmt.Println("opened with", m.Data["a"])
	c.OnMessage(func(m host.Message) {
		if m.Data["fail"] != nil { panic("in a callback") }
		c.Send(host.Message{Data: map[string]any{"n": m.Data["n"], "got": len(m.Buffers)}, Metadata: map[string]any{"k": 1}, Buffers: m.Buffers})
	})
	c.OnClose(func(host.Message) { fmt.Println("closed") })
})'''

    def setUp(self):
        self.c = Client()
        self.addCleanup(self.c.close)
        self.assertEqual(self.c.run(self.TARGET).status, "ok")

    def say(self, kind, content, buffers=()):
        message = self.c.kc.session.msg(kind, dict(dict(data={}), **content))
        self.c.cells[message["header"]["msg_id"]] = cell = Cell()
        self.c.kc.session.send(self.c.kc.shell_channel.socket, message, buffers=list(buffers))
        self.c.until(lambda: cell.idle_at, what="idle")
        self.assertEqual((cell.states, cell.reply), (["busy", "idle"], None))
        return cell

    def info(self, **kw):
        return self.c.ask("comm_info_request", kw).content["comms"]

    def test_opened_by_the_front_end(self):
        self.assertEqual(self.info(), {})
        self.assertEqual(self.say("comm_open", dict(comm_id="c1", target_name="echo", data={"a": "é"})).text(), "opened with é\n")
        self.assertEqual(self.info(), {"c1": {"target_name": "echo"}})
        self.assertEqual(self.info(target_name="other"), {})
        cell = self.say("comm_msg", dict(comm_id="c1", data={"n": [1, None]}), [b"\x00\xff", b"", b"x" * 100000])
        m = [m for m in cell.messages if m["msg_type"] == "comm_msg"][0]
        self.assertEqual((m["content"], m["metadata"]), ({"comm_id": "c1", "data": {"n": [1, None], "got": 3}}, {"k": 1}))
        self.assertEqual([bytes(b) for b in m["buffers"]], [b"\x00\xff", b"", b"x" * 100000])
        self.assertEqual(self.say("comm_close", dict(comm_id="c1")).text(), "closed\n")
        self.assertEqual((self.info(), kinds(self.say("comm_msg", dict(comm_id="c1")))), ({}, []))

    def test_unknown_target(self):
        cell = self.say("comm_open", dict(comm_id="c2", target_name="nosuch"))
        self.assertEqual((cell.of("comm_close"), self.info()), ([{"comm_id": "c2", "data": {}}], {}))

    def test_opened_by_a_cell(self):
        cell = self.c.run('''mine := host.OpenComm("theirs", host.Message{Data: map[string]any{"x": 1}})
mine.OnMessage(func(m host.Message) { fmt.Println("said", m.Data["y"]) })''')
        opened = cell.of("comm_open")[0]
        self.assertEqual((opened["target_name"], opened["data"]), ("theirs", {"x": 1}))
        self.assertEqual(self.say("comm_msg", dict(comm_id=opened["comm_id"], data={"y": 2})).text(), "said 2\n")
        cell = self.c.run('mine.Send(host.Message{Data: map[string]any{"z": 3}})\n_ = mine.Close(host.Message{})')
        self.assertEqual(kinds(cell), ["execute_input", "comm_msg", "comm_close"])
        self.assertEqual(self.c.run("mine.Send(host.Message{})").status, "error")

    def test_a_failing_callback(self):
        self.say("comm_open", dict(comm_id="c3", target_name="echo"))
        cell = self.say("comm_msg", dict(comm_id="c3", data={"fail": True}))
        self.assertIn("in a callback", cell.of("error")[0]["evalue"])
        self.assertEqual(self.say("comm_msg", dict(comm_id="c3", data={"n": 5})).of("comm_msg")[0]["data"]["n"], 5)

    def test_a_dead_worker_closes_its_comms(self):
        opened = self.say("comm_open", dict(comm_id="c4", target_name="echo"))
        self.c.worker.kill()
        self.c.until(lambda: opened.of("comm_close"), what="comm_close")
        self.assertEqual(self.info(), {})
