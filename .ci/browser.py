"""A session in JupyterLab 4 and in Notebook 7, in a headless Chromium, by keyboard and menu, as people have one.

    browser.py --graft BINARY [--out DIR] [--app lab|notebook]   (default: both)

Run All, completion by Tab, the tooltip of Shift-Tab, Go's colours, a plot, a progress bar that is updated where it stands, the box
of an input, the button of Interrupt, Restart and Run All, saved, read back and opened again. A screenshot of each is kept in DIR.
"""
import argparse
import pathlib
import shutil
import sys
import time

import nbformat
from playwright.sync_api import Error, sync_playwright

from kernelspec import fail, installed
from lab import FLAGS, HEIGHT, IDLE, PANEL, WIDTH, start_server, stop

CELLS = PANEL + ".jp-CodeCell"
BAR = """bar := display.Show(display.HTML("<b class='bar'>0</b>"))
for i := 1; i <= 20; i++ {
	time.Sleep(50 * time.Millisecond)
	bar.Update(display.HTML(fmt.Sprintf("<b class='bar'>%d</b>", i)))
}"""
SOURCES = [
    'import ("fmt"; "image"; "time"; "graft/stdlib/display"; "gonum.org/v1/plot"; "gonum.org/v1/plot/plotter")',
    "x := 41\nx + 1",
    'p := plot.New()\nline := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 2}, {X: 2, Y: 1}})\np.Add(line)\np',
    BAR,
    'for i := 0; i < 3; i++ {\n\tfmt.Println("row", i)\n}',
]


class Wrong(Exception):
    pass


class Session:
    def __init__(self, page, path):
        self.page, self.path = page, path

    def open(self, address):
        self.page.goto(address, wait_until="domcontentloaded", timeout=60000)
        self.page.wait_for_selector(PANEL + ".jp-Cell", timeout=60000)
        self.page.wait_for_function("""() => { const e = document.querySelector('.jp-KernelName, .jp-NotebookKernelLogo');
            return e && !/No Kernel/.test(e.innerText) }""", timeout=60000)
        self.page.wait_for_timeout(1000)

    def cells(self):
        return self.page.locator(CELLS)

    def texts(self, cell):
        return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts())

    def menu(self, top, item):
        self.page.locator('.lm-MenuBar-item:has-text("%s")' % top).first.click()
        self.page.locator('.lm-Menu-itemLabel:text-is("%s")' % item).first.click()

    def settled(self, limit=60):
        """The prompts, once none shows [*]."""
        end = time.monotonic() + limit
        while True:
            prompts = self.page.locator(CELLS + " .jp-InputPrompt").all_inner_texts()
            if not any("*" in p for p in prompts):
                return prompts
            if time.monotonic() > end:
                raise Wrong("cells still run after %d s: %s" % (limit, prompts))
            self.page.wait_for_timeout(100)

    def ran(self):
        """All cells have run, in order and for the first time in their kernel."""
        prompts = self.settled()
        if prompts != ["[%d]:" % (i + 1) for i in range(len(SOURCES))]:
            raise Wrong("the prompts are %s" % prompts)
        self.check_outputs()

    def check_outputs(self):
        cells = self.cells().all()
        if self.texts(cells[1]).strip() != "42" or self.texts(cells[4]).split() != ["row", "0", "row", "1", "row", "2"]:
            raise Wrong("the outputs are %r and %r" % (self.texts(cells[1]), self.texts(cells[4])))
        if self.texts(cells[3]).strip() != "20" or cells[3].locator(".jp-OutputArea-child").count() != 1:
            raise Wrong("the bar shows %r" % self.texts(cells[3]))
        drawn = cells[2].locator(".jp-OutputArea-output img, .jp-OutputArea-output svg")
        if not drawn.count() or drawn.first.bounding_box()["width"] < 50:
            raise Wrong("there is no plot")

    def new(self, code, run=False):
        """A cell at the end."""
        cells = self.cells()
        n = cells.count()
        for _ in range(5):  # a key that comes while the focus still moves is lost
            cells.last.locator(".jp-InputPrompt").first.click()
            self.page.keyboard.press("Escape")
            self.page.wait_for_timeout(150)
            self.page.keyboard.press("b")
            try:
                self.page.wait_for_function("([c, n]) => document.querySelectorAll(c).length == n", arg=[CELLS, n + 1], timeout=2000)
                break
            except Error:
                continue
        else:
            raise Wrong("the key B makes no cell")
        cell = cells.last
        cell.locator(".cm-content").click()
        self.page.wait_for_function("c => c.contains(document.activeElement)", arg=cell.element_handle(), timeout=5000)
        self.page.keyboard.insert_text(code)
        if run:
            self.page.keyboard.press("Control+Enter")
        return cell

    # The steps

    def run_all(self):
        self.menu("Run", "Run All Cells")
        self.page.wait_for_function("c => [...document.querySelectorAll(c)].some(e => /[*\\d]/.test(e.innerText))", arg=CELLS + " .jp-InputPrompt", timeout=20000)
        self.ran()

    def colours(self):
        content = self.page.locator(CELLS + " .cm-content").nth(1)
        spans = self.page.locator(CELLS + " .cm-line span[class]").count()
        if content.get_attribute("data-language") != "go" or spans < 10:
            raise Wrong("the editor's language is %r, %d words are coloured" % (content.get_attribute("data-language"), spans))

    def progress(self):
        cell = self.new(BAR, run=True)
        seen, end = set(), time.monotonic() + 20
        while "20" not in seen and time.monotonic() < end:
            seen.update(cell.locator(".bar").all_inner_texts())
            self.page.wait_for_timeout(20)
        if len(seen) < 4:
            raise Wrong("the bar showed only %s" % sorted(seen))
        self.settled()

    def tab(self):
        cell = self.new("fmt.Printl")
        self.page.keyboard.press("Tab")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            box = self.page.locator(".jp-Completer:not(.lm-mod-hidden)")
            if "fmt.Println" in cell.locator(".cm-content").inner_text() or box.count() and "Println" in box.first.inner_text():
                self.page.keyboard.press("Escape")
                return
            self.page.wait_for_timeout(50)
        raise Wrong("Tab completes nothing")

    def shift_tab(self):
        self.new("fmt.Println")
        self.page.keyboard.press("Shift+Tab")
        self.page.wait_for_selector(".jp-Tooltip", timeout=10000)
        text = self.page.locator(".jp-Tooltip").first.inner_text()
        self.page.keyboard.press("Escape")
        if "Println" not in text:
            raise Wrong("the tooltip says %.80r" % text)

    def input_box(self):
        cell = self.new('name := display.Input("name? ")\nfmt.Println("hi " + name)', run=True)
        self.page.wait_for_selector(".jp-Stdin-input", timeout=10000)
        self.page.locator(".jp-Stdin-input").last.fill("Ada")
        self.page.keyboard.press("Enter")
        self.settled()
        if "hi Ada" not in self.texts(cell):
            raise Wrong("the cell shows %r" % self.texts(cell))

    def interrupt(self):
        cell = self.new("for {}", run=True)
        self.page.wait_for_timeout(1000)
        if "*" not in cell.locator(".jp-InputPrompt").inner_text():
            raise Wrong("the cell does not run")
        self.page.locator('[data-command="notebook:interrupt-kernel"], jp-button[title*="Interrupt"]').first.click()
        self.settled()
        if "Interrupted" not in self.texts(cell):
            raise Wrong("the cell shows %r" % self.texts(cell))
        cell = self.new("x", run=True)
        self.settled()
        if self.texts(cell).strip() != "41":
            raise Wrong("afterwards x is %r" % self.texts(cell))

    def pager(self):
        cell = self.new("fmt.Println?", run=True)
        self.settled()
        if "func" not in self.texts(cell) or "Println" not in self.texts(cell):
            raise Wrong("the cell shows %r" % self.texts(cell))

    def restart_and_run_all(self):
        while self.cells().count() > len(SOURCES):
            self.cells().last.locator(".jp-InputPrompt").first.click()
            self.page.keyboard.press("Escape")
            n = self.cells().count()
            self.page.keyboard.press("d")
            self.page.keyboard.press("d")
            self.page.wait_for_function("([c, n]) => document.querySelectorAll(c).length < n", arg=[CELLS, n], timeout=5000)
        self.menu("Kernel", "Restart Kernel and Run All Cells…")
        self.page.locator(".jp-Dialog .jp-mod-accept").first.click()
        self.page.wait_for_function("c => !/\\[\\d+\\]/.test(document.querySelector(c).innerText)", arg=CELLS + " .jp-InputPrompt", timeout=20000)
        end = time.monotonic() + 60
        while not all("[" in p and any(c.isdigit() for c in p) for p in self.settled()):
            if time.monotonic() > end:
                raise Wrong("not all cells run again")
            self.page.wait_for_timeout(100)
        self.ran()

    def save(self):
        self.page.keyboard.press("Escape")
        before = self.path.stat().st_mtime_ns
        self.menu("File", "Save Notebook")
        end = time.monotonic() + 15
        while self.path.stat().st_mtime_ns == before and time.monotonic() < end:
            self.page.wait_for_timeout(100)
        self.page.wait_for_timeout(300)
        notebook = nbformat.read(self.path, 4)
        nbformat.validate(notebook)
        language = notebook.metadata.get("language_info", {})
        outputs = [c.outputs for c in notebook.cells]
        if language.get("name") != "go" or outputs[1][0].data["text/plain"] != "42" or ">20<" not in outputs[3][0].data["text/html"]:
            raise Wrong("the file holds %.200r and %r" % (outputs, language))


