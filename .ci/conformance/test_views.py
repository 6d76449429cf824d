"""Where notebooks are looked at without a kernel: nbconvert's HTML and PDF, GitHub, nbviewer, VS Code, JupyterLab before anything is
run. The tutorials' stored outputs are what is shown; none of these may lose a picture, a table or a word of it."""
import html.parser
import json
import pathlib
import re
import shutil
import unittest

import bleach
import nbformat
from nbconvert import HTMLExporter, WebPDFExporter
from playwright.async_api import BrowserType
from playwright.sync_api import sync_playwright

import lab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
GALLERY = "16-plotting-gallery.ipynb"
NO_ALT = "No description has been provided for this image"  # nbconvert's, where a picture has none

# vscode-jupyter, src/kernels/execution/helpers.ts, orderOfMimeTypes: the first of these that an output has is shown.
VSCODE = ["application/vnd.", "application/vdom.", "application/geo+json", "application/x-nteract-model-debug+json", "text/html", "application/javascript",
          "image/gif", "text/latex", "text/markdown", "image/png", "image/svg+xml", "image/jpeg", "application/json", "text/plain"]
# github/markup: what GitHub leaves of the HTML that people write. Neither style nor class is among it.
GITHUB = """h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody tfoot blockquote dl dt dd kbd q samp
    var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr bdo cite dfn mark small source span time wbr""".split()
GITHUB_ATTRIBUTES = {"*": "align alt border cellpadding cellspacing colspan rowspan dir height width label lang name open start title type value".split(),
                     "a": ["href"], "img": ["src", "longdesc", "loading"]}
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")


def text(value):
    return "".join(value) if isinstance(value, list) else value


def bundles(notebook):
    """(number of the cell, data, metadata) of each output that is not a stream or an error."""
    for n, cell in enumerate(notebook["cells"], 1):
        for o in cell.get("outputs", []):
            if "data" in o:
                yield n, {kind: text(v) for kind, v in o["data"].items()}, o["metadata"]


