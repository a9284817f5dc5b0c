"""Every answer names its request, whoever writes it."""

from __future__ import annotations

import json
import re

import pytest

from cavendish.http.problems import CONTENT_TYPE
from cavendish.telemetry.request_ids import request_of
from tests.door.conftest import Door
from tests.door.raw import connected, serving
from tests.door.test_connections import echo, head
from tests.door.test_judgement import ask

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FRESH = re.compile(r"req_[0-9a-f]{32}")


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (b"abc-123", True),
        (b"a b", True),
        (b"~" * 256, True),
        (b"~" * 257, False),
        (b"", False),
        (b"caf\xc3\xa9", False),
        (b"a\tb", False),
    ],
)
def test_an_id_is_taken_or_made(value: bytes, taken: bool) -> None:
    request = request_of([(b"x-request-id", value)])
    assert request.id == value.decode() if taken else FRESH.fullmatch(request.id)


@pytest.mark.parametrize(
    ("value", "trace_id"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-what-comes", TRACE),
        (f"00-{TRACE}-00f067aa0ba902b7-01-more", ""),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        ("nonsense", ""),
    ],
)
def test_a_trace_is_continued_where_it_is_one(value: str, trace_id: str) -> None:
    assert request_of([(b"traceparent", value.encode())]).trace_id == trace_id


async def test_every_answer_has_it(door: Door) -> None:
    paths = ["/api/v1/generations", "/v1beta/models", "/openai/v1/models", "/livez", "/nowhere", "/openapi.json"]
    paths += ["/openapi.json", "/static/console/console.css", "/static/none", "/login"]
    async with door() as (port, _), connected(port) as raw:
        for path in paths:
            given = f"mine-{path}"
            answer = await ask(raw, "GET", path, f"X-Request-Id: {given}", "Connection: keep-alive")
            assert answer.headers["x-request-id"] == given, path
            if answer.headers["content-type"] == "application/problem+json":
                assert json.loads(answer.body)["request_id"] == given
        answer = await ask(raw, "GET", "/api/v1/nothing")
        assert FRESH.fullmatch(answer.headers["x-request-id"])
        assert json.loads(answer.body)["request_id"] == answer.headers["x-request-id"]
        foreign = await ask(raw, "GET", "/livez", "X-Request-Id: two", "X-Forwarded-Host: x")
        assert foreign.headers["x-request-id"] == "two"
        refused = await ask(raw, "POST", "/api/v1/generations", "X-Request-Id: early", "Content-Length: 4000000")
        assert (refused.status, json.loads(refused.body)["request_id"]) == (401, "early")


async def test_what_is_refused_before_there_is_a_request_has_it_too() -> None:
    async with serving(echo) as port:
        async with connected(port) as raw:
            await raw.send(head("X-Request-Id: mine", *(f"X-{number}: 1" for number in range(100))))
            answer = await raw.answer()
            assert (answer.status, answer.headers["x-request-id"]) == (431, "mine")
            problem = json.loads(answer.body)
            assert (answer.headers["content-type"], problem["code"]) == (CONTENT_TYPE, "headers_too_large")
            assert problem["request_id"] == "mine"
        for given, taken in (("mine", True), ("x" * 300, False)):
            async with connected(port) as raw:
                await raw.send(f"FOO / HTTP/1.1\r\nHost: x\r\nX-Request-Id: {given}\r\n\r\n".encode())
                answer = await raw.answer()
                problem = json.loads(answer.body)
                assert (answer.status, answer.headers["content-type"]) == (400, CONTENT_TYPE)
                assert (problem["code"], problem["request_id"]) == ("bad_request", answer.headers["x-request-id"])
                assert (problem["request_id"] == given) is taken
        async with connected(port) as raw:
            await raw.send(b"\x16\x03 nonsense\r\n\r\n")
            answer = await raw.answer()
            assert answer.status == 400
            assert FRESH.fullmatch(answer.headers["x-request-id"])
