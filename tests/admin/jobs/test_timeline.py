"""A job's timeline: what happened in its order, where its time and its money went; never what was said in it."""

from __future__ import annotations

import json
import math
import secrets
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.management import call_command

from accounts.actor import SYSTEM, Actor
from accounts.models import Tenant
from billing.budgets.services import budget_create
from billing.charges.services import charge_refund
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.jobs.representation import job_json
from generations.jobs.selectors import job_timeline
from generations.jobs.services import content_show, job_cancel, job_run_again
from generations.jobs.steps import Booked, Called, Charged, Claimed, Ended, GivenBack, Held, StepKind, Stored
from generations.jobs.timeline import SegmentKind, Timeline
from tests.factories import make_tenant, submit_generation
from tests.generations.engines import engine_thread, wait_ended, wait_until
from tests.generations.helpers import generation, rows, status

pytestmark = [pytest.mark.usefixtures("quiet", "sandbox_url"), pytest.mark.slow]

SMALL = {"type": "image", "aspect_ratio": "16:9", "image_size": "1K"}
OPERATOR = Actor("operator", None, "ada@example.com")


def timeline(id: UUID) -> Timeline:
    with acting_as("operator"):
        found = job_timeline(id)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def told(django_db_setup: None, sandbox_url: str) -> tuple[UUID, Timeline, str]:
    """A job that succeeded at its second try, the timeline of one that was given back, and a word of their prompts."""
    marker = f"m{secrets.token_hex(6)}"
    tenant = make_tenant()
    with acting_as("operator"):
        budget_create(
            tenant_id=tenant.id, scope="tenant", scope_id=tenant.id, period="month", metric="money",
            limit=Decimal(50), livemode=True, actor=SYSTEM,
        )  # fmt: skip
    id = submit_generation(
        tenant, f"{marker} [[fault:503 times=1]]", response_format=SMALL, metadata={"campaign": marker}
    )
    later = submit_generation(make_tenant(), f"{marker} [[fault:429 retry_after=30 times=1]]")
    with engine_thread():
        assert wait_ended(id) == ["succeeded"]
        wait_until(lambda: status(later) == "queued" and generation(later)["failures"] == 1)
        waiting = timeline(later)
    return id, waiting, marker


def test_the_steps_tell_what_happened(told: tuple[UUID, Timeline, str]) -> None:
    job = timeline(told[0])
    kinds = [step.kind for step in job.steps if step.kind != StepKind.AUDITED]
    assert kinds[:3] == [StepKind.ACCEPTED, StepKind.HELD, StepKind.CLAIMED]
    assert kinds[-3:] == [StepKind.STORED, StepKind.ENDED, StepKind.CHARGED]
    assert [step.at for step in job.steps] == sorted(step.at for step in job.steps)
    assert math.isclose(sum(step.since for step in job.steps), (job.steps[-1].at - job.created_at).total_seconds())
    facts = {step.kind: step.facts for step in job.steps}
    held, claimed = facts[StepKind.HELD], facts[StepKind.CLAIMED]
    assert isinstance(held, Held)
    assert [(budget.scope, budget.metric, budget.quantity) for budget in held.budgets] == [
        ("tenant", "money", held.amount)
    ]
    assert isinstance(claimed, Claimed)
    assert claimed.attempt == 1
    assert claimed.worker.endswith(job.worker)
    assert job.worker
    calls = [step.facts for step in job.steps if isinstance(step.facts, Called)]
    assert [call.number for call in calls] == list(range(1, job.calls + 1))
    assert (calls[0].status, calls[0].is_good, calls[-1].status, calls[-1].is_good) == (503, False, 200, True)
    assert calls[0].pause is None
    assert calls[1].pause is not None
    assert calls[1].pause > 0.3
    assert calls[1].same_key is True
    stored = facts[StepKind.STORED]
    assert isinstance(stored, Stored)
    assert [(output.width, output.mime_type, output.watermark) for output in stored.outputs] == [
        (1376, "image/png", "SynthID")
    ]
    ended = facts[StepKind.ENDED]
    assert isinstance(ended, Ended)
    assert (ended.status, ended.code) == ("succeeded", "")


def test_the_strip_sums_to_all_of_the_time(told: tuple[UUID, Timeline, str]) -> None:
    job = timeline(told[0])
    assert math.isclose(sum(segment.seconds for segment in job.segments), job.seconds, rel_tol=1e-6)
    assert math.isclose(sum(segment.share for segment in job.segments), 1, rel_tol=1e-6)
    kinds = [segment.kind for segment in job.segments]
    assert kinds[0] == SegmentKind.QUEUED
    assert kinds[-1] == SegmentKind.KEPT
    assert kinds.count(SegmentKind.CALL) == job.calls
    assert SegmentKind.PAUSE in kinds


def test_the_money_is_a_sum(told: tuple[UUID, Timeline, str]) -> None:
    job = timeline(told[0])
    money = job.money
    assert money.charged is not None
    assert money.went_back is not None
    assert money.cost is not None
    assert money.held - money.went_back == money.charged > 0
    assert money.charged - money.cost == money.margin
    assert sum(line.amount for line in money.lines) == money.charged
    assert (money.reason, money.flags, money.refundable) == ("", [], money.charged) or money.flags


