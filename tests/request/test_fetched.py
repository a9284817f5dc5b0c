"""Pictures by address, from a real server behind the guard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cavendish.egress import Guard
from cavendish.http.problems import Problem
from generations.request import Media, uri_fetch
from tests.request.helpers import picture

FILES = {
    "/a.png": ("image/png", picture()),
    "/untyped": ("application/octet-stream", picture(format="JPEG")),
    "/lies.png": ("image/png", picture(format="JPEG")),
    "/page": ("text/html", b"<html>"),
    "/fake.png": ("image/png", b"<html>" * 20),
}


@pytest.fixture
def base() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            content_type, body = FILES[self.path]
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


GUARD = Guard(["127.0.0.0/8"])


def media(uri: str, mime_type: str | None = None) -> Media:
    return Media("/input/1", "image", "uri", uri=uri, mime_type=mime_type)


def test_a_picture_is_fetched_and_looked_into(base: str, tmp_path: Path) -> None:
    spilled, info = uri_fetch(media(f"{base}/a.png"), tmp_path, max_bytes=10**6, guard=GUARD)

    assert spilled.path.read_bytes() == FILES["/a.png"][1]
    assert (spilled.size, spilled.sha256) == (info.bytes, info.sha256)
    assert (info.mime_type, info.width, info.height) == ("image/png", 64, 48)


def test_only_what_the_client_declares_can_lie(base: str, tmp_path: Path) -> None:
    for path in ("/untyped", "/lies.png"):
        _, info = uri_fetch(media(f"{base}{path}", "image/jpeg"), tmp_path, max_bytes=10**6, guard=GUARD)
        assert info.mime_type == "image/jpeg"


@pytest.mark.parametrize(
    ("path", "declared", "max_bytes", "pointer", "code"),
    [
        ("/page", None, 10**6, "/input/1/uri", "url_unreachable"),
        ("/fake.png", None, 10**6, "/input/1/uri", "not_an_image"),
        ("/a.png", "image/jpeg", 10**6, "/input/1/mime_type", "mime_type_mismatch"),
        ("/a.png", None, 100, "", "too_large"),
    ],
)
def test_bad_addresses_leave_nothing(
    base: str, tmp_path: Path, path: str, declared: str | None, max_bytes: int, pointer: str, code: str
) -> None:
    with pytest.raises(Problem) as caught:
        uri_fetch(media(f"{base}{path}", declared), tmp_path, max_bytes=max_bytes, guard=GUARD)
    if pointer:
        assert [(error.pointer, error.code) for error in caught.value.errors] == [(pointer, code)]
    else:
        assert (caught.value.status, caught.value.code) == (413, code)
    assert list(tmp_path.iterdir()) == []


def test_a_private_address_is_refused(base: str, tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        uri_fetch(media(f"{base}/a.png"), tmp_path, max_bytes=100, guard=Guard())
    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/input/1/uri", "url_refused")]
    assert "loopback" in caught.value.errors[0].detail
