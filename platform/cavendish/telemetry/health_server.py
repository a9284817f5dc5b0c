"""`/livez`, `/readyz` and `/metrics` of a process that serves no HTTP otherwise, to this machine alone."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.db import connections
from django.http import HttpRequest
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from cavendish.telemetry.health import readyz

HOST = "127.0.0.1"


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/livez":
                self._answer(200, "application/json", b'{"status": "ok"}')
            case "/readyz":
                try:
                    response = readyz(HttpRequest())
                finally:
                    connections.close_all()
                self._answer(response.status_code, "application/json", response.content)
            case "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
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


def health_serve(port: int) -> ThreadingHTTPServer:
    """Serves beside whatever else the process does. Returns the server; raises OSError where the port is taken."""
    server = ThreadingHTTPServer((HOST, port), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
