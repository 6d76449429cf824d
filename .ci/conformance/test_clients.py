"""The clients that people use, each on a small notebook or session: none of them speaks to the kernel as our own tests do."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.request
import uuid

import nbformat
import websocket
import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.session import Session

from front import TIMEOUT, Cell, Client

BIN = pathlib.Path(sys.executable).parent
CELLS = ["x := 41", "x + 1", 'fmt.Println("hello", x)', "image.NewRGBA(image.Rect(0, 0, 8, 8))", 'fmt.Fprintln(os.Stderr, "note")\nx * 2']


def tool(*args, **kw):
    """A command of the environment's; its output, which a failure shows."""
    done = subprocess.run([str(BIN / args[0]), *map(str, args[1:])], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, **kw)
    if done.returncode:
        raise AssertionError("%s: exit %d\n%s" % (" ".join(map(str, args)), done.returncode, done.stdout[-2000:]))
    return done.stdout


class Files(unittest.TestCase):
    """Clients that run a notebook from a file."""

    def setUp(self):
        self.dir = pathlib.Path("clients-%s" % uuid.uuid4().hex).resolve()
        self.dir.mkdir()
        self.addCleanup(shutil.rmtree, self.dir)
        self.path = self.dir / "in.ipynb"
        cells = [nbformat.v4.new_code_cell(c) for c in CELLS]
        parameters = nbformat.v4.new_code_cell("size := 3", metadata={"tags": ["parameters"]})
        notebook = nbformat.v4.new_notebook(cells=[parameters] + cells + [nbformat.v4.new_code_cell("size * 100")])
        notebook.metadata["kernelspec"] = dict(name="graft", display_name="Go (graft)", language="go")
        nbformat.write(notebook, self.path)

    def check(self, path, size=3):
        notebook = nbformat.read(path, 4)
        nbformat.validate(notebook)
        outputs = {c.source: c.outputs for c in notebook.cells if c.cell_type == "code"}
        plain = lambda source: [o.data["text/plain"] for o in outputs[source] if o.output_type == "execute_result"]
        self.assertEqual(plain("x + 1"), ["42"])
        self.assertEqual(plain("size * 100"), [str(size * 100)])
        self.assertIn("image/png", outputs[CELLS[3]][0].data)
        self.assertEqual([o.output_type for o in outputs[CELLS[4]]], ["stream", "execute_result"])
        self.assertEqual(outputs[CELLS[2]][0].text, "hello 41\n")
        return notebook

    def test_nbconvert(self):
        out = self.dir / "out.ipynb"
        tool("jupyter-nbconvert", "--to", "notebook", "--execute", "--output", out, self.path)
        language = self.check(out).metadata["language_info"]
        self.assertEqual((language["name"], language["file_extension"], language["mimetype"]), ("go", ".go", "text/x-go"))
        tool("jupyter-nbconvert", "--to", "html", "--output", self.dir / "out.html", out)
        html = (self.dir / "out.html").read_text()
        self.assertGreater(len(re.findall(r'<span class="(?:k|n|nx|s|mi|o)\w*">', html)), 10, "the code is not coloured")
        tool("jupyter-nbconvert", "--to", "script", "--output", self.dir / "script", out)
        self.assertIn("x := 41", (self.dir / "script.go").read_text())

    def test_papermill(self):
        out = self.dir / "out.ipynb"
        tool("papermill", "--no-progress-bar", self.path, out)
        self.check(out)
        # papermill has no translator for Go; C#'s writes `var size = 7;`, which is Go too.
        tool("papermill", "--no-progress-bar", "--language", ".net-csharp", "-p", "size", 7, self.path, out)
        self.check(out, size=7)

    def test_jupyter_run(self):
        source = self.dir / "cell.go"
        source.write_text('fmt.Println("hello, world")\n')
        self.assertIn("hello, world", tool("jupyter-run", "--kernel=graft", source))

    def test_nbval(self):
        out = self.dir / "out.ipynb"
        tool("jupyter-nbconvert", "--to", "notebook", "--execute", "--output", out, self.path)
        tool("pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-kernel-name=graft", out)


class Console(unittest.TestCase):
    """jupyter console in a terminal."""

    def setUp(self):
        if not shutil.which("tmux"):
            self.skipTest("there is no tmux")
        self.name = "graft" + uuid.uuid4().hex[:8]
        self.tmux("new-session", "-d", "-x", "120", "-y", "40", "%s --kernel=graft" % (BIN / "jupyter-console"))
        self.addCleanup(self.tmux, "kill-server")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-L", self.name, *args], capture_output=True, text=True).stdout

    def wait(self, pattern, limit=40):
        end = time.monotonic() + limit
        while True:
            screen = self.tmux("capture-pane", "-p", "-J", "-S", "-200")
            if re.search(pattern, screen):
                return
            self.assertLess(time.monotonic(), end, "no %r on the screen:\n%s" % (pattern, screen.strip()[-1500:]))
            time.sleep(0.1)

    def line(self, text):
        self.tmux("send-keys", "-l", text)
        time.sleep(0.5)
        self.tmux("send-keys", "Enter")

    def test_session(self):
        self.wait(r"In \[1\]:")
        self.line("x := 41")
        self.wait(r"In \[2\]:")
        self.line("x + 1")
        self.wait(r"Out\[2\]: 42")
        self.line("for i := 0; i < 3; i++ {")  # is_complete: the console asks for more
        self.wait(r"\.\.\.:")
        self.line('fmt.Println("row", i)')
        self.line("}")
        self.wait(r"row 2")
        self.line("for {}")
        time.sleep(1)
        self.tmux("send-keys", "C-c")
        self.wait(r"Interrupted")
        self.line("x")
        self.wait(r"Out\[\d+\]: 41")
        self.tmux("send-keys", "C-d")
        time.sleep(0.5)
        self.line("y")