def test_what_was_given_back_stands_there(told: tuple[UUID, Timeline, str]) -> None:
    job = told[1]
    [back] = [step for step in job.steps if isinstance(step.facts, GivenBack)]
    assert isinstance(back.facts, GivenBack)
    assert (back.facts.reason, back.facts.is_loss) == ("upstream_busy", False)
    [call] = [step.facts for step in job.steps if isinstance(step.facts, Called)]
    assert call.cooling_seconds is not None
    assert 25 < call.cooling_seconds <= 30
    assert (job.finished_at, job.money.charged, job.can_cancel) == (None, None, True)
    assert job.segments[-1].kind == SegmentKind.QUEUED


def test_nothing_of_it_says_what_was_asked(
    told: tuple[UUID, Timeline, str], capsys: pytest.CaptureFixture[str]
) -> None:
    id, _, marker = told
    job = timeline(id)
    text = json.dumps(job_json(job))
    assert marker not in text
    assert job.request.metadata_keys == ["campaign"]
    assert (job.request.texts, job.request.pictures, job.request.tools) == (1, 0, [])
    assert (job.request.aspect_ratio, job.request.image_size, job.request.width) == ("16:9", "1K", 1376)
    dashed = str(id).upper()
    for spelling in (ids.encode(ids.GENERATION, id), dashed, f" {id.hex} "):
        call_command("job", spelling)
        said = capsys.readouterr().out
        assert ids.encode(ids.GENERATION, id) in said
        assert "503" in said
        assert marker not in said


def test_a_conversation_counts_its_turns(told: tuple[UUID, Timeline, str]) -> None:
    first = timeline(told[0])
    assert (first.belongs_to.conversation_id, first.belongs_to.turn, first.belongs_to.turns) == (None, 1, 1)
    tenant = Tenant(id=first.belongs_to.tenant_id)
    second = submit_generation(tenant, "closer", previous_generation_id=ids.encode(ids.GENERATION, told[0]))
    third = submit_generation(tenant, "closer", previous_generation_id=ids.encode(ids.GENERATION, told[0]))
    for id, turn in ((told[0], 1), (second, 2), (third, 2)):
        belongs = timeline(id).belongs_to
        assert (belongs.conversation_id, belongs.turn, belongs.turns) == (told[0], turn, 2)


def test_an_operator_sees_content_after_a_reason_that_the_tenant_reads(told: tuple[UUID, Timeline, str]) -> None:
    id, _, marker = told
    tenant = timeline(id).belongs_to.tenant_id
    with acting_as("operator"):
        content = content_show(tenant_id=tenant, generation_id=id, reason=" Ticket 4711 ", actor=OPERATOR)
    assert marker in getattr(content.prompt[0], "text", "")
    assert content.outputs[0].url.startswith("http")
    state = timeline(id).content
    assert (state.shown, state.shown_by) == (1, "ada@example.com")
    [audited] = rows("owner", "SELECT * FROM accounts_auditevent WHERE target_id = %s", id.hex)
    assert (audited["tenant_id"], audited["action"]) == (tenant, "generation.content_shown")
    assert audited["after"] == {"reason": "Ticket 4711"}


def test_a_failed_job_runs_again_once(told: tuple[UUID, Timeline, str]) -> None:
    tenant = make_tenant()
    id = submit_generation(tenant, "a cat [[fault:503 times=4]]", response_format=SMALL)
    with engine_thread():
        assert wait_ended(id) == ["failed"]
        assert timeline(id).can_run_again
        with acting_as("operator"):
            new = job_run_again(tenant_id=tenant.id, generation_id=id, reason="It was ours", actor=OPERATOR)
            again = job_run_again(tenant_id=tenant.id, generation_id=id, reason="Twice", actor=OPERATOR)
        assert new == again != id
        assert wait_ended(new) == ["succeeded"]
    assert timeline(new).belongs_to.run_again_of == id
    assert timeline(id).belongs_to.run_again_as == [new]
    assert timeline(new).belongs_to.key_id == timeline(id).belongs_to.key_id
    audited = rows("owner", "SELECT action, after FROM accounts_auditevent WHERE target_id = %s", id.hex)
    assert [row["action"] for row in audited] == ["generation.run_again"]
    assert audited[0]["after"]["generation"] == ids.encode(ids.GENERATION, new)
    charge = timeline(new).money.charged
    assert charge is not None
    with acting_as("operator"):
        charge_refund(tenant_id=tenant.id, generation_id=new, amount=None, reason="Sorry", actor=OPERATOR)
    refunded = timeline(new)
    [booked] = [step.facts for step in refunded.steps if isinstance(step.facts, Booked)]
    assert (booked.amount, refunded.money.refundable) == (charge, Decimal(0))
    [charged] = [step.facts for step in refunded.steps if isinstance(step.facts, Charged)]
    assert charged.amount == charge


def test_an_operator_cancels_a_job_and_says_why() -> None:
    tenant = make_tenant()
    id = submit_generation(tenant)
    with acting_as("operator"):
        for _ in range(2):
            job_cancel(tenant_id=tenant.id, generation_id=id, reason="Runaway", actor=OPERATOR)
    job = timeline(id)
    assert job.status == "canceled"
    [audited] = rows("owner", "SELECT action, after FROM accounts_auditevent WHERE target_id = %s", id.hex)
    assert (audited["action"], audited["after"]) == ("generation.canceled", {"reason": "Runaway"})
    assert (job.money.charged, job.money.went_back) == (Decimal(0), job.money.held)
