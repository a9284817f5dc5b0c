"""Runs of reconcile are kept: who, when, how they ended, what they found. One at a time, and none is left running."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.actor import Actor
from accounts.models import AuditEvent
from billing.reconcile import snapshot
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.above.reconcile.runs import run_of_command, run_queued
from cavendish.above.reconcile.selectors import reconcile_last, reconcile_open
from cavendish.above.reconcile.services import ABANDONED, reconcile_now, reconcile_watch, runs_mend
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from tests.billing.test_reconcile import OF, plant, work
from tests.factories import make_tenant, queue_clear

ADA = Actor("operator", None, "ada@example.com")


@pytest.fixture(autouse=True)
def _none_before(settings: Settings) -> Iterator[None]:
    settings.RECONCILE_AT = None
    with acting_as("operator"):
        ReconcileRun.objects.all().delete()
        yield


def test_the_command_keeps_what_it_found_and_one_bad_row_stops_no_other_check() -> None:
    tenant = make_tenant()
    queue_clear()
    work(tenant)
    plant(
        tenant,
        f"""UPDATE billing_charge SET lines = jsonb_set(lines, '{{0,amount}}', '"no number"'), cost = cost + 1 {OF}""",
    )
    written = StringIO()
    try:
        with pytest.raises(SystemExit, match="1"):
            call_command("reconcile", "--tenant", tenant.slug, "--no-objects", stdout=written)
    finally:
        plant(tenant, f"UPDATE billing_charge SET lines = '[]' {OF}")
    [run] = ReconcileRun.objects.all()
    checks: dict[str, Any] = {check["check"]: check for check in run.checks}
    assert "FAILED  charges_lines" in written.getvalue()
    assert (run.trigger, run.status, run.error) == ("command", "failed", "Could not run: charges_lines.")
    assert checks["charges_lines"]["error"] == "InvalidTextRepresentation"
    assert "no number" not in str(run.checks)
    assert checks["charges_usage"]["count"] == 1
    assert checks["charges_usage"]["rows"][0]["tenant_id"] == str(tenant.id)
    assert run.differing == sum(check["count"] for check in run.checks)
    assert (run.whole, run.options["objects"], reconcile_last()) == (False, False, None)
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.started_at < run.ended_at


def test_an_operator_queues_one_run_and_the_scheduler_does_it() -> None:
    run = reconcile_now(actor=ADA)
    with pytest.raises(Problem) as refused:
        reconcile_now(actor=ADA)
    assert (refused.value.status, refused.value.code) == (409, "reconcile_running")
    assert reconcile_open() == run

    assert reconcile_watch() == 1

    run.refresh_from_db()
    assert (run.trigger, run.actor, run.whole) == ("operator", "operator ada@example.com", True)
    assert run.status == ("differences" if run.differing else "clean")
    assert {"wallets", "jobs_charges", "objects"} <= {check["check"] for check in run.checks}
    assert (reconcile_open(), reconcile_last()) == (None, run)
    assert not run_queued(run.id)
    assert AuditEvent.objects.filter(action="reconcile.requested", target_id=run.id.hex).count() == 1


def test_the_run_of_the_day_comes_once(settings: Settings) -> None:
    settings.RECONCILE_AT = (timezone.now() - timedelta(minutes=1)).time()
    assert [reconcile_watch(), reconcile_watch()] == [1, 0]
    [run] = ReconcileRun.objects.all()
    assert (run.trigger, run.actor) == ("scheduler", "system")
    ReconcileRun.objects.update(created_at=datetime.combine(run.created_at.date(), time(), UTC) - timedelta(days=1))
    settings.RECONCILE_AT = None
    assert reconcile_watch() == 0


def test_a_run_whose_process_died_is_ended_and_a_living_one_is_not() -> None:
    dead = ReconcileRun.objects.create(trigger="scheduler", actor="system", status="running", whole=True)
    with run_of_command(whole=True, options={}) as living:
        with transaction.atomic(using="operator"):
            runs_mend()
        living.run.refresh_from_db()
        assert living.run.status == "running"
        with pytest.raises(RuntimeError), run_of_command(whole=True, options={}) as broken:
            raise RuntimeError("of a row's value")
    dead.refresh_from_db()
    broken.run.refresh_from_db()
    assert (dead.status, dead.error) == ("failed", ABANDONED)
    assert (broken.run.status, broken.run.error) == ("failed", "RuntimeError ended it.")
    assert reconcile_last() is not None
    with snapshot() as books:
        assert books.connection.execute("SELECT count(*) AS n FROM reconcile_reconcilerun").fetchone() == {"n": 3}