class Tags(html.parser.HTMLParser):
    """What an HTML text has: its tags with their attributes, and its words."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.words, self.hidden = [], [], 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.hidden += tag in ("style", "script")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")

    def handle_data(self, data):
        if not self.hidden:
            self.words += data.split()


class Views(unittest.TestCase):
    def setUp(self):
        self.tutorials = pathlib.Path("tutorials").resolve()
        self.all = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in sorted(self.tutorials.glob("*.ipynb"))}
        self.assertIn(GALLERY, self.all)

    def test_outputs_need_nothing(self):
        """No script, no frame, no form, nothing from elsewhere, in any output; words and a description for each picture."""
        for name, notebook in self.all.items():
            for n, data, metadata in bundles(notebook):
                where = "%s, cell %d" % (name, n)
                self.assertTrue(data.get("text/plain", "").strip(), "%s has no text for where nothing else can be shown" % where)
                for kind in ("image/png", "image/jpeg", "image/gif"):
                    if kind in data:
                        self.assertTrue(metadata.get(kind, {}).get("alt", "").strip(), "%s: the %s has no alt text" % (where, kind))
                for kind in ("text/html", "image/svg+xml"):
                    for tag, attributes in Tags(data.get(kind, "")).tags:
                        self.assertNotIn(tag, ("script", "iframe", "object", "embed", "link", "form", "foreignobject"), where)
                        for a, value in attributes.items():
                            self.assertFalse(a.startswith("on"), "%s: %s=%r is a script" % (where, a, value))
                            if a in ("src", "href", "xlink:href") and tag != "a":
                                self.assertTrue(value.startswith(("data:", "#")), "%s: %s %s comes from elsewhere" % (where, tag, value[:60]))
                    self.assertIsNone(re.search(r"url\(\s*['\"]?(?!data:|#)|@import", data.get(kind, "")), "%s: its style loads something" % where)

    def test_vscode(self):
        """What VS Code chooses of each bundle shows what the bundle holds."""
        for name, notebook in self.all.items():
            for n, data, _ in bundles(notebook):
                where = "%s, cell %d" % (name, n)
                rank = {kind: next((k for k, known in enumerate(VSCODE) if kind.startswith(known)), 100) for kind in data}
                chosen = min(data, key=rank.get)
                self.assertLess(rank[chosen], 100, "%s: VS Code knows none of %s" % (where, sorted(data)))
                if any(kind in PICTURES for kind in data) and chosen not in PICTURES:
                    self.assertRegex(data[chosen], "<img|<svg", "%s: VS Code shows the %s, which lacks the picture" % (where, chosen))

    def test_github(self):
        """GitHub leaves every word, every row and every picture of the HTML."""
        for name, notebook in self.all.items():
            for n, data, _ in bundles(notebook):
                if "text/html" in data:
                    clean = bleach.clean(re.sub(r"(?s)<style.*?</style>", "", data["text/html"]), tags=GITHUB, attributes=GITHUB_ATTRIBUTES,
                                         protocols=["http", "https", "data"], strip=True)
                    before, after = Tags(data["text/html"]), Tags(clean)
                    self.assertEqual(before.words, after.words, "%s, cell %d" % (name, n))
                    for tag in ("tr", "td", "th", "img"):
                        self.assertEqual(sum(t == tag for t, _ in before.tags), sum(t == tag for t, _ in after.tags), "%s, cell %d: <%s>" % (name, n, tag))

    def convert(self, exporter, name):
        notebook = nbformat.read(self.tutorials / name, 4)
        return exporter.from_notebook_node(notebook, resources={"metadata": {"path": str(self.tutorials), "name": name}})[0], notebook

    def pictures(self, notebook):
        return sum(any(kind in data for kind in PICTURES) and "text/html" not in data for _, data, _ in bundles(notebook))

    @unittest.skipUnless(CHROMIUM, "there is no Chromium")
    def test_html_without_script(self):
        """nbconvert's page, cleaned as it cleans those of strangers, in a browser with JavaScript turned off and without a network. Both of its
        templates draw all; alt texts are in the classic one, for the default one takes none from the notebook (nbconvert 7.17)."""
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=list(lab.FLAGS))
            for template in ("lab", "classic"):
                with self.subTest(template):
                    source, notebook = self.convert(HTMLExporter(sanitize_html=True, template_name=template), GALLERY)
                    shown, rows = self.look(browser, source)
                    self.assertEqual(len(shown), self.pictures(notebook))
                    for alt, drawn, width, height in shown:
                        self.assertTrue(drawn and width > 8 and height > 8, "a picture is not drawn: %s" % alt)
                        self.assertTrue(template == "lab" or alt and alt != NO_ALT, "a picture has no alt text")
                    self.assertEqual(rows, sum(data.get("text/html", "").count("<tr") for _, data, _ in bundles(notebook)))
            browser.close()

    def look(self, browser, source):
        """(alt text, whether it is drawn, width, height) of each picture of a page, and how many rows its tables have."""
        path = pathlib.Path("gallery.html").resolve()
        path.write_text(source, encoding="utf-8")
        page = browser.new_context(java_script_enabled=False).new_page()
        page.route("**/*", lambda route: route.continue_() if route.request.url.startswith(("file:", "data:")) else route.abort())
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        shown = page.eval_on_selector_all("img, svg", """all => all.map(e => {
            const box = e.getBoundingClientRect();
            return [e.tagName == 'IMG' && !e.src.startsWith('data:image/svg') ? e.alt : 'a drawing', e.tagName != 'IMG' || e.naturalWidth > 8, box.width, box.height] })""")
        return shown, page.locator("tr").count()

    @unittest.skipUnless(CHROMIUM, "there is no Chromium")
    def test_pdf(self):
        """nbconvert --to webpdf, on the Chromium that is here in place of one of playwright's own."""
        launch = BrowserType.launch
        self.addCleanup(setattr, BrowserType, "launch", launch)
        BrowserType.launch = lambda self, **options: launch(self, executable_path=CHROMIUM, **options)
        pdf, notebook = self.convert(WebPDFExporter(disable_sandbox=True, browser_args=list(lab.FLAGS)), GALLERY)
        self.assertTrue(pdf.startswith(b"%PDF-"))
        raster = sum(any(kind in data for kind in PICTURES if kind != "image/svg+xml") for _, data, _ in bundles(notebook))
        self.assertGreaterEqual(len(re.findall(rb"/Subtype\s*/Image", pdf)), raster)
        self.assertGreater(len(re.findall(rb"/Type\s*/Font\b", pdf)), 0, "the text is not text")


