"""POST with `Prefer: wait`: the wait between acceptance and rendering."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import pytest

from cavendish.messaging.valkey import ENDED
from cavendish.wait import WaitLayer
from cavendish.wait.asgi import Scope
from cavendish.wait.database import Database
from tests.wait.conftest import OPTIONS, RULES
from tests.wait.django_like import Headers, Inner
from tests.wait.servers import OwnValkey, Rows, serving, until, until_subscribed, until_waiting


async def end(inner: Inner, valkey: OwnValkey, generation: UUID, status: str = "succeeded") -> None:
    inner.statuses[generation.hex] = status
    await valkey.publish(ENDED, generation.hex)


@pytest.mark.parametrize("status", ["succeeded", "failed", "canceled"])
async def test_a_waiter_gets_200_with_the_rendering_when_the_job_ends(
    client: httpx.AsyncClient, layer: WaitLayer, inner: Inner, valkey: OwnValkey, status: str
) -> None:
    generation = uuid4()
    request = asyncio.create_task(
        client.post(inner.ask(id=generation.hex, seconds=9), headers={"Prefer": "wait=9"}, content=b"{}")
    )
    await until_waiting(layer.hub, 1)
    assert inner.inside == 0
    await end(inner, valkey, generation, status)
    answer = await request
    assert answer.status_code == 200
    assert answer.json() == {"status": status, "internal": True}
    assert answer.headers["location"] == f"/api/v1/generations/gen_{generation.hex}"
    assert answer.headers["ratelimit"] == "r=9"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers.get_list("etag") == ['"second"']
    assert answer.headers["preference-applied"] == "wait=9"
    assert "retry-after" not in answer.headers
    assert not [name for name in answer.headers if name.startswith("x-cavendish")]
    assert layer.hub.counters.woken == 1


async def test_a_job_that_ended_before_the_wait_began_is_not_missed(
    client: httpx.AsyncClient, layer: WaitLayer, inner: Inner, valkey: OwnValkey
) -> None:
    generation = uuid4()
    await end(inner, valkey, generation)
    answer = await client.post(inner.ask(id=generation.hex, seconds=9))
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert answer.elapsed.total_seconds() < 1.5
    assert "preference-applied" not in answer.headers


async def test_the_seconds_over_is_202_with_the_generation(client: httpx.AsyncClient, inner: Inner) -> None:
    generation = uuid4()
    inner.statuses[generation.hex] = "running"
    answer = await client.post(inner.ask(id=generation.hex, seconds=1), headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    assert answer.headers["preference-applied"] == "wait=1"
    assert 1.0 <= answer.elapsed.total_seconds() < 3.0


async def test_seconds_are_capped(inner: Inner, valkey: OwnValkey, source: Database) -> None:
    options = replace(OPTIONS, max_wait_seconds=0)
    layer = WaitLayer(inner, valkey_url=valkey.url, source=source, rules=RULES, options=options)
    async with serving(layer) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.post(inner.ask(id=uuid4().hex, seconds=86400), headers={"Prefer": "wait=86400"})
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=0"


async def test_another_render_path_and_its_query(client: httpx.AsyncClient, inner: Inner, valkey: OwnValkey) -> None:
    seen: list[Scope] = []

    async def interaction(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        seen.append(scope)
        return 200, {"Content-Type": "application/json"}, b"{}"

    inner.views["/v1beta/interactions/gen_1"] = interaction
    generation = uuid4()
    await end(inner, valkey, generation)
    headers = {
        "Authorization": "Bearer k",
        "X-Goog-Api-Key": "g",
        "X-Forwarded-For": "10.0.0.1",
        "Idempotency-Key": "once",
        "If-None-Match": '"second"',
        "Cookie": "sessionid=1",
    }
    path = "/v1beta/interactions/gen_1%3Fview%3Dfull"
    answer = await client.post(inner.ask(id=generation.hex, seconds=9, path=path), headers=headers, content=b"{}")
    # Without X-Cavendish-Status the rendering's own status stands.
    assert answer.status_code == 200
    scope = seen[0]
    assert (scope["method"], scope["query_string"], scope["cavendish.internal"]) == ("GET", b"view=full", True)
    sent = dict(scope["headers"])
    assert sent[b"authorization"] == b"Bearer k"
    assert sent[b"x-goog-api-key"] == b"g"
    assert sent[b"x-forwarded-for"] == b"10.0.0.1"
    assert not sent.keys() & {b"idempotency-key", b"if-none-match", b"cookie", b"content-length", b"prefer"}


async def test_nothing_a_client_sends_looks_internal(client: httpx.AsyncClient, inner: Inner) -> None:
    headers = {
        "cavendish.internal": "1",
        "X-Cavendish-Internal": "1",
        "X-Cavendish-File": '{"path": "/etc/passwd"}',
        "X-Cavendish-Status": "succeeded",
    }
    path = f"/api/v1/generations/gen_{uuid4().hex}"
    answer = await client.get(path, headers=headers)
    assert answer.json() == {"status": "queued", "internal": False}
    assert not [name for name, _ in inner.scopes[-1]["headers"] if name.startswith(b"x-cavendish")]
    assert not [name for name in answer.headers if name.startswith("x-cavendish")]


@pytest.mark.parametrize("broken", [500, 503, 429, 409])
async def test_a_rendering_that_fails_never_makes_a_client_post_again(
    client: httpx.AsyncClient, inner: Inner, valkey: OwnValkey, broken: int
) -> None:
    async def fail(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return broken, {}, b"no"

    generation = uuid4()
    inner.views[f"/api/v1/generations/gen_{generation.hex}"] = fail
    await end(inner, valkey, generation)
    answer = await client.post(inner.ask(id=generation.hex, seconds=9))
    assert (answer.status_code, answer.json()) == (202, {"status": "queued", "from": "first answer"})


async def test_a_rendering_that_is_the_jobs_end_goes_out_whatever_its_status(
    client: httpx.AsyncClient, inner: Inner, valkey: OwnValkey
) -> None:
    async def over(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 503, {"X-Cavendish-Ended": "true", "x-should-retry": "false"}, b"it failed"

    generation = uuid4()
    inner.views[f"/api/v1/generations/gen_{generation.hex}"] = over
    await end(inner, valkey, generation)
    answer = await client.post(inner.ask(id=generation.hex, seconds=9))
    assert (answer.status_code, answer.text, answer.headers["x-should-retry"]) == (503, "it failed", "false")
    assert "x-cavendish-ended" not in answer.headers


async def test_a_rendering_that_raises_falls_back_as_well(
    client: httpx.AsyncClient, inner: Inner, valkey: OwnValkey
) -> None:
    async def explode(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        raise RuntimeError("on purpose")

    generation = uuid4()
    inner.views[f"/api/v1/generations/gen_{generation.hex}"] = explode
    await end(inner, valkey, generation)
    answer = await client.post(inner.ask(id=generation.hex, seconds=9))
    assert (answer.status_code, answer.json()["from"]) == (202, "first answer")


async def test_a_job_deleted_meanwhile_is_404(client: httpx.AsyncClient, inner: Inner, valkey: OwnValkey) -> None:
    async def missing(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 404, {"Content-Type": "application/problem+json"}, b"{}"

    generation = uuid4()
    inner.views[f"/api/v1/generations/gen_{generation.hex}"] = missing
    await end(inner, valkey, generation)
    answer = await client.post(inner.ask(id=generation.hex, seconds=9))
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_a_large_rendering_flows_through_whole(
    client: httpx.AsyncClient, inner: Inner, valkey: OwnValkey
) -> None:
    async def large(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return 200, {"X-Cavendish-Status": "succeeded"}, bytes(range(256)) * 8192

    generation = uuid4()
    inner.views[f"/api/v1/generations/gen_{generation.hex}"] = large
    await end(inner, valkey, generation)
    answer = await client.post(inner.ask(id=generation.hex, seconds=9))
    assert answer.status_code == 200
    assert answer.content == bytes(range(256)) * 8192


async def test_an_unreadable_instruction_leaves_the_first_answer(client: httpx.AsyncClient, inner: Inner) -> None:
    answer = await client.post(inner.ask(id=uuid4().hex, seconds="soon"))
    assert (answer.status_code, answer.json()["from"]) == (202, "first answer")
    assert "x-cavendish-wait" not in answer.headers


async def test_a_client_that_hangs_up_leaves_nothing_behind(layer: WaitLayer, inner: Inner) -> None:
    async with serving(layer) as url:
        await until_subscribed(layer.hub)
        before = len(asyncio.all_tasks())
        host, port = url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        target = inner.ask(id=uuid4().hex, seconds=30)
        writer.write(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        await until_waiting(layer.hub, 1)
        writer.close()
        await writer.wait_closed()
        await until_waiting(layer.hub, 0)
        # counted, not compared: the hub's own loops replace their tasks all the time
        await until(lambda: len(asyncio.all_tasks()) <= before)
        assert layer.hub._waiters == {}
        assert len(inner.scopes) == 1  # nobody was left to render for


async def test_without_valkey_the_poll_wakes_and_nothing_counts_as_missed(
    client: httpx.AsyncClient, layer: WaitLayer, inner: Inner, valkey: OwnValkey, rows: Rows
) -> None:
    generation = await rows.generation()
    request = asyncio.create_task(client.post(inner.ask(id=generation.hex, seconds=20)))
    await until_waiting(layer.hub, 1)
    valkey.kill()
    await until_subscribed(layer.hub, yes=False)
    inner.statuses[generation.hex] = "succeeded"
    await rows.end(generation)
    answer = await request
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    counters = layer.hub.counters
    assert (counters.polled, counters.missed, counters.losses) == (1, 0, 1)

    await valkey.start()
    await until_subscribed(layer.hub)
    other = uuid4()
    request = asyncio.create_task(client.post(inner.ask(id=other.hex, seconds=20)))
    await until_waiting(layer.hub, 1)
    await end(inner, valkey, other)
    assert (await request).status_code == 200
    assert layer.hub.counters.woken == 1


@pytest.fixture
def quick_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cavendish.wait.hub.POLL_SECONDS", 0.1)
    monkeypatch.setattr("cavendish.wait.hub.LATE_SECONDS", 0.2)


async def test_a_lost_message_is_made_up_for_and_counted(
    quick_poll: None, client: httpx.AsyncClient, layer: WaitLayer, inner: Inner, rows: Rows
) -> None:
    generation = await rows.generation()
    request = asyncio.create_task(client.post(inner.ask(id=generation.hex, seconds=20)))
    await until_waiting(layer.hub, 1)
    await rows.end(generation, "failed")
    assert (await request).status_code == 202  # the stand-in's own idea of the job, which is still queued
    assert layer.hub.counters.missed == 0
    await asyncio.sleep(0.25)
    assert layer.hub.counters.missed == 1


async def test_renderings_at_once_are_bounded(inner: Inner, valkey: OwnValkey, source: Database) -> None:
    async def slow(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        await asyncio.sleep(0.02)
        return 200, {"X-Cavendish-Status": "succeeded"}, b"{}"

    generation = uuid4()
    inner.views[f"/api/v1/generations/gen_{generation.hex}"] = slow
    options = replace(OPTIONS, render_slots=4)
    layer = WaitLayer(inner, valkey_url=valkey.url, source=source, rules=RULES, options=options)
    async with serving(layer) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:
        await until_subscribed(layer.hub)
        requests = [asyncio.create_task(client.post(inner.ask(id=generation.hex, seconds=20))) for _ in range(50)]
        await until_waiting(layer.hub, 50)
        inner.most_inside = 0
        await end(inner, valkey, generation)
        answers = await asyncio.gather(*requests)
    assert [answer.status_code for answer in answers] == [200] * 50
    assert inner.most_inside == 4


async def test_draining_answers_everyone_with_202_at_once(
    client: httpx.AsyncClient, layer: WaitLayer, inner: Inner
) -> None:
    requests = [asyncio.create_task(client.post(inner.ask(id=uuid4().hex, seconds=30))) for _ in range(5)]
    await until_waiting(layer.hub, 5)
    layer.hub.drain()
    answers = await asyncio.gather(*requests)
    assert [(answer.status_code, answer.json()["from"]) for answer in answers] == [(202, "first answer")] * 5
    late = await client.post(inner.ask(id=uuid4().hex, seconds=30))
    assert late.status_code == 202
