"""JupyterHub on one machine: two users log in, each gets a server and a graft kernel, and runs a cell.

    hub.py --graft BINARY --proxy CONFIGURABLE-HTTP-PROXY

The hub has the dummy authenticator and the simple spawner, whose servers are processes of whoever runs this. Fails when a user
does not come in, when a cell does not give what it should, when one user sees the other's variable or reaches the other's server.
"""
import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import uuid

import requests
import websocket

from kernelspec import fail, installed

CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:%(port)d"
c.JupyterHub.hub_port = %(hub_port)d
c.ConfigurableHTTPProxy.command = [%(proxy)r]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:%(api_port)d"
c.JupyterHub.db_url = "sqlite:///%(work)s/hub.sqlite"
c.JupyterHub.cookie_secret_file = "%(work)s/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = {"ada", "emmy"}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "%(work)s/home/{username}"
c.Spawner.args = ["--allow-root"]
c.Spawner.env_keep = ["PATH", "JUPYTER_PATH", "JUPYTER_CONFIG_DIR"]
"""


def free_ports(n):
    """Ports that nobody listens on. All are held until the last is known, so that no two are the same."""
    sockets = [socket.socket() for _ in range(n)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def until(what, seconds, ask):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.2)
    fail("%s: not within %d s" % (what, seconds))


def answers(url):
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


class User:
    """Somebody who logged in with the form, as a browser does."""

    def __init__(self, base, name):
        self.base, self.name = base, name
        self.web = requests.Session()
        self.web.get(base + "/hub/login", timeout=30)
        r = self.web.post(base + "/hub/login", params={"_xsrf": self.xsrf()}, timeout=30,
                          data={"username": name, "password": "any", "_xsrf": self.xsrf()}, allow_redirects=False)
        if r.status_code != 302:
            fail("%s cannot log in: HTTP %d" % (name, r.status_code))
        token = self.web.post("%s/hub/api/users/%s/tokens" % (base, name), timeout=30, json={"note": "a cell"},
                              headers={"X-XSRFToken": self.xsrf(), "Referer": base + "/hub/token"})
        if token.status_code != 201:
            fail("%s gets no token: HTTP %d %s" % (name, token.status_code, token.text))
        self.headers = {"Authorization": "token " + token.json()["token"]}

    def xsrf(self):
        return next((c.value for c in self.web.cookies if c.name == "_xsrf"), "")

    def call(self, method, path, **more):
        return requests.request(method, self.base + path, headers=self.headers, timeout=60, **more)

    def start(self):
        """The user's server, and a graft kernel in it."""
        r = self.call("POST", "/hub/api/users/%s/server" % self.name)
        if r.status_code not in (201, 202):
            fail("%s's server does not start: HTTP %d %s" % (self.name, r.status_code, r.text))
        until(self.name + "'s server", 60, lambda: self.call("GET", "/hub/api/users/" + self.name).json().get("server"))
        r = self.call("POST", "/user/%s/api/kernels" % self.name, json={"name": "graft"})
        if r.status_code != 201:
            fail("%s's kernel does not start: HTTP %d %s" % (self.name, r.status_code, r.text))
        self.kernel = r.json()["id"]
        url = "%s/user/%s/api/kernels/%s/channels" % (self.base.replace("http", "ws", 1), self.name, self.kernel)
        self.socket = websocket.create_connection(url, header=["Authorization: " + self.headers["Authorization"]], timeout=60)

    def run(self, code):
        """What a cell prints, or its error."""
        ident = uuid.uuid4().hex
        self.socket.send(json.dumps({
            "channel": "shell", "buffers": [], "parent_header": {}, "metadata": {},
            "header": {"msg_id": ident, "msg_type": "execute_request", "username": self.name, "session": ident, "version": "5.4"},
            "content": {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}}))
        out, left = "", {"execute_reply", "idle"}
        while left:
            m = json.loads(self.socket.recv())
            if m["parent_header"].get("msg_id") != ident:
                continue
            kind, content = m["header"]["msg_type"], m["content"]
            left -= {kind, content.get("execution_state")}
            if kind == "stream":
                out += content["text"]
            elif kind == "error":
                out += content["evalue"]
        return out


def lesson(base):
    """Two users at once; what is wrong, a sentence each."""
    users = [User(base, name) for name in ("ada", "emmy")]
    bad = []
    for u in users:
        u.start()
    for n, u in enumerate(users):
        own = "only%s" % u.name
        got = u.run('%s := %d\nfmt.Println("%s has", %s)' % (own, 40 + n, u.name, own))
        if got != "%s has %d\n" % (u.name, 40 + n):
            bad.append("%s's cell gave %r" % (u.name, got))
        print("%s: %s" % (u.name, got.strip()))
    got = users[1].run("fmt.Println(onlyada)")
    if "undefined: onlyada" not in got:
        bad.append("emmy asked for ada's variable, expected that it is undefined, got %r" % got)
    code = users[1].call("GET", "/user/ada/api/kernels").status_code
    if code != 403:
        bad.append("emmy asked for ada's kernels, expected HTTP 403, got %d" % code)
    for u in users:
        u.socket.close()
        u.call("DELETE", "/hub/api/users/%s/server" % u.name)
    return bad


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    p.add_argument("--proxy", required=True)
    a = p.parse_args()
    proxy = str(pathlib.Path(a.proxy).resolve())
    with installed(a.graft) as work:
        for name in ("ada", "emmy"):
            (work / "home" / name).mkdir(parents=True)
        port, hub_port, api_port = free_ports(3)
        config = work / "jupyterhub_config.py"
        config.write_text(CONFIG % {"port": port, "hub_port": hub_port, "api_port": api_port, "proxy": proxy, "work": work})
        env = dict(os.environ, PATH="%s%s%s" % (pathlib.Path(sys.executable).parent, os.pathsep, os.environ["PATH"]))
        log = work / "hub.log"
        with open(log, "w") as out:
            hub = subprocess.Popen([sys.executable, "-m", "jupyterhub", "-f", str(config)], cwd=work, env=env, stdout=out, stderr=out)
        bad = ["the lesson did not end"]
        try:
            base = "http://127.0.0.1:%d" % port
            until("the hub", 60, lambda: hub.poll() is not None or answers(base + "/hub/health"))
            bad = ["the hub ended"] if hub.poll() is not None else lesson(base)
        finally:
            hub.terminate()
            try:
                hub.wait(30)
            except subprocess.TimeoutExpired:
                hub.kill()
            if bad:
                print(log.read_text())
        for line in bad:
            print(line)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
