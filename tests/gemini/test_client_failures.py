from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from cavendish.gemini.client import (
    BrokenAnswer,
    GeminiError,
    KeyPool,
    NotFound,
    RateLimited,
    Rejected,
    TimedOut,
    Unavailable,
)
from tests.gemini.helpers import BODY, SECRET, client_of, files, picture_of, soon, until
from tests.gemini.upstream import (
    answer,
    cut,
    error,
    hang,
    hang_in_the_picture,
    hang_up,
    interaction,
    upstream,
)

BROKEN: list[Any] = [
    cut,
    hang_up,
    answer(b'{"id":"v1_x","status":"completed","steps":[{"content":[{"data":"QUJD"}]}'),
    answer(b'{"id":"v1_x","status":"completed","steps":[{"content":[{"data":"Q*JD"}]}]}'),
    answer(b"<html>", content_type="text/html"),
    answer(b"[1]"),
    answer({"status": "completed", "steps": [1]}),
    answer({"steps": []}),
    answer(interaction(), packed=True).replace(b"\x1f\x8b", b"\x1f\x8c"),
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n",
    error("500 Oops"),
    error("503 Busy"),
    error("529 Overloaded"),
]


@pytest.mark.parametrize("broken", BROKEN)
async def test_what_can_heal_is_tried_again_and_leaves_nothing(broken: Any, tmp_path: Path) -> None:
    retries: list[tuple[str, float]] = []

    async def on_retry(error: GeminiError, delay: float) -> None:
        assert files(tmp_path) == []
        retries.append((type(error).__name__, delay))

    async with upstream(broken, answer(interaction())) as server, client_of(server) as client:
        received = await client.create_interaction(
            BODY, spool=tmp_path, deadline=soon(), on_retry=on_retry, max_delay=0.02
        )

    assert files(tmp_path) == [picture_of(received).path]
    assert len(server.requests) == 2
    assert len(retries) == 1
    assert 0.015 <= retries[0][1] <= 0.02


async def test_the_wait_doubles(tmp_path: Path) -> None:
    delays: list[float] = []

    async def on_retry(error: GeminiError, delay: float) -> None:
        delays.append(delay)

    async with upstream(error("500 Oops")) as server, client_of(server) as client:
        with pytest.raises(Unavailable):
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(), on_retry=on_retry, max_tries=3)

    assert 0.375 <= delays[0] <= 0.5
    assert 0.75 <= delays[1] <= 1.0
    assert len(server.requests) == 3


@pytest.mark.parametrize("broken", BROKEN)
async def test_tries_are_counted(broken: Any, tmp_path: Path) -> None:
    async with upstream(broken) as server, client_of(server) as client:
        with pytest.raises((BrokenAnswer, Unavailable)) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(), max_tries=2, max_delay=0.01)

    assert caught.value.retryable
    assert len(server.requests) == 2
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("400 Bad", Rejected),
        ("403 No", Rejected),
        ("404 Gone", NotFound),
        ("408 Slow", Rejected),
        ("409 Conflict", Rejected),
        ("413 Large", Rejected),
        ("422 Odd", Rejected),
    ],
)
async def test_a_refusal_is_final(status: str, kind: type[GeminiError], tmp_path: Path) -> None:
    refused = error(status, code="invalid_request", message="Bad " + "x" * 5000)
    async with upstream(refused, answer(interaction())) as server, client_of(server) as client:
        with pytest.raises(kind) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon())

    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code) == (int(status[:3]), "invalid_request")
    assert len(caught.value.message) == 500
    assert len(server.requests) == 1


