"""What the engine makes of an upstream that misbehaves: each class of failure, its retries and its bill."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
from pytest_django import Settings

from accounts.models import Tenant
from tests.factories import make_tenant, submit_generation
from tests.generations.engines import (
    bought,
    charge,
    engine_thread,
    outputs,
    spooled,
    stored_whole,
    wait_ended,
    wait_until,
)
from tests.generations.helpers import books_balance, events, generation, rows, status

pytestmark = [pytest.mark.usefixtures("quiet", "sandbox_url"), pytest.mark.slow]


@dataclass(frozen=True)
class Case:
    words: str
    status: str
    error: str | None = None
    charged: bool = True
    failures: int = 0
    pictures: int = 1
    deadline: float | None = None


CASES = (
    Case("", "succeeded"),
    Case("[[images:3]]", "succeeded", pictures=5),  # two of them are thoughts
    Case("[[fault:429 times=1]]", "succeeded", failures=1),
    Case("[[fault:429 retry_after=2 times=1]]", "succeeded", failures=1),
    Case("[[fault:500 times=2]]", "succeeded", failures=2),
    Case("[[fault:503]]", "failed", "upstream_unavailable", charged=False, failures=3, pictures=0),
    Case("[[fault:400]]", "failed", "upstream_rejected", charged=False, pictures=0),
    Case("[[cut times=1]]", "succeeded", failures=1),
    Case("[[cut]]", "failed", "upstream_unavailable", charged=False, failures=3, pictures=0),
    Case("[[bad_json times=2]]", "succeeded", failures=2),
    Case("[[bad_json]]", "failed", "upstream_unavailable", charged=False, failures=3, pictures=0),
    Case("[[wrong_size times=1]]", "succeeded", failures=1),
    Case("[[wrong_size]]", "failed", "upstream_unavailable", charged=False, failures=3, pictures=0),
    Case("[[no_image]]", "failed", "no_image", pictures=0),
    Case("[[safety]]", "failed", "safety_blocked", charged=False, pictures=0),
    Case("[[failed times=1]]", "succeeded", failures=1),
    Case("[[failed]]", "failed", "upstream_unavailable", charged=False, failures=3, pictures=0),
    Case("[[hang]]", "failed", "deadline_exceeded", charged=False, pictures=0, deadline=3.0),
    Case("[[latency:30]]", "failed", "deadline_exceeded", charged=False, pictures=0, deadline=2.0),
)
SQUARE = {"type": "image", "aspect_ratio": "1:1", "image_size": "1K"}


def submit(case: Case, marker: str) -> tuple[Tenant, UUID]:
    # A tenant each: on the sandbox a limit that one provokes cools its own key only.
    tenant = make_tenant(balance=100)
    fields = {"model": "gemini-3-pro-image", "max_images": 3} if "images" in case.words else {"response_format": SQUARE}
    return tenant, submit_generation(tenant, f"{marker} {case.words}", ends_in=case.deadline, **fields)


def test_each_failure_ends_as_its_class_says_i1_i2_i5_i7() -> None:
    markers = [f"m{secrets.token_hex(6)}" for _ in CASES]
    made = [submit(case, marker) for case, marker in zip(CASES, markers, strict=True)]
    with engine_thread():
        wait_ended(*(id for _, id in made), timeout=40)
    for case, (tenant, id), marker in zip(CASES, made, markers, strict=True):
        row = generation(id)
        error = row["error"] or {}
        said = (row["status"], error.get("code"), row["failures"], row["attempts"], stored_whole(id))
        assert said == (case.status, case.error, case.failures, 1, case.pictures), case.words
        assert (charge(id)["amount"] > 0) is case.charged, case.words
        # the message is for the tenant: it may not repeat the prompt (I9)
        assert marker not in error.get("message", "")
        books_balance(tenant)
    assert spooled() == []


def test_a_failed_picture_leaves_nothing_behind_and_its_cost_is_the_operators() -> None:
    tenant, id = submit(Case("[[wrong_size]]", "failed"), "")
    with engine_thread():
        assert wait_ended(id) == ["failed"]
    assert (outputs(id), spooled()) == ([], [])
    row = charge(id)
    assert (row["status"], row["amount"]) == ("not_charged", 0)
    assert row["cost"] > 3 * Decimal("0.067")  # four pictures were paid for
    assert "repeated_answers" in row["flags"]
    books_balance(tenant)


def test_an_upstream_that_asks_for_patience_gets_the_job_back_later() -> None:
    tenant, id = submit(Case("[[fault:429 retry_after=30 times=1]]", "succeeded"), "")
    with engine_thread() as thread:
        wait_until(lambda: status(id) == "queued" and generation(id)["failures"] == 1)
        row = generation(id)
        assert events(id)[-1] == ("queued", "upstream_busy")
        assert 25 < (row["run_after"] - row["started_at"]).total_seconds() < 31
        assert thread.engine.running == {}
    # The half minute passes; another worker takes it, whose key is not cooling down.
    rows("owner", "UPDATE generations_generation SET run_after = now() WHERE id = %s", id)
    with engine_thread():
        assert wait_ended(id, timeout=40) == ["succeeded"]
    row = generation(id)
    assert (row["attempts"], row["failures"], stored_whole(id)) == (2, 1, 1)
    books_balance(tenant)


def test_what_is_given_up_is_stopped_upstream() -> None:
    """A picture that nobody will fetch must not be made, because the operator pays for it."""
    marker = f"m{secrets.token_hex(6)}"
    _, id = submit(Case("[[hang]]", "failed", deadline=1.5), marker)
    with engine_thread():
        assert wait_ended(id) == ["failed"]
        (record,) = bought(marker)
        assert record["cancelled_at"] is not None


def test_a_silent_upstream_is_asked_again_then_given_up(settings: Settings) -> None:
    settings.GEMINI_READ_TIMEOUT = 1
    marker = f"m{secrets.token_hex(6)}"
    tenant, id = submit(Case("[[hang]]", "failed"), marker)
    with engine_thread():
        assert wait_ended(id) == ["failed"]
    row = generation(id)
    assert (row["error"]["code"], row["attempts"]) == ("upstream_unavailable", 1)
    assert charge(id)["amount"] == 0
    # It was bought once: the questions after the first were for the same interaction.
    (record,) = bought(marker)
    assert record["cancelled_at"] is not None
    books_balance(tenant)
