"""A collector of traces: takes spans as OTLP over HTTP and keeps them."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Taken:
    """A span as it came. `instance` is the process's service.instance.id."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    instance: str
    values: dict[str, str]


@dataclass
class Collector:
    url: str
    spans: list[Taken] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    hooks: list[dict[str, str]] = field(default_factory=list)
    """The headers of whatever else was posted."""

    def of(self, trace_id: str) -> dict[str, Taken]:
        """Returns the spans of a trace by their names; of several the last."""
        return {span.name: span for span in self.spans if span.trace_id == trace_id}

    def until(self, check: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not check() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert check(), [span.name for span in self.spans]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Serves it while the block runs; anything else that is posted to it gets a 200 as well."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                collector.bodies.append(body)
                collector.spans.extend(_spans(body))
            else:
                collector.hooks.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()


def _spans(body: bytes) -> Iterator[Taken]:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    for resource in request.resource_spans:
        instance = _values(resource.resource.attributes)["service.instance.id"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                yield Taken(span.name, *ids, instance, _values(span.attributes))


def _values(attributes: Any) -> dict[str, str]:
    kinds = {pair.key: pair.value.WhichOneof("value") for pair in attributes}
    return {pair.key: str(getattr(pair.value, kinds[pair.key])) for pair in attributes}
