"""The page about browsers in a browser: its scripts and its HTML run on a page of another origin."""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.api.accounts import Account, Json
from tests.compat.clients.pages import blocks, program

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PAGE = """<!doctype html><meta charset="utf-8"><body><script type="module">
const BASE = {base}, KEY = {key}, token = {token}, HTML = {html};
const report = (found) => fetch("/report", {{ method: "POST", body: JSON.stringify(found) }});
const loaded = (element) => new Promise((done) => element.addEventListener("load", done, {{ once: true }}));
try {{
{script}
const [output] = generation.outputs;
const headers = {{ Authorization: `Bearer ${{KEY}}` }};
const shown = await fetch(`${{BASE}}/api/v1/generations/${{generation.id}}/display`, {{ headers }});
const {{ html_url }} = await shown.json();
const values = {{ thumbnail_url: output.thumbnail_url, html_url }};
output.previews.forEach((preview, number) => (values[`previews[${{number}}].url`] = preview.url));
const filled = HTML.map((html) => html.replace(/{{([^}}]+)}}/g, (_, name) => values[name].replaceAll("&", "&amp;")));
document.body.insertAdjacentHTML("beforeend", filled.join(""));
const image = document.querySelector("img");
await Promise.all([image.decode(), loaded(document.querySelector("iframe"))]);
const canvas = Object.assign(document.createElement("canvas"), {{ width: 8, height: 8 }});
canvas.getContext("2d").drawImage(image, 0, 0, 8, 8);
while (events.readyState !== EventSource.CLOSED) await new Promise((done) => setTimeout(done, 20));
await report({{
  status: generation.status, download: picture.size, bytes: output.bytes, width: image.naturalWidth,
  canvas: canvas.toDataURL().slice(0, 14), source: image.currentSrc.includes("width="),
}});
}} catch (error) {{ await report({{ error: `${{error}}` }}); }}
</script>"""


@contextmanager
def site(page: bytes) -> Iterator[tuple[str, queue.Queue[Any]]]:
    """A site that serves the page; its address, and what the page reports."""
    reports: queue.Queue[Any] = queue.Queue()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(page if self.path == "/" else b"")

        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", reports
        finally:
            server.shutdown()
            thread.join()


def opened(url: str, reports: queue.Queue[Any], folder: Path) -> tuple[Json, str]:
    """What the page at a URL reports, and what the browser wrote about it."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr"]
    command += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder}", url]
    log = folder / "log.txt"
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as browser:
        try:
            found: Json = reports.get(timeout=90)
        finally:
            browser.terminate()
    return found, "\n".join(re.findall(r"CONSOLE.*", log.read_text(errors="replace")))


@pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium on this machine.")
@pytest.mark.parametrize("allowed", [("allowed_origins", "frame_origins"), ("allowed_origins",), ()])
def test_the_page_runs_where_its_site_is_allowed(account: Account, tmp_path: Path, allowed: tuple[str, ...]) -> None:
    token = account.post("/api/v1/stream-tokens").json()["token"]
    assert "/api/v1/stream-tokens" in program("browser", "sh")
    download, follow, call = blocks("browser", "js")
    base = str(account.http.base_url).rstrip("/")
    page = PAGE.format(
        base=json.dumps(base),
        key=json.dumps(account.secret),
        token=json.dumps(token),
        html=json.dumps(blocks("browser", "html")),
        script=call + download + follow,
    )
    with site(page.encode()) as (origin, reports):
        assert account.patch("/api/v1/tenant", json={name: [origin] for name in allowed}).status_code == 200
        found, console = opened(origin, reports, tmp_path)
    if not allowed:
        assert "Failed to fetch" in found["error"]
        assert "CORS" in console
        return
    assert found.pop("download") == found.pop("bytes") > 0, found
    assert found == {"status": "succeeded", "width": 512, "canvas": "data:image/png", "source": True}
    assert ("frame-ancestors" in console) is ("frame_origins" not in allowed), console
    if "frame_origins" in allowed:
        assert console == ""
