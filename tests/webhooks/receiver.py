"""A real HTTP receiver on a loopback address that behaves as a path says, and keeps what arrived."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Arrived:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


@dataclass
class Receiver:
    """`answers` are statuses for the next requests of a path, after which it answers 200."""

    port: int = 0
    scheme: str = "http"
    arrived: list[Arrived] = field(default_factory=list)
    answers: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    endless: int = 0

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def of(self, path: str) -> list[Arrived]:
        return [one for one in self.arrived if one.path == path]

    def wait(self, path: str = "/hook", count: int = 1, seconds: float = 20) -> list[Arrived]:
        until = time.monotonic() + seconds
        while len(self.of(path)) < count and time.monotonic() < until:
            time.sleep(0.02)
        arrived = self.of(path)
        assert len(arrived) >= count, f"{len(arrived)} of {count} arrived at {path}"
        return arrived


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    state = Receiver(scheme="https" if tls else "http")
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.arrived.append(Arrived(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if self.path.startswith("/hang"):
                stop.wait(60)
                return
            if self.path == "/drip":
                while not stop.wait(0.05):
                    try:
                        self.wfile.write(b"H")
                    except OSError:
                        return
                return
            waiting = state.answers.get(self.path)
            status, headers = waiting.pop(0) if waiting else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.path == "/large":
                try:
                    for _ in range(160):
                        self.wfile.write(b"x" * 65536)
                        state.endless += 65536
                except OSError:
                    pass
            else:
                self.wfile.write(b"thank you\0")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
