"""Reconcile in the admin: the last result first, what differs in words, a run asked for."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import OperatorRole
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.db.router import acting_as
from tests.admin.acting import act, act_done
from tests.factories import make_tenant
from tests.people.visitors import Visitor, person, shown


@pytest.fixture(autouse=True)
def _none(django_db_setup: None) -> Any:
    with acting_as("operator"):
        ReconcileRun.objects.all().delete()
    yield
    with acting_as("operator"):
        ReconcileRun.objects.all().delete()


def ran(status: str, checks: list[dict[str, Any]]) -> ReconcileRun:
    with acting_as("operator"):
        return ReconcileRun.objects.create(
            trigger="scheduler", actor="system", whole=True, status=status, checks=checks, started_at=timezone.now(),
            ended_at=timezone.now(), differing=sum(check["count"] for check in checks),
        )  # fmt: skip


def test_the_last_result_is_the_heading_and_its_rows_are_in_words(operator: Visitor) -> None:
    assert "Never run" in shown(operator.get("/admin/reconcile/"))
    tenant = make_tenant(balance=0)
    row = {"tenant_id": str(tenant.id), "subject": str(tenant.id), "charged": "0.067200000", "recorded": "0.0672"}
    good = {"check": "wallets", "about": "Wallets agree.", "count": 0, "seconds": 0.2, "error": "", "rows": []}
    bad = {**good, "check": "charges_usage", "about": "Charges agree.", "count": 14, "rows": [row]}
    run = ran("differences", [good, bad])
    page = shown(operator.get("/admin/reconcile/"))
    assert '<h1 class="bad">14 rows differ</h1>' in page
    page = shown(operator.get(f"/admin/reconcile/{run.id}/"))
    for text in ("Charges usage", tenant.name, "0.067200000", "13 more rows are not kept", "Agrees"):
        assert text in page, text
    ran("clean", [good])
    assert "<h1>No difference</h1>" in shown(operator.get("/admin/reconcile/"))
    assert operator.get("/admin/reconcile/?status=lost").status_code == 400


def test_a_run_is_asked_for_once(operator: Visitor) -> None:
    assert "queued" in act_done(operator, "/admin/reconcile/now/")
    again = act(operator, "/admin/reconcile/now/")
    assert (again.status_code, "is queued or running" in shown(again)) == (422, True)
    assert "Reconcile now" not in shown(operator.get("/admin/reconcile/"))
    reader = person(operator=True, role=OperatorRole.FINANCE)
    reader.sign_in()
    assert reader.get("/admin/reconcile/now/").status_code == 403