STEPS = ("run_all", "colours", "progress", "tab", "shift_tab", "input_box", "interrupt", "pager", "restart_and_run_all", "save")


def play(page, address, path, out):
    """Problems, a sentence each."""
    session, bad = Session(page, path), []
    try:
        session.open(address)
        for step in STEPS:
            start = time.monotonic()
            getattr(session, step)()
            print("%s: %s: %.1f s" % (out.stem, step, time.monotonic() - start), flush=True)
        session.open(address)  # again, from the file
        session.check_outputs()
    except (Wrong, Error) as e:
        bad.append("%s: %s" % (step if "step" in locals() else "open", str(e).splitlines()[0]))
    page.screenshot(path=str(out))
    return bad


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--graft", required=True)
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent / "out")
    p.add_argument("--app", choices=("lab", "notebook"))
    a = p.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or fail("there is no chromium on the PATH")
    a.out.mkdir(parents=True, exist_ok=True)
    bad = []
    for app, page_of in (("lab", "lab/tree/%s"), ("notebook", "notebooks/%s")):
        if a.app in (None, app):
            with installed(a.graft) as work:
                notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in SOURCES])
                notebook.metadata["kernelspec"] = dict(name="graft", display_name="Go (graft)", language="go")
                path = work / "tutorials" / "session.ipynb"
                nbformat.write(notebook, path)
                with open(work / "server.log", "w") as log:
                    server, address = start_server(work, log, app)
                    try:
                        with sync_playwright() as play_:
                            browser = play_.chromium.launch(executable_path=chromium, args=list(FLAGS))
                            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
                            page.set_default_timeout(20000)
                            bad += ["%s: %s" % (app, b) for b in play(page, address % (page_of % path.name), path, a.out / ("session-%s.png" % app))]
                            browser.close()
                    finally:
                        stop(server)
    for line in bad:
        print(line)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
