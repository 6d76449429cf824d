"""A front end for the tests: a started kernel, and what comes for each request, checked against the schemas of messages."""
import queue
import sys
import time

import psutil
from jupyter_client.manager import start_new_kernel

import schemas

TIMEOUT = 20


class Cell:
    """Everything that came back for one request."""

    def __init__(self):
        self.reply, self.messages, self.idle_at, self.inputs = None, [], None, []

    def of(self, kind):
        return [m["content"] for m in self.messages if m["msg_type"] == kind]

    def text(self, name="stdout"):
        return "".join(c["text"] for c in self.of("stream") if c["name"] == name)

    @property
    def states(self):
        return [c["execution_state"] for c in self.of("status")]

    @property
    def content(self):
        return self.reply["content"]

    @property
    def status(self):
        return self.content["status"]

    @property
    def result(self):
        return self.of("execute_result")[0]["data"]["text/plain"]


class Client:
    """A started kernel and one front end, which sorts what comes by the request it is about."""

    def __init__(self):
        self.km, self.kc = start_new_kernel(kernel_name="graft")
        self.cells = {}

    def close(self):
        self.kc.stop_channels()
        self.km.shutdown_kernel(now=True)

    def send(self, kind, content=None, channel="shell", **header):
        message = self.kc.session.msg(kind, content or {})
        message["header"].update(header)
        getattr(self.kc, channel + "_channel").send(message)
        self.cells[message["header"]["msg_id"]] = cell = Cell()
        return cell

    def submit(self, code, channel="shell", **kw):
        content = dict(code=code, silent=False, store_history=True, user_expressions={}, allow_stdin=False, stop_on_error=True)
        return self.send("execute_request", dict(content, **kw), channel)

    def pump(self, wait=0.05):
        got = False
        for name in ("iopub", "shell", "control", "stdin"):
            channel = getattr(self.kc, name + "_channel")
            while True:
                try:
                    m = channel.get_msg(timeout=wait if name == "iopub" and not got else 0)
                except queue.Empty:
                    break
                got = True
                schemas.check(name, m)
                cell = self.cells.get(m["parent_header"].get("msg_id"))
                if cell is None:
                    continue
                if name == "iopub":
                    assert cell.idle_at is None or m["msg_type"] in ("stream", "comm_close"), "%s after idle" % m["msg_type"]
                    cell.messages.append(m)
                    if m["content"].get("execution_state") == "idle":
                        cell.idle_at = time.monotonic()
                elif name == "stdin":
                    cell.inputs.append(m)
                else:
                    assert cell.reply is None, "two replies"
                    cell.reply, cell.channel = m, name
        return got

    def until(self, condition, limit=TIMEOUT, what="it"):
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("%s did not come in %d s" % (what, limit))
            self.pump()

    def finish(self, cell, limit=TIMEOUT):
        self.until(lambda: cell.reply and cell.idle_at, limit, "reply and idle")
        return cell

    def ask(self, kind, content=None, channel="shell", limit=TIMEOUT, **header):
        return self.finish(self.send(kind, content, channel, **header), limit)

    def run(self, code, **kw):
        return self.finish(self.submit(code, **kw))

    def started(self, code):
        """A cell that runs and does not end by itself."""
        cell = self.submit(code)
        self.until(lambda: cell.of("execute_input"), what="execute_input")
        time.sleep(0.3)
        self.pump(0)
        assert cell.reply is None, "it ended: %s" % cell.content
        return cell

    @property
    def process(self):
        return psutil.Process(self.km.provisioner.process.pid)

    @property
    def worker(self):
        return self.process.children()[0]


def said(text, start):
    print("%s: %.0f ms" % (text, (time.monotonic() - start) * 1000), file=sys.stderr)
