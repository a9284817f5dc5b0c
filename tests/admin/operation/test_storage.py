"""What is stored by whom, and legal holds by an operator's clicks."""

from __future__ import annotations

from accounts.models import OperatorRole, StorageUse
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import LegalHold
from tests.accounts.people import audited
from tests.admin.acting import act, act_done
from tests.factories import make_tenant
from tests.people.visitors import Visitor, person, shown

HOLDS = "/admin/storage/legal-holds/"


def test_tenants_stand_by_what_they_store(operator: Visitor) -> None:
    full, free = make_tenant(storage_quota_bytes=2**40), make_tenant(storage_quota_bytes=0)
    with acting_as("operator"):
        for tenant in (full, free):
            StorageUse.objects.update_or_create(tenant=tenant, defaults={"bytes": 2**40})
    try:
        page = shown(operator.get(f"/admin/storage/?tenant={full.slug}"))
        assert "1.10\u00a0TB" in page
        assert '<b class="bad">100\u00a0%</b>' in page
        page = shown(operator.get(f"/admin/storage/?tenant={free.slug}"))
        assert "no limit" in page
    finally:
        with acting_as("operator"):
            StorageUse.objects.filter(tenant__in=[full, free]).update(bytes=0)


def test_a_legal_hold_is_set_and_released(operator: Visitor, reader: Visitor) -> None:
    tenant = make_tenant(balance=0)
    new = f"{HOLDS}new/"
    for values, why in (
        ({"tenant": "no-such", "reason": "x"}, "There is no tenant with the slug or id"),
        ({"tenant": tenant.slug}, "This field is required."),
        ({"tenant": tenant.slug, "generation": "gen_1", "reason": "x"}, "This is not the id of a job"),
        (
            {"tenant": tenant.slug, "generation": ids.encode(ids.GENERATION, ids.new_id()), "reason": "x"},
            "This tenant has no such generation.",
        ),
    ):
        refused = act(operator, new, **values)
        assert (refused.status_code, why in shown(refused)) == (422, True), why
    act_done(operator, new, tenant=tenant.slug, reason="Case 7")
    with acting_as("operator"):
        hold = LegalHold.objects.get(tenant=tenant)
    assert (hold.generation_id, hold.reason, hold.released_at) == (None, "Case 7", None)
    release = f"{HOLDS}{ids.encode(ids.LEGAL_HOLD, hold.id)}/release/"
    listed = f"{HOLDS}?state=open&tenant={tenant.slug}"
    assert release in shown(operator.get(listed))
    support = person(operator=True, role=OperatorRole.SUPPORT)
    support.sign_in()
    for visitor in (reader, support):
        page = shown(visitor.get(listed))
        assert ("Case 7" in page, release in page) == (True, False)
        assert visitor.post(release, confirm="1").status_code == 403
        assert visitor.get(new).status_code == 403
    act_done(operator, release)
    with acting_as("operator"):
        assert LegalHold.objects.get(tenant=tenant).released_at is not None
    assert [event.action for event in audited(tenant.id)][-2:] == ["legal_hold.set", "legal_hold.released"]
    assert "Case 7" not in shown(operator.get(listed))
