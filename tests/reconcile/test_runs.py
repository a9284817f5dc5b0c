"""Runs of reconcile are kept: who, when, how they ended, what they found. One at a time, and none is left running."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from prometheus_client import generate_latest
from pytest_django import Settings

from accounts.actor import Actor
from accounts.models import AuditEvent
from billing.reconcile import snapshot
from cavendish.above.reconcile.metrics import metrics_set
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.above.reconcile.runs import run_of_command, run_queued
from cavendish.above.reconcile.selectors import reconcile_clean_at, reconcile_ended, reconcile_last, reconcile_open
from cavendish.above.reconcile.services import ABANDONED, reconcile_now, reconcile_watch, run_tell, runs_mend
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from cavendish.mail.models import Mail
from tests.billing.falsified import OF
from tests.billing.test_reconcile import plant, work
from tests.factories import make_tenant, queue_clear
from tests.people.visitors import person

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
        f"""UPDATE billing_charge SET usage = '{{"thought": "junk"}}', cost = cost + 1 {OF}""",
    )
    written = StringIO()
    try:
        with pytest.raises(SystemExit, match="1"):
            call_command("reconcile", "--tenant", tenant.slug, "--no-objects", stdout=written)
    finally:
        plant(tenant, f"UPDATE billing_charge SET usage = '{{}}' {OF}")
    [run] = ReconcileRun.objects.all()
    checks: dict[str, Any] = {check["check"]: check for check in run.checks}
    assert "FAILED  charges_usage" in written.getvalue()
    assert (run.trigger, run.status, run.error) == ("command", "failed", "Could not run: charges_usage.")
    assert checks["charges_usage"]["error"] == "InvalidTextRepresentation"
    assert "junk" not in str(run.checks)
    assert checks["rollups_charges"]["count"] == 1
    assert checks["rollups_charges"]["rows"][0]["tenant_id"] == str(tenant.id)
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
    settings.RECONCILE_MINUTES = 0  # else a clean one is followed by one of what came since
    assert [reconcile_watch(), reconcile_watch()] == [1, 0]
    [run] = ReconcileRun.objects.all()
    assert (run.trigger, run.actor) == ("scheduler", "system")
    ReconcileRun.objects.update(created_at=datetime.combine(run.created_at.date(), time(), UTC) - timedelta(days=1))
    settings.RECONCILE_AT = None
    assert reconcile_watch() == 0


def test_the_last_clean_run_is_followed_by_runs_of_what_came_since(settings: Settings) -> None:
    began = timezone.now() - timedelta(hours=3)
    ended: dict[str, Any] = {"started_at": began, "ended_at": began, "created_at": began}
    settings.RECONCILE_MINUTES = 60
    assert reconcile_watch() == 0  # nothing was clean yet
    ReconcileRun.objects.create(trigger="scheduler", actor="system", status="clean", whole=True, **ended)

    assert [reconcile_watch(), reconcile_watch()] == [1, 0]

    run = ReconcileRun.objects.latest("created_at")
    assert (run.trigger, run.whole) == ("scheduler", False)
    assert run.options == {"since": (began - timedelta(hours=1)).isoformat()}
    assert {"wallets", "charges_usage", "objects"} <= {check["check"] for check in run.checks}
    # one that was clean is followed itself; one that was not is not
    later = began + timedelta(hours=1)
    ReconcileRun.objects.filter(id=run.id).update(status="clean", started_at=later, ended_at=later)
    assert reconcile_clean_at() == later - timedelta(hours=1)
    ReconcileRun.objects.filter(id=run.id).update(status="differences")
    assert reconcile_clean_at() == began - timedelta(hours=1)
    written = StringIO()
    with contextlib.suppress(SystemExit):
        call_command("reconcile", "--since", "last", "--checks", "wallets", "--no-objects", stdout=written)
    assert ReconcileRun.objects.latest("created_at").options["since"] == (began - timedelta(hours=1)).isoformat()


def test_what_the_clock_found_is_mailed_once_and_measured() -> None:
    operator = person(operator=True)
    found = [{"check": "wallets", "about": "", "count": 2, "seconds": 0.1, "error": "", "rows": []}]
    now = timezone.now()

    def ended(ago: int, **fields: Any) -> ReconcileRun:
        at = now - timedelta(minutes=ago)
        values = {"trigger": "scheduler", "actor": "system", "status": "differences", "differing": 2, "checks": found,
                  "whole": False, "options": {"since": now.isoformat()}, "started_at": at, "ended_at": at}  # fmt: skip
        return ReconcileRun.objects.create(**{**values, **fields})

    whole = ended(9, whole=True, options={})
    told = [run_tell(run.id) for run in (
        whole, ended(8), ended(7), ended(6, checks=[{**found[0], "count": 3}]),
        ended(5, status="clean", checks=[], differing=0), ended(4, trigger="command", differing=0),
    )]  # fmt: skip
    assert told == [True, True, False, True, False, False]
    sent = Mail.objects.filter(subject__contains="Reconcile").order_by("id")
    mails = [mail for mail in sent if operator.email in mail.to]
    assert "2 rows differ" in mails[0].subject
    assert f"/admin/reconcile/{whole.id}/" in mails[0].text
    assert "wallets" in mails[0].text

    metrics_set(reconcile_ended())
    said = generate_latest().decode()
    assert 'cavendish_reconcile_differences{scope="whole"} 2.0' in said
    assert 'cavendish_reconcile_failed{scope="recent"} 0.0' in said
    [age] = [line for line in said.splitlines() if line.startswith('cavendish_reconcile_age_seconds{scope="whole"}')]
    assert 540 <= float(age.split()[-1]) < 600


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