async def test_the_usage_of_a_failure_is_kept(tmp_path: Path) -> None:
    body = {"error": {"code": "x", "message": "m"}, "usage": {"total_tokens": 5}}
    async with upstream(answer(body, status="400 Bad")) as server, client_of(server) as client:
        with pytest.raises(Rejected) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon())

    assert caught.value.usage == {"total_tokens": 5}


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ("Retry-After: 0.2\r\n", 0.2),
        ("Retry-After: 0\r\n", 0.45),
        ("retry-after-ms: 200\r\nRetry-After: 9\r\n", 0.2),
    ],
)
async def test_retry_after_is_honoured(headers: str, waits: float, tmp_path: Path) -> None:
    delays: list[float] = []

    async def on_retry(error: GeminiError, delay: float) -> None:
        delays.append(delay)

    limited = error("429 Many", code="too_many_requests", headers=headers)
    async with upstream(limited, answer(interaction())) as server, client_of(server) as client:
        started = time.monotonic()
        await client.create_interaction(BODY, spool=tmp_path, deadline=soon(), on_retry=on_retry)
        took = time.monotonic() - started

    assert delays == [pytest.approx(waits, abs=0.08)]
    assert delays[0] <= took < waits + 0.5


async def test_a_retry_in_googles_own_words(tmp_path: Path) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "30s"}]
    async with upstream(error("429 Many", details=details)) as server, client_of(server) as client:
        with pytest.raises(RateLimited) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(60))

    assert caught.value.retry_after == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize("status", ["429 Many", "503 Busy"])
async def test_a_long_wait_is_left_to_the_caller(status: str, tmp_path: Path) -> None:
    limited = error(status, headers="Retry-After: 20\r\n")
    async with upstream(limited) as server, client_of(server) as client:
        started = time.monotonic()
        with pytest.raises((RateLimited, Unavailable)) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(60))

    assert time.monotonic() - started < 1
    assert caught.value.retry_after == pytest.approx(20, abs=0.1)
    assert len(server.requests) == 1


async def test_a_wait_beyond_the_deadline_is_left_to_the_caller(tmp_path: Path) -> None:
    async with upstream(error("503 Busy", headers="Retry-After: 5\r\n")) as server, client_of(server) as client:
        with pytest.raises(Unavailable):
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(2))

    assert len(server.requests) == 1


async def test_another_key_takes_over_at_once(tmp_path: Path) -> None:
    limited = error("429 Many", headers="Retry-After: 5\r\n")
    async with upstream(limited, answer(interaction())) as server, client_of(server, "one", "two") as client:
        started = time.monotonic()
        await client.create_interaction(BODY, spool=tmp_path, deadline=soon())

    assert time.monotonic() - started < 1
    assert [request.headers["x-goog-api-key"] for request in server.requests] == ["one", "two"]


async def test_the_pool_tells_how_its_keys_are_doing(tmp_path: Path) -> None:
    pool = KeyPool(["one", "two", "three"])
    ends = (error("429 Many", headers="Retry-After: 5\r\n"), error("403 No"), answer(interaction()), error("400 Bad"))
    async with upstream(*ends) as server, client_of(server, keys=pool) as client:
        await client.create_interaction(BODY, spool=tmp_path / "1", deadline=soon())
        (free,) = (report["fingerprint"] for report in pool.report() if not report["errors"])
        with pytest.raises(Rejected):
            await client.create_interaction(BODY, spool=tmp_path / "2", deadline=soon(), key=free)

    known = {report["last_status"]: report for report in pool.report()}
    limited, refused, served = known[429], known[403], known[None]
    assert (limited["calls"], limited["errors"]) == (1, 1)
    assert 0 < limited["cooling_until"] - time.time() <= 5
    assert (refused["calls"], refused["errors"]) == (1, 1)
    assert refused["refused_until"] > time.time()
    # what a request is refused for says nothing of the key
    assert (served["calls"], served["errors"]) == (2, 0)
    assert (served["cooling_until"], served["refused_until"]) == (0, 0)


async def test_a_conversation_stays_on_its_key(tmp_path: Path) -> None:
    pool = KeyPool(["one", "two", "three"])
    second = {key.secret: key for key in (pool.pick(), pool.pick(), pool.pick())}["two"]
    limited = error("429 Many", headers="Retry-After: 0.2\r\n")
    async with (
        upstream(limited, answer(interaction())) as server,
        client_of(server, "one", "two", "three") as client,
    ):
        for number in range(4):
            await client.create_interaction(BODY, spool=tmp_path / str(number), deadline=soon(), key=second.fingerprint)

    assert {request.headers["x-goog-api-key"] for request in server.requests} == {"two"}


