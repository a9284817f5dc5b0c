"""A real HTTP server on a loopback address, and names that resolve as a test says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

PICTURE = bytes(range(256)) * 400


@dataclass
class Origin:
    """The server: `seen` are the paths and Host headers that arrived."""

    port: int
    seen: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Names:
    """A resolver: each name has a list of answers, the last of which stays."""

    table: dict[str, list[list[str]]]
    calls: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.calls.append(host)
        answers = self.table.get(host)
        if not answers:
            raise socket.gaierror(8, "unknown name")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def origin() -> Iterator[Origin]:
    state = Origin(0)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            state.seen.append((self.path, self.headers["Host"]))
            path, _, query = self.path.partition("?")
            if path == "/redirect":
                self.send_response(302)
                self.send_header("Location", query)
                self.end_headers()
            elif path == "/missing":
                self.send_error(404)
            elif path == "/cut":
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", str(len(PICTURE)))
                self.end_headers()
                self.wfile.write(PICTURE[:1000])
            elif path == "/slow-head":
                try:
                    for _ in range(200):
                        self.wfile.write(b"H")
                        time.sleep(0.05)
                except OSError:
                    pass
            elif path == "/not-http":
                self.wfile.write(b"220 smtp.example ready\r\n")
            elif path in ("/drip", "/endless"):
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.end_headers()
                try:
                    for _ in range(200):
                        self.wfile.write(b"x" if path == "/drip" else b"x" * 65536)
                        time.sleep(0.05 if path == "/drip" else 0)
                except OSError:
                    pass
            else:
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if path == "/page" else "image/png; charset=x")
                if path == "/gzip":
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(PICTURE)))
                self.end_headers()
                self.wfile.write(PICTURE)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()