class Server(unittest.TestCase):
    """jupyter_server: REST and the websocket, which JupyterLab and Notebook use."""

    def setUp(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.token = uuid.uuid4().hex
        self.server = subprocess.Popen(
            [str(BIN / "jupyter-server"), "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=%d" % self.port,
             "--IdentityProvider.token=" + self.token], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.terminate)
        end = time.monotonic() + 60
        while True:
            try:
                self.api("GET", "status")
                return
            except OSError:
                self.assertLess(time.monotonic(), end, "jupyter_server does not start")
                time.sleep(0.2)

    def api(self, method, path, body=None):
        request = urllib.request.Request("http://127.0.0.1:%d/api/%s" % (self.port, path), method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": "token " + self.token})
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def send(self, channel, kind, content, parent=None):
        header = dict(msg_id=uuid.uuid4().hex, username="", session=self.session, msg_type=kind, version="5.3", date="2026-01-01T00:00:00Z")
        self.ws.send(json.dumps(dict(channel=channel, header=header, parent_header=parent or {}, metadata={}, content=content, buffers=[])))
        return header["msg_id"]

    def execute(self, code, answer=None):
        """(reply, text) of a cell."""
        content = dict(code=code, silent=False, store_history=True, user_expressions={}, allow_stdin=answer is not None, stop_on_error=True)
        return self.until(self.send("shell", "execute_request", content), answer)

    def until(self, about, answer=None):
        reply, idle, text = None, False, ""
        while not (reply and idle):
            m = json.loads(self.ws.recv())
            if m["parent_header"].get("msg_id") != about:
                continue
            kind, content = m["msg_type"], m["content"]
            if kind == "input_request":
                self.send("stdin", "input_reply", dict(value=answer, status="ok"), m["header"])
            elif kind == "stream":
                text += content["text"]
            elif kind == "execute_result":
                text += content["data"]["text/plain"]
            elif kind.endswith("_reply"):
                reply = content
            idle = idle or content.get("execution_state") == "idle"
        return reply, text

    def test_kernel(self):
        spec = self.api("GET", "kernelspecs")["kernelspecs"]["graft"]
        self.assertEqual(set(spec["resources"]), {"logo-32x32", "logo-64x64", "logo-svg"})
        kernel = self.api("POST", "kernels", dict(name="graft"))["id"]
        self.session = uuid.uuid4().hex
        self.ws = websocket.create_connection("ws://127.0.0.1:%d/api/kernels/%s/channels?session_id=%s&token=%s"
                                              % (self.port, kernel, self.session, self.token), timeout=60)
        self.addCleanup(self.ws.close)
        for channel in ("shell", "control"):
            self.assertEqual(self.until(self.send(channel, "kernel_info_request", {}))[0]["status"], "ok")
        self.assertEqual(self.execute("6 * 7")[1], "42")
        # More than 1000 messages or 1 MB of text a second, the server drops.
        lines = "".join("line %d\n" % i for i in range(20000))
        self.assertEqual(self.execute('for i := 0; i < 20000; i++ { fmt.Println("line", i) }')[1], lines)
        both = "".join("o %d\ne %d\n" % (i, i) for i in range(3000))
        self.assertEqual(self.execute('for i := 0; i < 3000; i++ { fmt.Println("o", i); fmt.Fprintln(os.Stderr, "e", i) }')[1], both)
        self.assertIn("hi Ada", self.execute('name := display.Input("name? ")\nfmt.Println("hi " + name)', "Ada")[1])
        busy = self.send("shell", "execute_request", dict(code="for {}", silent=False, store_history=True, user_expressions={},
                                                          allow_stdin=False, stop_on_error=True))
        time.sleep(0.5)
        self.api("POST", "kernels/%s/interrupt" % kernel)
        self.assertEqual(self.until(busy)[0]["ename"], "Interrupted")
        self.assertEqual(self.api("GET", "kernels/%s" % kernel)["execution_state"], "idle")
        self.api("POST", "kernels/%s/restart" % kernel)
        self.api("DELETE", "kernels/%s" % kernel)


class VSCode(unittest.TestCase):
    """Habits of VS Code: connections that come and go without an identity, and an inspect_request for every hover."""

    def setUp(self):
        self.c = Client()
        self.addCleanup(self.c.close)

    def test_transient_connections(self):
        info = self.c.km.get_connection_info()
        session = self.c.kc.session
        for i in range(40):
            s = zmq.Context.instance().socket(zmq.DEALER)
            s.connect("tcp://%s:%d" % (info["ip"], info["control_port" if i % 2 else "shell_port"]))
            s.send_multipart(session.serialize(session.msg("kernel_info_request")))
            if i % 3:
                self.assertNotEqual(s.poll(TIMEOUT * 1000), 0)
                self.assertEqual(session.deserialize(session.feed_identities(s.recv_multipart())[1])["msg_type"], "kernel_info_reply")
            s.close(0)
        self.assertEqual(self.c.run("1 + 1").result, "2")

    def test_start(self):
        """What it sends as a notebook opens: all at once, on both channels, before it has seen anything."""
        asked = [self.c.send("kernel_info_request"), self.c.send("kernel_info_request", channel="control"), self.c.send("comm_info_request"),
                 self.c.send("execute_request", dict(code="", silent=True, store_history=False, user_expressions={}, allow_stdin=False)),
                 self.c.send("complete_request", dict(code="", cursor_pos=0)), self.c.send("is_complete_request", dict(code=""))]
        for cell in asked:
            self.assertIn(self.c.finish(cell).status, ("ok", "complete"))
            self.assertEqual(cell.states, ["busy", "idle"])

    def test_hovering(self):
        cell = self.c.submit('for i := 0; i < 20; i++ { fmt.Println(i); time.Sleep(20 * time.Millisecond) }')
        hovers = [self.c.send("inspect_request", dict(code="fmt.Println(x)", cursor_pos=i % 14, detail_level=0)) for i in range(100)]
        for h in hovers:
            self.assertEqual(self.c.finish(h).status, "ok")
        self.c.finish(cell)
        self.assertEqual(cell.text(), "".join("%d\n" % i for i in range(20)))


    def test_language_of_the_notebook(self):
        """VS Code tells no kernel which notebook it serves, but sends each cell's address, in which the notebook's path stands."""
        def check(cell_id):
            message = self.c.kc.session.msg("execute_request", dict(code='tutor.Check("02.1", 0)', silent=False, store_history=True, user_expressions={},
                                                                    allow_stdin=False, stop_on_error=True))
            message["metadata"] = dict(cellId=cell_id)
            self.c.kc.shell_channel.send(message)
            self.c.cells[message["header"]["msg_id"]] = cell = Cell()
            return self.c.finish(cell).result
        self.assertIn("not yet", check("vscode-notebook-cell:/home/me/02-checkpoints.ipynb#W0sZmlsZQ%3D%3D"))
        self.assertRegex(check("vscode-notebook-cell:/home/me/02-checkpoints.zh.ipynb#W0sZmlsZQ%3D%3D"), "[\u4e00-\u9fff]")


class Hub(unittest.TestCase):
    """JupyterHub and Enterprise Gateway start kernels from the kernelspec alone: on another address, with no home, no environment and any
    working directory."""

    def info(self, ip, env):
        """The reply of a kernel that is started so to kernel_info_request, and to a cell."""
        argv = KernelSpecManager().get_kernel_spec("graft").argv
        path = pathlib.Path("hub-%s.json" % uuid.uuid4().hex).resolve()
        ports = []
        for _ in range(5):
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                ports.append(s.getsockname()[1])
        names = ("shell", "iopub", "stdin", "control", "hb")
        path.write_text(json.dumps(dict({n + "_port": p for n, p in zip(names, ports)}, ip=ip, transport="tcp", key="secret", signature_scheme="hmac-sha256")))
        self.addCleanup(path.unlink)
        kernel = subprocess.Popen([a.replace("{connection_file}", str(path)) for a in argv], env=env, cwd="/", stdout=subprocess.DEVNULL)
        self.addCleanup(kernel.wait, 20)
        self.addCleanup(kernel.terminate)
        session, s = Session(key=b"secret"), zmq.Context.instance().socket(zmq.DEALER)
        s.ipv6 = True
        s.connect("tcp://%s:%d" % ("[::1]" if ":" in ip else "127.0.0.1", ports[0]))
        self.addCleanup(s.close, 0)
        for kind, content in (("kernel_info_request", {}), ("execute_request", dict(code="40 + 2", silent=True, user_expressions={"x": "40 + 2"}))):
            s.send_multipart(session.serialize(session.msg(kind, content)))
            self.assertNotEqual(s.poll(TIMEOUT * 1000), 0, "no reply on %s" % ip)
            reply = session.deserialize(session.feed_identities(s.recv_multipart())[1])["content"]
            self.assertEqual(reply["status"], "ok")
        self.assertEqual(reply["user_expressions"]["x"]["data"]["text/plain"], "42")

    def test_nothing_in_the_environment(self):
        self.info("127.0.0.1", {})

    def test_all_addresses(self):
        self.info("0.0.0.0", dict(os.environ, HOME="/nonexistent", TMPDIR="/nonexistent"))

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as s:
                s.bind(("::1", 0))
        except OSError:
            self.skipTest("there is no IPv6 here")
        self.info("::1", dict(os.environ))