# For each text of the outputs that is seen: the contrast (WCAG 2) of its colour with the ground it stands on, and the text.
CONTRAST = """all => {
    const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
    const light = c => { const v = c.slice(0, 3).map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
                         return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2] };
    const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length == 3 || c[3] > 0.5) return c }
                          return [255, 255, 255] };
    return all.filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) && e.getClientRects().length).map(e => {
        const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.innerText] }) }"""


@unittest.skipUnless(CHROMIUM, "there is no Chromium")
class Opened(unittest.TestCase):
    """JupyterLab shows a notebook from somebody else, which it does not trust, before anything is run; in its light and its dark theme. (It
    takes no alt texts from notebooks, 4.6.)"""

    def show(self, theme, name):
        work = pathlib.Path(theme.replace(" ", "-")).resolve()
        (work / "tutorials").mkdir(parents=True)
        shutil.copy(pathlib.Path("tutorials") / name, work / "tutorials")
        settings = work / "settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"theme": theme}))
        with open(work / "lab.log", "w") as log:
            server, address = lab.start_server(work, log)
            try:
                with sync_playwright() as play:
                    browser = play.chromium.launch(executable_path=CHROMIUM, args=list(lab.FLAGS))
                    page = browser.new_page(viewport={"width": lab.WIDTH, "height": lab.HEIGHT})
                    page.goto(address % ("lab/tree/" + name) + "&reset", wait_until="domcontentloaded", timeout=60000)
                    page.wait_for_selector(lab.PANEL + ".jp-Cell", timeout=60000)
                    page.wait_for_selector(lab.CELLS + " .jp-OutputArea-output img", timeout=60000)
                    page.wait_for_timeout(1000)
                    outputs = lab.CELLS + " .jp-OutputArea-output"
                    found = dict(pictures=lab.look(page), rows=page.locator(outputs + " tr").count(), dark=page.evaluate("document.body.dataset.jpThemeLight") == "false",
                                 contrast=page.eval_on_selector_all(outputs + " *", CONTRAST))
                    browser.close()
                    return found
            finally:
                lab.stop(server)

    def check(self, theme, dark):
        found = self.show(theme, GALLERY)
        notebook = json.loads((pathlib.Path("tutorials") / GALLERY).read_text(encoding="utf-8"))
        self.assertEqual(found["dark"], dark)
        self.assertEqual(found["pictures"][1], [])
        raster = [data for _, data, _ in bundles(notebook) if any(kind in PICTURES and kind != "image/svg+xml" for kind in data)]
        self.assertGreaterEqual(found["pictures"][0], len(raster))  # JupyterLab draws no SVG that it does not trust
        self.assertEqual(found["rows"], sum(data.get("text/html", "").count("<tr") for _, data, _ in bundles(notebook)))
        faint = [(round(c, 1), t[:60]) for c, t in found["contrast"] if c < 4.5]
        self.assertGreater(len(found["contrast"]), 20)
        self.assertEqual(faint, [], "too faint to read (WCAG wants 4.5)")

    def test_light(self):
        self.check("JupyterLab Light", False)

    def test_dark(self):
        self.check("JupyterLab Dark", True)


if __name__ == "__main__":
    unittest.main()
