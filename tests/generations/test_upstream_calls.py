"""Each call that a job makes upstream is kept, whoever ends the job or gives it back."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings

from cavendish.gemini.client import RateLimited, Rejected, TimedOut, Unavailable
from generations.work.call_log import words_of
from generations.work.pending_result import PendingResult
from tests.factories import make_tenant, submit_generation
from tests.generations.engines import EngineThread, engine_thread, spooled, stored, wait_ended, wait_until
from tests.generations.helpers import generation, rows, status

pytestmark = [pytest.mark.usefixtures("quiet", "sandbox_url"), pytest.mark.slow]


def calls(id: UUID) -> list[dict[str, Any]]:
    query = "SELECT * FROM generations_upstreamcall WHERE generation_id = %s ORDER BY attempt, number"
    return rows("owner", query, id)


def test_each_try_is_kept_with_its_answer() -> None:
    marker = f"m{secrets.token_hex(6)}"
    id = submit_generation(make_tenant(), f"{marker} [[fault:503 times=2]]")
    refused = submit_generation(make_tenant(), f"{marker} [[fault:400]]")
    odd = submit_generation(
        make_tenant(balance=100),
        f"{marker} [[wrong_size times=1]]",
        response_format={"type": "image", "aspect_ratio": "1:1", "image_size": "1K"},
    )
    with engine_thread():
        assert wait_ended(id, refused, odd) == ["succeeded", "failed", "succeeded"]
    job = generation(id)
    first, second, *followed = calls(id)
    last = followed[-1]
    assert [(row["attempt"], row["number"], row["status"]) for row in (first, second)] == [(1, 1, 503), (1, 2, 503)]
    assert first["code"]
    assert first["message"]
    assert (last["status"], last["code"], last["pictures"], last["message"]) == (200, "", 1, "")
    assert last["tokens_out"] >= 1120
    assert last["bytes"] > 10_000 > first["bytes"] > 0
    assert last["upstream_id"] == job["upstream_id"]
    assert {row["upstream_key"] for row in (first, last)} == {job["upstream_key"]}
    times = [moment for row in calls(id) for moment in (row["started_at"], row["ended_at"])]
    assert times == sorted(times)
    assert times == sorted([job["started_at"], *times, job["finished_at"]])[1:-1]
    assert first["first_byte_ms"] <= (first["ended_at"] - first["started_at"]).total_seconds() * 1000 + 1
    # A refusal may repeat what it refuses: only its code is kept.
    [row] = calls(refused)
    assert (row["status"], row["message"]) == (400, "")
    assert row["code"]
    assert [row["code"] for row in calls(odd) if row["code"]] == ["unusable_answer"]
    assert not [row for one in (id, refused, odd) for row in calls(one) if marker in str(row)]


def test_a_job_that_is_given_back_keeps_its_calls() -> None:
    later = submit_generation(make_tenant(), "[[fault:429 retry_after=30 times=1]]")
    with engine_thread():
        wait_until(lambda: status(later) == "queued" and generation(later)["failures"] == 1)
    [call] = calls(later)
    assert (call["attempt"], call["status"], call["kind"]) == (1, 429, "create")
    assert 25 < call["cooling_seconds"] <= 30
    rows("owner", "UPDATE generations_generation SET run_after = now() WHERE id = %s", later)
    with engine_thread():
        assert wait_ended(later, timeout=40) == ["succeeded"]
    assert [row["attempt"] for row in calls(later)][:2] == [1, 2]


def test_a_worker_that_stops_leaves_what_it_was_at() -> None:
    thread = EngineThread()
    id = submit_generation(make_tenant(), "[[latency:1.5]]")
    wait_until(lambda: bool(generation(id)["upstream_id"]))
    thread.stop(patience=0.2)
    assert status(id) == "queued"
    assert calls(id)[-1]["code"] == "broken_off"
    with engine_thread():
        assert wait_ended(id) == ["succeeded"]
    assert calls(id)[-1]["attempt"] == 2


@pytest.fixture
def no_storage() -> Iterator[Path]:
    place = stored("tenants")
    aside = place.with_name(f"aside-{secrets.token_hex(4)}")
    place.mkdir(parents=True, exist_ok=True)
    place.rename(aside)
    place.write_text("")
    yield place
    if place.is_file():
        place.unlink()
        aside.rename(place)
    shutil.rmtree(aside, ignore_errors=True)


def test_calls_outlive_a_worker_that_dies_with_a_result(no_storage: Path) -> None:
    first = EngineThread()
    id = submit_generation(make_tenant(), "[[fault:503 times=1]]", store=False)
    folder = Path(django_settings.SPOOL_DIR) / "jobs"
    wait_until(lambda: any((folder / name / "result.json").exists() for name in spooled()))
    first.abandon()
    [pending] = [found for name in spooled() if (found := PendingResult.read(folder / name))]
    assert len(pending.result["calls"]["tries"]) >= 2
    assert calls(id) == []
    time.sleep(0.3)
    no_storage.unlink()
    next(no_storage.parent.glob("aside-*")).rename(no_storage)
    with engine_thread():
        assert wait_ended(id) == ["succeeded"]
    kept = calls(id)
    assert [row["status"] for row in kept][:2] == [503, 200]
    # By the time they were made, not by that of their delivery.
    job = generation(id)
    assert job["started_at"] <= kept[0]["started_at"]
    assert kept[-1]["ended_at"] < job["finished_at"]


def test_what_the_upstream_says_of_a_request_is_not_kept() -> None:
    assert words_of(Rejected("Invalid value: a cat", status=400, code="INVALID_ARGUMENT")) == ""
    assert words_of(Unavailable("of the stream: a cat", code="internal")) == ""
    assert words_of(RateLimited('Quota of "a cat" is used up.', status=429)) == "Quota of … is used up."
    assert words_of(Unavailable("It can't be done; don't.", status=503)) == "It can't be done; don't."
    assert words_of(Unavailable("no connection to the upstream", code="no_connection")).startswith("no connection")
    assert words_of(TimedOut("the upstream did not respond in time")).startswith("the upstream")
