"""A tenant's slow picture URLs cost that tenant's own time, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from pytest_django import Settings

from generations.accept import fetches
from tests.door.conftest import Door
from tests.door.raw import aside, connected
from tests.door.test_judgement import ask, words
from tests.factories import make_key, make_tenant
from tests.tarpit import Tarpit, tarpit

TARPITS = 64


@pytest.fixture
def pit(settings: Settings) -> Iterator[Tarpit]:
    settings.EGRESS_ALLOW = ["127.0.0.1/32"]
    fetches.downloads.cache_clear()
    with tarpit() as pit:
        yield pit
    fetches.downloads.cache_clear()


def body(*urls: str) -> bytes:
    pictures = [{"type": "image", "uri": url} for url in urls]
    parts = [{"type": "text", "text": "x"}, *pictures]
    return json.dumps({"model": "gemini-3.1-flash-image", "input": parts}).encode()


async def test_beside_64_tarpits_of_one_tenant_others_are_served_as_before(
    door: Door, pit: Tarpit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetches, "FETCH_SECONDS", 6.0)
    settings.FETCHING_REQUESTS_PER_TENANT = 16
    tenant, other = await aside(make_tenant), await aside(make_tenant)
    _, secret = await aside(lambda: make_key(tenant))
    _, test_secret = await aside(lambda: make_key(tenant, livemode=False))
    _, other_secret = await aside(lambda: make_key(other))

    async with door(threads=4) as (port, _), AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(connected(port)) for _ in range(TARPITS)]
        posts = [
            asyncio.create_task(
                ask(
                    line,
                    "POST",
                    "/api/v1/quotes",
                    "Content-Type: application/json",
                    f"Content-Length: {len(body(pit.url(number)))}",
                    key=secret if number % 2 else test_secret,
                    body=body(pit.url(number)),
                )
            )
            for number, line in enumerate(lines)
        ]
        await asyncio.to_thread(pit.until_open, 8)
        async with connected(port) as raw:
            began = time.monotonic()
            for path, key in (("/healthz", ""), ("/api/v1/models", other_secret), ("/account/login/", "")):
                assert (await ask(raw, "GET", path, key=key)).status == 200
            assert (await ask(raw, "GET", "/api/v1/models", key=secret)).status == 200
            assert time.monotonic() - began < 3
            assert pit.open == 8
        answers = await asyncio.gather(*posts)
        refused = [answer for answer in answers if answer.status == 429]
        assert len(refused) == TARPITS - 16
        assert words(refused[0])["code"] == "too_many_fetches"
        assert refused[0].headers["retry-after"] == "5"
        late = [answer for answer in answers if answer.status == 422]
        assert len(late) == 16
        assert {words(answer)["errors"][0]["code"] for answer in late} == {"url_unreachable"}
        # All slots are free again.
        async with connected(port) as raw:
            assert (await ask(raw, "GET", "/api/v1/models", key=secret)).status == 200


@pytest.mark.parametrize("path", ["/v1beta/interactions", "/api/v1/generations"])
async def test_all_urls_of_a_request_have_one_deadline(
    door: Door, pit: Tarpit, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(fetches, "FETCH_SECONDS", 1.0)
    tenant = await aside(make_tenant)
    _, secret = await aside(lambda: make_key(tenant))
    sent = body(*(pit.url(number) for number in range(14)))
    async with door() as (port, _), connected(port) as raw:
        began = time.monotonic()
        headers = ("Content-Type: application/json", f"Content-Length: {len(sent)}")
        answer = await ask(raw, "POST", path, *headers, key=secret, body=sent)
        assert answer.status in {400, 422}
        assert time.monotonic() - began < 6
