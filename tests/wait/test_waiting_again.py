"""An answer that shows several jobs: its rendering asks to wait for the next one that has not ended."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID, uuid4

import httpx
import pytest

from cavendish.messaging.valkey import ENDED
from cavendish.wait import WaitLayer
from cavendish.wait.asgi import Scope
from tests.wait.django_like import Headers, Inner
from tests.wait.servers import OwnValkey, until, until_waiting

PATH = "/v1/several"


@pytest.fixture
def jobs(inner: Inner) -> list[UUID]:
    """Three jobs that PATH shows together."""
    found = [uuid4() for _ in range(3)]

    async def several(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        shown = {job.hex: inner.statuses.get(job.hex, "queued") for job in found}
        headers = {"Content-Type": "application/json"}
        for job, status in shown.items():
            if status == "queued":
                headers["X-Cavendish-Wait"] = f"gen_{job};9;{PATH}"
                break
        return 200, headers, json.dumps(list(shown.values())).encode()

    inner.views[PATH] = several
    return found


async def end(inner: Inner, valkey: OwnValkey, generation: UUID) -> None:
    inner.statuses[generation.hex] = "succeeded"
    await valkey.publish(ENDED, generation.hex)


def renderings(inner: Inner) -> int:
    return sum(scope["path"] == PATH for scope in inner.scopes)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_the_answer_comes_when_all_jobs_have_ended(
    client: httpx.AsyncClient,
    layer: WaitLayer,
    inner: Inner,
    valkey: OwnValkey,
    jobs: list[UUID],
    order: tuple[int, ...],
) -> None:
    request = asyncio.create_task(client.post(inner.ask(id=jobs[2].hex, seconds=9, path=PATH)))
    for index in order:
        await until_waiting(layer.hub, 1)
        assert not request.done()
        await end(inner, valkey, jobs[index])
    answer = await request
    assert (answer.status_code, answer.json()) == (200, ["succeeded"] * 3)
    assert not [name for name in answer.headers if name.startswith("x-cavendish")]
    assert answer.headers["ratelimit"] == "r=9"
    assert layer.hub.waiting_count == 0


async def test_the_seconds_are_those_of_the_first_wait(
    client: httpx.AsyncClient, inner: Inner, valkey: OwnValkey, jobs: list[UUID]
) -> None:
    await end(inner, valkey, jobs[2])
    answer = await client.post(inner.ask(id=jobs[2].hex, seconds=1, path=PATH))
    assert (answer.status_code, answer.json()) == (200, ["queued", "queued", "succeeded"])
    assert 0.9 <= answer.elapsed.total_seconds() < 4
    assert renderings(inner) == 2


async def test_a_client_that_leaves_in_between_is_forgotten(
    client: httpx.AsyncClient, layer: WaitLayer, inner: Inner, valkey: OwnValkey, jobs: list[UUID]
) -> None:
    request = asyncio.create_task(client.post(inner.ask(id=jobs[2].hex, seconds=9, path=PATH)))
    await until_waiting(layer.hub, 1)
    await end(inner, valkey, jobs[2])
    await until(lambda: renderings(inner) == 1 and layer.hub.waiting_count == 1)
    request.cancel()
    await until(lambda: layer.hub.waiting_count == 0)
    assert renderings(inner) == 1
