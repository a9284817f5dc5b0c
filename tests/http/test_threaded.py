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

from cavendish.http.threaded import PIECES_BYTES, SECOND_HALF, ThreadedHandler


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


closed: list[str] = []


class Closing(StreamingHttpResponse):
    def close(self) -> None:
        super().close()
        closed.append("response")


def large(request: HttpRequest) -> StreamingHttpResponse:
    def pieces() -> Iterator[bytes]:
        try:
            yield b"head"
            yield bytes(PIECES_BYTES)
            yield bytes(PIECES_BYTES)
            yield bytes(10)
        finally:
            closed.append("iterator")

    return Closing(pieces())


def breaking(request: HttpRequest) -> StreamingHttpResponse:
    def pieces() -> Iterator[bytes]:
        yield b"some"
        raise RuntimeError("no more")

    return Closing(pieces())


urlpatterns = [
    path("plain", plain), path("streamed", streamed), path("broken", broken), path("asking", asking),
    path("large", large), path("breaking", breaking),
]  # fmt: skip


@pytest.fixture
def ask() -> Iterator[Callable[..., Any]]:
    with override_settings(ROOT_URLCONF=__name__, DEBUG_PROPAGATE_EXCEPTIONS=False):
        handler = ThreadedHandler(threads=1)

        async def asked(
            target: str,
            *incoming: dict[str, Any],
            scope: dict[str, Any] | None = None,
            sent: list[dict[str, Any]] | None = None,
        ) -> list[dict[str, Any]]:
            headers = [(b"host", b"localhost")]
            usual = {"type": "http", "method": "GET", "path": target, "headers": headers, "query_string": b""}
            messages = iter(incoming or ({"type": "http.request", "body": b"hello"},))
            sent = [] if sent is None else sent

            async def receive() -> dict[str, Any]:
                return next(messages)

            async def send(message: dict[str, Any]) -> None:
                sent.append(message)

            await handler({**usual, **(scope or {})}, receive, send)
            return sent

        yield asked


async def test_a_request_is_answered_in_a_thread_of_the_pool(ask: Any) -> None:
    start, body = await ask("/plain")
    assert start["status"] == 200
    assert body == {"type": "http.response.body", "body": b"hello by django_0", "more_body": False}


async def test_a_stream_holds_no_database_connection_between_two_pieces(ask: Any) -> None:
    """Else a dozen slow clients would keep all of the pool, in threads that nobody comes back to."""
    _, *bodies = await ask("/asking")
    assert [body["body"].strip() for body in bodies] == [b"free", b"free", b"free", b""]


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


async def test_a_stream_is_read_in_threads_and_small_pieces_are_sent_together(ask: Any) -> None:
    start, body = await ask("/streamed")
    assert start["status"] == 200
    assert body == {"type": "http.response.body", "body": b"0django 1django 2django ", "more_body": False}


async def test_a_large_stream_is_sent_piece_by_piece_and_closed_once(ask: Any) -> None:
    closed.clear()
    _, *bodies = await ask("/large")
    assert [(len(body["body"]), body["more_body"]) for body in bodies] == [
        (PIECES_BYTES + 4, True), (PIECES_BYTES, True), (10, False)
    ]  # fmt: skip
    assert closed == ["iterator", "response"]


@pytest.mark.parametrize(("second_half", "hops"), [(True, 1), (False, 4)])
async def test_the_second_half_of_a_request_is_read_with_the_hop_that_makes_it(
    ask: Any, second_half: bool, hops: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    in_thread = ThreadedHandler._in_thread

    async def counted(self: ThreadedHandler, work: Callable[[], Any], threads: Any = None) -> Any:
        taken.append(work)
        return await in_thread(self, work, threads)

    monkeypatch.setattr(ThreadedHandler, "_in_thread", counted)
    _, *bodies = await ask("/large", scope={SECOND_HALF: second_half})
    assert sum(len(body["body"]) for body in bodies) == 2 * PIECES_BYTES + 14
    assert len(taken) == hops


async def test_a_stream_that_breaks_is_closed_and_does_not_end(ask: Any) -> None:
    closed.clear()
    sent: list[dict[str, Any]] = []
    with pytest.raises(RuntimeError, match="no more"):
        await ask("/breaking", sent=sent)
    assert [message.get("more_body", True) for message in sent] == [True]
    assert closed == ["response"]


async def test_an_error_in_a_view_is_an_answer(ask: Any) -> None:
    start, _ = await ask("/broken")
    assert start["status"] == 500


async def test_a_client_that_goes_before_its_body_is_whole_gets_nothing(ask: Any) -> None:
    gone = [{"type": "http.request", "body": b"h", "more_body": True}, {"type": "http.disconnect"}]
    assert await ask("/plain", *gone) == []
