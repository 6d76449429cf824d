"""A tutorial in JupyterLab, in a headless Chromium, as a learner runs it: open, Run All, look.

    lab.py --graft BINARY [--out lab.png] [--notebook tutorials/NAME.ipynb] [--limit SECONDS]   (default: the first tutorial)

Fails when the kernel does not start, a cell does not finish or shows an error (unless it is tagged raises-exception), when
no picture is there or one of them is not drawn, or when the saved notebook holds other pictures than the page. The
screenshot shows the whole notebook; it is taken after a failure too.
"""
import argparse
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
from playwright.sync_api import Error, sync_playwright

from kernelspec import fail, installed, pictures, problems

# --no-sandbox: CI runs as root. The rest keeps Chromium from talking to anybody but JupyterLab.
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync")
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden) "
CELLS = PANEL + ".jp-CodeCell"
IDLE = PANEL + '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
PICTURES = "%s .jp-OutputArea-output img, %s .jp-RenderedSVG svg" % (CELLS, CELLS)
# windowingMode none: by default the page holds only the cells in view.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
WIDTH, HEIGHT, TALLEST = 1280, 1000, 16000


APPS = {
    "lab": ["jupyterlab", "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
    "notebook": ["notebook", "--JupyterNotebookApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
}


def start_server(work, log, app="lab"):
    """(process, address) of a JupyterLab, or a Notebook, that serves work/tutorials."""
    for name, value in SETTINGS.items():
        path = work / "settings" / "@jupyterlab" / (name + ".jupyterlab-settings")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    token = secrets.token_hex(16)
    env = dict(os.environ, JUPYTERLAB_SETTINGS_DIR=str(work / "settings"), JUPYTERLAB_WORKSPACES_DIR=str(work / "workspaces"))
    process = subprocess.Popen(
        [sys.executable, "-m", *APPS[app], "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=%d" % port,
         "--ServerApp.port_retries=0", "--IdentityProvider.token=" + token, "--ServerApp.root_dir=%s" % (work / "tutorials")],
        stdout=log, stderr=subprocess.STDOUT, env=env)
    address = "http://127.0.0.1:%d/%%s?token=%s" % (port, token)
    end = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(address % "api/status", timeout=5).close()
            return process, address
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                stop(process)
                fail("the server does not start:\n" + pathlib.Path(log.name).read_text()[-2000:])
            time.sleep(0.3)


def stop(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_all(page, limit):
    """Run All Cells from the menu, and wait until no cell is queued or running. Returns problems."""
    page.wait_for_selector(PANEL + ".jp-Cell", timeout=60000)
    page.wait_for_function("""() => { const e = document.querySelector(
        '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-KernelName'); return e && !/No Kernel/.test(e.innerText) }""", timeout=60000)
    page.wait_for_selector(IDLE, timeout=60000, state="attached")
    kernel = page.locator(PANEL + ".jp-KernelName").first.inner_text()
    page.locator('.lm-MenuBar-item:has-text("Run")').first.click()
    page.locator('.lm-Menu-itemLabel:text-is("Run All Cells")').first.click()
    # A cell's prompt is [ ] before it is asked for, [*] while it waits or runs, and [7] when it has run.
    page.wait_for_function("""cells => [...document.querySelectorAll(cells + ' .jp-InputPrompt')].some(
        e => /[*\\d]/.test(e.innerText))""", arg=CELLS, timeout=20000)
    end = time.monotonic() + limit
    waiting = ["*"]
    while waiting and time.monotonic() < end:
        page.wait_for_timeout(250)
        prompts = page.locator(CELLS + " .jp-InputPrompt").all_inner_texts()
        waiting = [p for p in prompts if "*" in p]
    if waiting:
        return ["%d cells still run or wait after %d s" % (len(waiting), limit)]
    page.wait_for_selector(IDLE, timeout=10000, state="attached")
    prompts = page.locator(CELLS + " .jp-InputPrompt").all_inner_texts()
    not_run = sum(not any(c.isdigit() for c in p) for p in prompts)
    if not_run:
        return ["%d cells did not run" % not_run]
    return [] if "graft" in kernel else ["the toolbar names the kernel %r" % kernel]


def look(page):
    """(pictures on the page, problems): every picture must be decoded and have a size."""
    shapes = page.eval_on_selector_all(PICTURES, """all => all.map(e => {
        const box = e.getBoundingClientRect();
        return [e.tagName != 'IMG' || (e.complete && e.naturalWidth > 0), box.width, box.height] })""")
    bad = [] if shapes else ["no picture on the page"]
    bad += ["picture %d is not drawn" % k for k, (drawn, w, h) in enumerate(shapes, 1) if not (drawn and w > 8 and h > 8)]
    return len(shapes), bad


def save(page, path):
    """Saves from the menu and reads the file back."""
    before = path.stat().st_mtime_ns
    page.locator('.lm-MenuBar-item:has-text("File")').first.click()
    page.locator('.lm-Menu-itemLabel:text-is("Save Notebook")').first.click()
    end = time.monotonic() + 15
    while path.stat().st_mtime_ns == before and time.monotonic() < end:
        page.wait_for_timeout(200)
    page.wait_for_timeout(300)
    return nbformat.read(path, 4)


def screenshot(page, out):
    """The whole notebook: the window grows to what the panel holds."""
    height = page.evaluate("""() => Math.max(0, ...[...document.querySelectorAll(
        '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer')].map(e => e.scrollHeight))""")
    page.set_viewport_size({"width": WIDTH, "height": max(HEIGHT, min(TALLEST, int(height) + 150))})
    page.evaluate("""() => document.querySelectorAll(
        '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer').forEach(e => e.scrollTop = 0)""")
    page.wait_for_timeout(700)
    page.screenshot(path=str(out))


def picture(page, out, cells):
    """The cells A to B of the notebook, counted from 1, at twice the resolution: what the README shows."""
    boxes = [page.locator(PANEL + ".jp-Cell").nth(k - 1).bounding_box() for k in range(cells[0], cells[1] + 1)]
    left, top = min(b["x"] for b in boxes), min(b["y"] for b in boxes)
    right, bottom = max(b["x"] + b["width"] for b in boxes), max(b["y"] + b["height"] for b in boxes)
    page.screenshot(path=str(out), clip={"x": left, "y": top, "width": right - left, "height": bottom - top})
    print("picture: %s" % out)


def check(page, address, path, limit, out, wanted):
    page.goto(address % ("lab/tree/" + path.name) + "&reset", wait_until="domcontentloaded", timeout=60000)
    bad, start = [], time.monotonic()
    try:
        bad += run_all(page, limit)
        seconds = time.monotonic() - start
        shown, undrawn = look(page)
        saved = save(page, path)
        bad += undrawn + problems(saved)
        if shown < pictures(saved):
            bad.append("the page shows %d pictures, the saved notebook holds %d" % (shown, pictures(saved)))
        print("%s in JupyterLab: %.1f s, %d pictures" % (path.name, seconds, shown))
    except Error as e:
        bad.append("browser: %s" % str(e).splitlines()[0])
    finally:
        screenshot(page, out)
        print("screenshot: %s" % out)
        if wanted[0]:
            picture(page, *wanted)
    return bad


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent / "out" / "lab.png")
    p.add_argument("--notebook", type=pathlib.Path)
    p.add_argument("--limit", type=int, default=120, help="seconds until all cells must have run")
    p.add_argument("--picture", type=pathlib.Path, help="save a picture of some cells, too")
    p.add_argument("--cells", type=int, nargs=2, default=(1, 5), metavar=("A", "B"), help="which cells, counted from 1")
    a = p.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or fail("there is no chromium on the PATH")
    a.out.parent.mkdir(parents=True, exist_ok=True)
    with installed(a.graft) as work:
        all_notebooks = sorted((work / "tutorials").glob("*.ipynb"))
        path = work / "tutorials" / a.notebook.name if a.notebook else next(iter(all_notebooks), None)
        if path is None or not path.is_file():
            fail("no such notebook in tutorials/: %s" % (a.notebook or "*.ipynb"))
        with open(work / "lab.log", "w") as log:
            server, address = start_server(work, log)
            try:
                with sync_playwright() as play:
                    browser = play.chromium.launch(executable_path=chromium, args=list(FLAGS))
                    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
                    bad = check(page, address, path, a.limit, a.out, (a.picture, a.cells))
                    browser.close()
            finally:
                stop(server)
    for line in bad:
        print("%s: %s" % (path.name, line))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
