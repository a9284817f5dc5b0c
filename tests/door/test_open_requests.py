"""Open requests are counted per key, tenant and address, and probes wait for nobody."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from cavendish.http.admission import STRANGER, Caller
from cavendish.http.problems import Problem
from cavendish.wait.open_requests import OpenLimits, OpenRequests
from tests.door.conftest import Door
from tests.door.raw import aside, connected
from tests.door.test_bodies import head, until
from tests.door.test_judgement import ask, words
from tests.factories import make_key, make_tenant


@pytest.mark.parametrize(
    ("limits", "callers", "more", "status"),
    [
        (OpenLimits(per_key=2), [("t", "k"), ("t", "k")], ("t", "k"), 429),
        (OpenLimits(per_tenant=2), [("t", "k"), ("t", "l")], ("t", "m"), 429),
        (OpenLimits(per_address=2), [("t", "k"), ("u", "l")], ("v", "m"), 429),
        (OpenLimits(per_address=2), [("", ""), ("", "")], ("", ""), 429),
        (OpenLimits(total=2), [("t", "k"), ("u", "l")], ("v", "m"), 503),
    ],
)
def test_what_is_open_is_counted(
    limits: OpenLimits, callers: list[tuple[str, str]], more: tuple[str, str], status: int
) -> None:
    requests = OpenRequests(limits)
    places = [requests.enter(Caller(*caller), "1.1.1.1") for caller in callers]
    with pytest.raises(Problem) as caught:
        requests.enter(Caller(*more), "1.1.1.1")
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (status, "5")
    places[0].leave()
    places[0] = requests.enter(Caller(*more), "1.1.1.1")
    for place in places:
        place.leave()
    assert (requests.total, requests._counts) == (0, {})


def test_five_thousand_waiting_clients_of_one_key_fit_in() -> None:
    requests = OpenRequests(OpenLimits())
    for _ in range(5000):
        requests.enter(Caller("t", "k"), "1.1.1.1")


def test_strangers_of_another_address_are_not_counted_together() -> None:
    requests = OpenRequests(OpenLimits(per_address=1))
    requests.enter(STRANGER, "1.1.1.1")
    requests.enter(STRANGER, "1.1.1.2")


async def test_beyond_the_count_it_is_429_in_the_words_of_the_api(door: Door) -> None:
    tenant = await aside(make_tenant)
    _, secret = await aside(lambda: make_key(tenant))
    _, other = await aside(lambda: make_key(tenant))
    _, neighbour = await aside(lambda: make_key(make_tenant()))
    length = "Content-Length: 1000"
    async with door(open_requests=OpenLimits(per_key=3, per_tenant=4)) as (port, layer), AsyncExitStack() as stack:
        for key in (secret, secret, secret, other):
            raw = await stack.enter_async_context(connected(port))
            await raw.send(head("POST", "/api/v1/quotes", length, key=key))
        await until(lambda: layer._open.total == 4)
        async with connected(port) as raw:
            answer = await ask(raw, "GET", "/api/v1/models", key=secret)
            assert (answer.status, words(answer)["code"]) == (429, "too_many_open_requests")
            assert "3 requests" in words(answer)["detail"]
            assert answer.headers["retry-after"] == "5"
            answer = await ask(raw, "GET", "/v1beta/models", key=other)
            assert (answer.status, words(answer)["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
            answer = await ask(raw, "GET", "/openai/v1/models", key=other)
            assert (answer.status, words(answer)["error"]["code"]) == (429, "too_many_open_requests")
            assert (await ask(raw, "GET", "/api/v1/models", key=neighbour)).status == 200
            assert (await ask(raw, "GET", "/healthz")).status == 200
    assert layer._open.total == 0


@pytest.mark.usefixtures("sandbox_url")
async def test_probes_do_not_wait_behind_the_gate(door: Door) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door(threads=1) as (port, layer), connected(port) as blocked, connected(port) as probe:
        await layer._gate.acquire()
        await blocked.send(head("GET", "/api/v1/models", key=secret))
        # Its only thread is taken as well.
        free = asyncio.Event()
        loop = asyncio.get_running_loop()
        layer._inner._threads.submit(lambda: asyncio.run_coroutine_threadsafe(free.wait(), loop).result())  # type: ignore[attr-defined]
        for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"):
            if path == "/api/v1/openapi.json":
                free.set()
            assert (await ask(probe, "GET", path)).status == 200, path
        layer._gate.release()
        assert (await blocked.answer()).status == 200


async def test_people_and_strangers_take_no_place_from_keys(door: Door) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door(threads=8) as (port, layer), connected(port) as person, connected(port) as raw:
        for _ in range(2):
            await layer._gate_for_people.acquire()
        await person.send(head("GET", "/account/login/"))
        assert (await ask(raw, "GET", "/api/v1/models", key=secret)).status == 200
        assert not person.reader._buffer  # type: ignore[attr-defined]
        layer._gate_for_people.release()
        assert (await person.answer()).status == 200
