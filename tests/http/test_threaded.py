from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from cavendish.http.threaded import PIECES_BYTES, ThreadedHandler


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.read() + b" by " + threading.current_thread().name.encode())


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def pieces() -> Iterator[bytes]:
        for number in range(3):
            yield b"%d%s " % (number, threading.current_thread().name[:6].encode())

    return StreamingHttpResponse(pieces())


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("no view")


def asking(request: HttpRequest) -> StreamingHttpResponse:
    """Asks the database before and while it streams, and says whether the thread found a connection open."""

    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            state = b"free" if connection.connection is None else b"held"
            connection.ensure_connection()
            yield state.ljust(PIECES_BYTES)

    connection.ensure_connection()
    return StreamingHttpResponse(pieces())


urlpatterns = [
    path("plain", plain), path("streamed", streamed), path("broken", broken), path("asking", asking)
]  # fmt: skip


@pytest.fixture
def ask() -> Iterator[Callable[..., Any]]:
    with override_settings(ROOT_URLCONF=__name__, DEBUG_PROPAGATE_EXCEPTIONS=False):
        handler = ThreadedHandler(threads=1)

        async def asked(target: str, *incoming: dict[str, Any]) -> list[dict[str, Any]]:
            headers = [(b"host", b"localhost")]
            scope = {"type": "http", "method": "GET", "path": target, "headers": headers, "query_string": b""}
            messages, sent = iter(incoming or ({"type": "http.request", "body": b"hello"},)), []

            async def receive() -> dict[str, Any]:
                return next(messages)

            async def send(message: dict[str, Any]) -> None:
                sent.append(message)

            await handler(scope, receive, send)
            return sent

        yield asked


async def test_a_request_is_answered_in_a_thread_of_the_pool(ask: Any) -> None:
    start, body = await ask("/plain")
    assert start["status"] == 200
    assert body == {"type": "http.response.body", "body": b"hello by django_0", "more_body": False}


async def test_a_stream_holds_no_database_connection_between_two_pieces(ask: Any) -> None:
    """Else a dozen slow clients would keep all of the pool, in threads that nobody comes back to."""
    _, *bodies = await ask("/asking")
    assert [body.get("body", b"").strip() for body in bodies] == [b"free", b"free", b"free", b""]


async def test_the_request_is_finished_before_its_answer_is_sent(ask: Any) -> None:
    finished: list[str] = []

    def note(**_: Any) -> None:
        finished.append(threading.current_thread().name)

    request_finished.connect(note)
    try:
        await ask("/plain")
    finally:
        request_finished.disconnect(note)
    assert finished == ["django_0"]


async def test_a_stream_is_read_in_threads_piece_by_piece(ask: Any) -> None:
    start, *bodies = await ask("/streamed")
    assert start["status"] == 200
    assert [body.get("body", b"") for body in bodies] == [b"0django ", b"1django ", b"2django ", b""]


async def test_an_error_in_a_view_is_an_answer(ask: Any) -> None:
    start, _ = await ask("/broken")
    assert start["status"] == 500


async def test_a_client_that_goes_before_its_body_is_whole_gets_nothing(ask: Any) -> None:
    gone = [{"type": "http.request", "body": b"h", "more_body": True}, {"type": "http.disconnect"}]
    assert await ask("/plain", *gone) == []
