"""`/livez`, `/readyz` and `/metrics` of a process that serves no HTTP otherwise, on HEALTH_HOST and HEALTH_PORT."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.db import connections
from django.http import HttpRequest

from cavendish.telemetry.health import readyz
from cavendish.telemetry.process_gauges import CONTENT_TYPE_LATEST, exposition


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/livez":
                if self.server.is_alive():  # type: ignore[attr-defined]
                    self._answer(200, "application/json", b'{"status": "ok"}')
                # What hangs gets no answer, as it would give none itself.
            case "/readyz":
                try:
                    response = readyz(HttpRequest())
                finally:
                    connections.close_all()
                self._answer(response.status_code, "application/json", response.content)
            case "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, exposition())
            case _:
                self._answer(404, "application/json", b'{"status": "not_found"}')

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: whoever watches asks every few seconds."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    is_alive: Callable[[], bool]


def health_serve(
    port: int, *, host: str = "127.0.0.1", is_alive: Callable[[], bool] = lambda: True
) -> ThreadingHTTPServer:
    """Serves beside whatever else the process does. `is_alive` says whether that goes on: without it /livez is silent.

    Returns the server; raises OSError where the port is taken.
    """
    server = _Server((host, port), _Handler)
    server.is_alive = is_alive
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
