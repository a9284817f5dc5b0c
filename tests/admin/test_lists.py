"""Long lists: how far a page looks for what no index serves, and what it says when PostgreSQL stops it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Tenant
from cavendish.above.admin.audit import views
from cavendish.above.ui import lists
from cavendish.above.ui.lists import List, Page, page_of
from cavendish.db.router import acting_as
from tests.factories import make_tenant
from tests.people.visitors import person, shown

LOOK = 5


@pytest.fixture
def tenant(django_db_setup: None) -> Tenant:
    """A tenant with twelve more events, of which the second and the eleventh are rare."""
    tenant = make_tenant()
    with acting_as("operator"):
        AuditEvent.objects.bulk_create([
            AuditEvent(
                tenant=tenant, actor_kind="system", action="bench.rare" if place in {1, 10} else "bench.often",
                target="tenant", target_id=tenant.id.hex,
            )
            for place in range(12)
        ])  # fmt: skip
    return tenant


def page(tenant: Tenant, *, action: str = "bench.rare", **cursor: str) -> Page[AuditEvent]:
    table: List[AuditEvent] = List(title="", columns=(), rows=AuditEvent.objects.all, look_through=LOOK)
    with acting_as("operator"):
        base = AuditEvent.objects.filter(tenant=tenant, action__startswith="bench.")
        return page_of(base.filter(action=action), table, base=base, **cursor)


def test_a_page_looks_through_so_many_rows_and_leads_further(tenant: Tenant) -> None:
    first = page(tenant)
    assert (len(first.rows), first.looked) == (1, LOOK)
    assert first.back_to is not None
    assert abs((timezone.now() - first.back_to).total_seconds()) < 60
    second = page(tenant, after=first.older or "")
    assert (second.rows, second.looked) == ([], LOOK)
    third = page(tenant, after=second.older or "")
    assert (len(third.rows), third.looked, third.older) == (1, 0, None)
    assert third.rows[0].id < first.rows[0].id


def test_a_page_that_is_full_says_nothing_of_it(tenant: Tenant) -> None:
    small: List[AuditEvent] = List(title="", columns=(), rows=AuditEvent.objects.all, look_through=LOOK, page_size=2)
    with acting_as("operator"):
        base = AuditEvent.objects.filter(tenant=tenant)
        found = page_of(base.filter(action="bench.often"), small, base=base)
    assert (len(found.rows), found.looked, bool(found.older)) == (2, 0, True)


def test_what_took_too_long_is_said(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = replace(views.AUDIT, rows=lambda: AuditEvent.objects.extra(where=["pg_sleep(0.1) IS NOT NULL"]))
    monkeypatch.setattr(views, "AUDIT", slow)
    monkeypatch.setattr(lists, "LIMIT_SECONDS", 0.05)
    grace = person(operator=True)
    grace.sign_in()
    answer = grace.get(f"/admin/audit/?tenant={tenant.slug}")
    assert answer.status_code == 503
    assert "This search was stopped after" in shown(answer)
    assert 'value="' + tenant.slug in shown(answer)
