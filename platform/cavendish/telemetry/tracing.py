"""Spans by OpenTelemetry, where its standard environment names a collector; without one nothing of it is imported.

A trace begins with the client's `traceparent`, or here, and goes on through the job's row to the worker and the
webhook. Spans have ids, models, statuses and times. Nothing that a tenant or the upstream said is in one, and of an
error only its class: its text may quote a request.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

logger = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
SERVICE_NAME = "OTEL_SERVICE_NAME"
HTTP = "http/protobuf"
TRACEPARENT = "traceparent"

Values = Mapping[str, str | int | float | bool]

_tracer: Tracer | None = None
_provider: TracerProvider | None = None
_OFF: AbstractContextManager[None] = nullcontext()


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Returns whether the standard environment asks for traces."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return (
        not is_off
        and environment.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
        and any(environment.get(name) for name in ENDPOINTS)
    )


def tracing_start(process: str) -> None:
    """Begins to trace, where that is wanted. `process` is its kind: "web", "worker", "scheduler"."""
    global _tracer, _provider
    if not is_wanted(os.environ):
        return
    asked = {os.environ[name] for name in PROTOCOLS if os.environ.get(name)} - {HTTP}
    if asked:
        logger.warning("Traces are sent as %s; %s is not spoken.", HTTP, ", ".join(sorted(asked)))
        os.environ.update({name: HTTP for name in PROTOCOLS if os.environ.get(name)})
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    attributes = {
        "service.instance.id": f"{process}-{socket.gethostname()}-{os.getpid()}",
        "service.version": version("cavendish"),
    }
    if not os.environ.get(SERVICE_NAME):
        attributes["service.name"] = "cavendish"
    _provider = TracerProvider(resource=Resource.create(attributes))
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = _provider.get_tracer("cavendish")


def tracing_is_on() -> bool:
    return _tracer is not None


def tracing_stop() -> None:
    """Sends what is left."""
    if _provider is not None:
        _provider.force_flush(5_000)


def span(name: str, values: Values | None = None, *, parent: str = "") -> AbstractContextManager[_On | None]:
    """Surrounds a step. `parent` is a traceparent; without one the span belongs to the current one."""
    if _tracer is None:
        return _OFF
    return _On(_tracer, name, values, context=_context_of(parent) if parent else None)


def request_span(method: str, headers: Iterable[tuple[bytes, bytes]]) -> AbstractContextManager[_On | None]:
    """Surrounds a client's request, whose trace it continues."""
    if _tracer is None:
        return _OFF
    given = [value.decode("latin-1") for name, value in headers if name == TRACEPARENT.encode()]
    return _On(_tracer, method, None, context=_context_of(given[0] if given else ""), is_server=True)


def span_done(name: str, began: float, ended: float, values: Values | None = None, *, parent: str = "") -> None:
    """Notes a step that is over. Times are in seconds since 1970."""
    if _tracer is not None:
        context = _context_of(parent) if parent else None
        made = _tracer.start_span(name, context=context, attributes=values, start_time=round(began * 1e9))
        made.end(round(max(ended, began) * 1e9))


def traceparent() -> str:
    """Returns the current span as W3C's header has it, for whoever goes on elsewhere; "" without one."""
    if _tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(TRACEPARENT, "")


def traceparent_of(trace_id: str) -> str:
    """Returns a parent within a trace of which only the id is kept; "" without one."""
    return f"00-{trace_id}-{trace_id[:15]}1-01" if _tracer is not None and trace_id else ""


def _context_of(parent: str) -> Context:
    """Returns the context that a traceparent stands for; one that begins a trace where it is none."""
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({TRACEPARENT: parent}, context=Context())


class _On:
    """A span that is the current one within the block."""

    def __init__(
        self, tracer: Tracer, name: str, values: Values | None, *, context: Context | None, is_server: bool = False
    ) -> None:
        from opentelemetry.trace import SpanKind

        kind = SpanKind.SERVER if is_server else SpanKind.INTERNAL
        self._span: Span = tracer.start_span(name, context=context, kind=kind, attributes=values)

    @property
    def trace_id(self) -> str:
        return f"{self._span.get_span_context().trace_id:032x}"

    def note(self, values: Values, *, name: str = "", failed: bool = False) -> None:
        """Adds what is known at the end, be it the span's name."""
        self._span.set_attributes(dict(values))
        if name:
            self._span.update_name(name)
        if failed:
            self._fail("")

    def _fail(self, reason: str) -> None:
        from opentelemetry.trace import Status, StatusCode

        self._span.set_status(Status(StatusCode.ERROR, reason or None))

    def __enter__(self) -> _On:
        from opentelemetry.context import attach
        from opentelemetry.trace import set_span_in_context

        self._token: Any = attach(set_span_in_context(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from opentelemetry.context import detach

        detach(self._token)
        if kind is not None:
            self._fail(kind.__name__)
        self._span.end()
