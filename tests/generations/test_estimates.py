"""In how many seconds a generation has likely ended."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from django.utils import timezone

from cavendish.db.tenancy import tenant_context
from generations.models import Generation, Status
from generations.selectors import FALLBACK_SECONDS, estimated_seconds, generation_detail, typical_seconds
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import claim, finish, one, register, rows, succeeded

pytestmark = pytest.mark.usefixtures("quiet")


def ended_after(model: str, *seconds: float) -> None:
    """Generations of a model of one's own, each of which took so long."""
    tenant = make_tenant()
    for took in seconds:
        generation_id = submit_generation(tenant)
        (job,) = claim(register())
        assert finish(job, succeeded(job)) == "ended"
        rows(
            "owner",
            """UPDATE generations_generation SET model = %s, started_at = finished_at - make_interval(secs => %s)
               WHERE id = %s""",
            model,
            took,
            generation_id,
        )


def test_the_middle_one_of_the_latest_counts_and_not_another_models_or_sizes() -> None:
    model = f"m-{secrets.token_hex(4)}"
    ended_after(model, 5, 7, 60)
    assert typical_seconds(model, "1K") == pytest.approx(7)
    assert typical_seconds(model, "4K") == FALLBACK_SECONDS
    assert typical_seconds(f"{model}-2", "1K") == FALLBACK_SECONDS


def test_it_is_a_page_of_an_index_however_many_there_are() -> None:
    plan = rows(
        "owner",
        """EXPLAIN SELECT finished_at, started_at FROM generations_generation
           WHERE status = 'succeeded' AND model = 'm' AND image_size = '1K' AND finished_at > now() - interval '7 days'
           ORDER BY finished_at DESC LIMIT 50""",
    )
    assert any("generations_latest" in line for row in plan for line in row.values())
    assert one("owner", "SELECT indisvalid FROM pg_index WHERE indexrelid = 'generations_latest'::regclass")


def test_what_waits_waits_for_those_before_it_and_what_runs_for_the_rest() -> None:
    model = f"m-{secrets.token_hex(4)}"
    ended_after(model, 10, 10, 10)
    now = timezone.now()
    waits = Generation(
        status=Status.QUEUED, model=model, image_size="1K", deadline_at=now + timedelta(seconds=600), started_at=None
    )
    assert [
        estimated_seconds(waits, position=position, running=running, limit=4, now=now)
        for position, running in ((1, 0), (4, 0), (5, 0), (1, 4), (5, 4))
    ] == [10, 10, 20, 20, 30]
    assert estimated_seconds(waits, position=1000, running=0, limit=4, now=now) == 600
    runs = Generation(
        status=Status.RUNNING,
        model=model,
        image_size="1K",
        deadline_at=now + timedelta(seconds=600),
        started_at=now - timedelta(seconds=4),
    )
    assert estimated_seconds(runs, position=None, running=0, limit=1, now=now) == 6
    runs.started_at = now - timedelta(seconds=40)
    assert estimated_seconds(runs, position=None, running=0, limit=1, now=now) == 1
    runs.status = Status.SUCCEEDED
    assert estimated_seconds(runs, position=None, running=0, limit=1, now=now) is None


def test_a_generation_shows_its_place_and_its_estimate() -> None:
    tenant = make_tenant(concurrency_limit=1)
    first, second = submit_generation(tenant), submit_generation(tenant)
    rows("owner", "UPDATE generations_generation SET model = 'none' WHERE tenant_id = %s", tenant.id)
    with tenant_context(tenant.id):
        details = [generation_detail(each, livemode=True) for each in (first, second)]
    shown = [(detail.position, detail.estimated_seconds) for detail in details if detail]
    assert shown == [(1, FALLBACK_SECONDS), (2, 2 * FALLBACK_SECONDS)]
