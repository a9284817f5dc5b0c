"""A platform with narrow limits: sizes, deadlines, a temporary folder on another file system, pictures by URL."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.api.accounts import Account, Books, image, noise, open_account, picture, text
from tests.services import Running

pytestmark = pytest.mark.slow

FILE_BYTES, BODY_BYTES = 1_000_000, 2_000_000
ELSEWHERE = Path("/dev/shm")


@pytest.fixture(scope="module")
def narrow(django_db_setup: None) -> Iterator[Running]:
    elsewhere = {"TMPDIR": str(ELSEWHERE)} if os.access(ELSEWHERE, os.W_OK) else {}
    running = Running(
        {
            "WORKERS": "1",
            "MAX_FILE_BYTES": str(FILE_BYTES),
            "MAX_BODY_BYTES": str(BODY_BYTES),
            "EGRESS_ALLOW": "127.0.0.1/32",
            "GENERATION_DEADLINE": "3",
            **elsewhere,
        }
    )
    yield running
    running.remove()


@pytest.fixture(scope="module")
def narrow_books(narrow: Running) -> Iterator[Books]:
    found = Books(narrow)
    yield found
    found.close()


@pytest.fixture
def bound(narrow: Running, narrow_books: Books) -> Iterator[Account]:
    with httpx.Client(base_url=narrow.url, timeout=60) as http:
        yield open_account(narrow_books, http)


class Pictures(BaseHTTPRequestHandler):
    """Somebody's web server."""

    files = {
        "/good.png": ("image/png", picture(160, 90)),
        "/untyped": ("application/octet-stream", picture(90, 160)),
        "/lie.png": ("image/png", b"<html>hello, this is no picture</html>"),
        "/page.html": ("text/html", b"<html></html>"),
        "/large.png": ("image/png", noise(900)),
    }

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://10.1.2.3/x.png")
            self.end_headers()
            return
        if self.path not in self.files:
            self.send_error(404)
            return
        kind, data = self.files[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pictures) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_upload_from_a_temporary_folder_on_another_file_system(bound: Account) -> None:
    data = noise(400)
    file = bound.file(data)
    assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert bound.get(f"/api/v1/files/{file['id']}/content").content == data


def test_a_file_too_large_is_413(bound: Account) -> None:
    with bound.untouched():
        just = noise(580)
        assert FILE_BYTES < len(just) < FILE_BYTES + 60_000
        problem = bound.refused(bound.upload(just), 413, "too_large", None, None, str(FILE_BYTES))
        assert problem["limit"] == FILE_BYTES
        bound.refused(bound.upload(noise(700)), 413, "body_too_large")
        chunks = (b"x" * 100_000 for _ in range(20))
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        bound.refused(bound.post("/api/v1/files", content=chunks, headers=form), 413, "body_too_large")


def test_a_body_too_large_is_413(bound: Account) -> None:
    with bound.untouched():
        bound.refused(
            bound.submit(input=[text(), image(noise(800))]), 413, "body_too_large", None, None, str(BODY_BYTES)
        )
        chunks = (b" " * 100_000 for _ in range(30))
        bound.refused(bound.post("/api/v1/generations", content=chunks), 413, "body_too_large")


def test_a_picture_by_its_address_is_fetched_once_and_kept(bound: Account, site: str) -> None:
    for path, expected in (("good.png", (688, 384)), ("untyped", (384, 688))):
        blocks = [text(), {"type": "image", "uri": f"{site}/{path}"}]
        made = bound.make(input=blocks, response_format={"type": "image", "image_size": "512"})
        assert [(output["width"], output["height"]) for output in made["outputs"]] == [expected]
        assert made["request"]["input"] == blocks
    files = bound.get("/api/v1/files").json()["data"]
    assert [(file["source"], file["sha256"]) for file in files] == [
        ("url", hashlib.sha256(Pictures.files[path][1]).hexdigest()) for path in ("/untyped", "/good.png")
    ]


@pytest.mark.parametrize(
    ("path", "status", "code", "word"),
    [
        ("/lie.png", 422, "not_an_image", ""),
        ("/page.html", 422, "url_unreachable", ""),
        ("/missing", 422, "url_unreachable", "404"),
        ("/away", 422, "url_refused", "private"),
        ("/large.png", 413, "", str(BODY_BYTES)),
    ],
)
def test_an_address_that_gives_no_picture(
    bound: Account, site: str, path: str, status: int, code: str, word: str
) -> None:
    with bound.untouched():
        # what was fetched before the wrong one must go again
        blocks = [text(), {"type": "image", "uri": f"{site}/good.png"}, {"type": "image", "uri": f"{site}{path}"}]
        answer = bound.submit(input=blocks)
        if status == 413:
            bound.refused(answer, 413, "too_large", None, None, "/input/2/uri", word)
        else:
            bound.refused(answer, 422, "invalid_request", "/input/2/uri", code, word)


def test_an_upstream_that_hangs_is_left_at_the_deadline(bound: Account) -> None:
    before = bound.trace
    hung = bound.generate(input="x [[hang]]")
    assert (hung["status"], hung["error"]["code"]) == ("failed", "deadline_exceeded")
    assert (hung["charge"]["status"], hung["charge"]["amount"]) == ("not_charged", "0.000000000")
    after = bound.trace
    assert (after.held, after.balance, after.objects) == (before.held, before.balance, before.objects)
    assert not list((bound.books.running.data_dir / "spool" / "jobs").glob("*"))