@pytest.mark.parametrize(
    "refusal",
    [
        error("401 Who", message=f"key {SECRET} is bad"),
        error("403 No", message=f"Consumer 'api_key:{SECRET}' has been suspended."),
        error("400 Bad", message="API key not valid.", details=[{"reason": "API_KEY_INVALID"}]),
    ],
)
async def test_a_bad_key_steps_aside(refusal: bytes, tmp_path: Path) -> None:
    async with upstream(refusal, answer(interaction())) as server, client_of(server, SECRET, "good") as client:
        await client.create_interaction(BODY, spool=tmp_path / "a", deadline=soon())
        await client.create_interaction(BODY, spool=tmp_path / "b", deadline=soon())
        await client.create_interaction(BODY, spool=tmp_path / "c", deadline=soon())

    assert [r.headers["x-goog-api-key"] for r in server.requests] == [SECRET, "good", "good", "good"]


async def test_no_key_and_no_prompt_in_an_error(tmp_path: Path) -> None:
    refusal = error("403 No", message=f"Consumer 'api_key:{SECRET}' has been suspended.")
    async with upstream(refusal) as server, client_of(server) as client:
        with pytest.raises(Rejected) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon())
        shown = f"{caught.value!r} {caught.value} {client!r} {KeyPool([SECRET])!r} {KeyPool([SECRET]).pick()!r}"

    assert SECRET not in shown
    assert "red fox" not in shown
    assert len(server.requests) == 1


async def test_no_connection_is_tried_again(tmp_path: Path) -> None:
    retries = 0

    async def on_retry(error: GeminiError, delay: float) -> None:
        nonlocal retries
        retries += 1

    async with upstream(answer(interaction())) as server:
        pass
    async with client_of(server) as client:
        with pytest.raises(Unavailable) as caught:
            await client.create_interaction(
                BODY, spool=tmp_path, deadline=soon(), max_tries=3, max_delay=0.01, on_retry=on_retry
            )

    assert (caught.value.code, caught.value.retryable, retries) == ("no_connection", True, 2)


@pytest.mark.parametrize("silent", [hang, hang_in_the_picture])
async def test_a_hang_ends_with_the_deadline(silent: Any, tmp_path: Path) -> None:
    async with upstream(silent) as server, client_of(server) as client:
        started = time.monotonic()
        with pytest.raises(TimedOut) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(0.3))

    assert caught.value.deadline
    assert 0.3 <= time.monotonic() - started < 1
    assert files(tmp_path) == []


@pytest.mark.parametrize("silent", [hang, hang_in_the_picture])
async def test_silence_ends_with_the_read_timeout_and_is_not_bought_again(silent: Any, tmp_path: Path) -> None:
    async with upstream(silent) as server, client_of(server, read_timeout=0.2) as client:
        with pytest.raises(TimedOut) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon())

    assert (caught.value.deadline, caught.value.retryable) == (False, True)
    assert len(server.requests) == 1
    assert files(tmp_path) == []


async def test_cancelling_the_task_leaves_nothing(tmp_path: Path) -> None:
    async with upstream(hang_in_the_picture) as server, client_of(server) as client:
        task = asyncio.create_task(client.create_interaction(BODY, spool=tmp_path, deadline=soon()))
        await until(lambda: files(tmp_path) != [])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert files(tmp_path) == []


async def test_an_answer_that_is_too_large_is_final(tmp_path: Path) -> None:
    async with upstream(answer(interaction())) as server, client_of(server, max_answer_bytes=5000) as client:
        with pytest.raises(BrokenAnswer) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon())

    assert (caught.value.code, caught.value.retryable) == ("too_large", False)
    assert files(tmp_path) == []
