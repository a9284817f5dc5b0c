"""Items whose pictures are fetched from a slow host keep nothing and nobody else waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import ApiKey
from cavendish.db.router import acting_as
from generations.accept import fetches
from generations.batches import aside
from generations.batches.feeder import NATIVE, Feeder
from tests.batches.helpers import batch_row, counts, feed, items, run_all
from tests.factories import FLASH, make_batch, make_key, make_tenant
from tests.generations.helpers import register
from tests.tarpit import Tarpit, tarpit

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def pit(settings: Settings) -> Iterator[Tarpit]:
    settings.EGRESS_ALLOW = ["127.0.0.1/32"]
    fetches.downloads.cache_clear()
    with tarpit() as pit:
        yield pit
    fetches.downloads.cache_clear()


@pytest.fixture
def feeder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Feeder]:
    monkeypatch.setattr(fetches, "FETCH_SECONDS", 4.0)
    thread = Feeder(NATIVE)
    yield thread
    thread.stop()


def slow(pit: Tarpit, number: int) -> dict[str, Any]:
    return {"model": FLASH, "input": [{"type": "text", "text": "x"}, {"type": "image", "uri": pit.url(number)}]}


def until(holds: Callable[[], bool], *, seconds: float = 20) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
    return time.monotonic() - began


def test_tarpits_of_four_pairs_of_tenant_and_mode_delay_no_one_else(pit: Tarpit, feeder: Feeder) -> None:
    hostile = [make_tenant(), make_tenant()]
    for tenant in hostile:
        for livemode in (True, False):
            make_batch(tenant, *(slow(pit, number) for number in range(40)), livemode=livemode)
    feeder.start()
    pit.until_open(2 * aside.PER_TENANT)
    mine = make_batch(make_tenant(), "a cat")
    # One after the other, the 160 that are before it would take over a minute.
    until(lambda: counts(mine) == {"in_progress": 1}, seconds=15)
    assert pit.open == 2 * aside.PER_TENANT


def test_within_a_batch_and_a_tenant_others_go_on(pit: Tarpit, feeder: Feeder) -> None:
    """Those behind it in its batch, and the batches behind its batch."""
    tenant = make_tenant()
    first = make_batch(tenant, *(slow(pit, number) for number in range(6)), "a cat")
    second = make_batch(tenant, "a dog")
    feeder.start()
    until(lambda: counts(first).get("in_progress") == 1 and counts(second) == {"in_progress": 1}, seconds=10)
    assert batch_row(first)["fed"] <= 5


def test_an_item_that_went_aside_fails_with_its_reason(pit: Tarpit, feeder: Feeder) -> None:
    batch = make_batch(make_tenant(), slow(pit, 1), "a cat")
    feeder.start()
    until(lambda: counts(batch) == {"failed": 1, "in_progress": 1})
    assert items(batch)[0]["error"]["errors"][0]["code"] == "url_unreachable"


def test_a_batch_waits_for_the_jobs_that_its_key_may_have() -> None:
    tenant = make_tenant()
    key, secret = make_key(tenant)
    with acting_as("operator"):
        ApiKey.objects.filter(id=key.id).update(jobs_in_flight=2)
    batch = make_batch(tenant, *["a cat"] * 5, secret=secret)
    worker = register()
    seen = 0
    while batch_row(batch)["finished_at"] is None:
        feed()
        assert counts(batch)["in_progress"] <= 2
        seen += run_all(worker)
    assert seen == 5
