"""Export of everything, closing the tenant, and keeping it after all."""

from __future__ import annotations

import pytest

from accounts.actor import SYSTEM
from accounts.errors import NotAllowed
from accounts.models import Role, TenantStatus
from accounts.tenants.services import tenant_close, tenant_suspend
from cavendish.above.tenant_data.models import Erasure, Export
from cavendish.above.tenant_data.services import closing_cancel, erasure_request
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.accounts.people import make_member
from tests.console.colleagues import Team
from tests.console.settings.addresses import SETTINGS, actions, do, done, now, page
from tests.factories import make_tenant
from tests.people.visitors import shown


def test_an_export_is_started_once_fetched_and_deleted() -> None:
    team = Team(make_tenant())
    owner = team.member()
    assert "is being written" in done(owner, "leaving/export/")
    assert "An export is already in progress" in shown(do(owner, "leaving/export/"))
    with acting_as("operator"):
        export = Export.objects.get(tenant=team.tenant)
    address = f"leaving/exports/{ids.encode(ids.EXPORT, export.id)}/"
    assert owner.get(f"{SETTINGS}{address}download/").status_code == 404
    with acting_as("operator"):
        Export.objects.filter(id=export.id).update(status="ready", bytes=1_840_000)
    listed = page(owner, "leaving/")
    assert "Ready" in listed
    assert "1.84" in listed
    assert "signature=" in owner.get(f"{SETTINGS}{address}download/").headers["Location"]
    done(owner, f"{address}delete/")
    assert "Expired" in page(owner, "leaving/")


def test_a_tenant_is_closed_by_its_name_and_kept_again() -> None:
    team = Team(make_tenant())
    owner = team.member()
    name = now(team.tenant).name
    assert f"This is not {name}." in shown(do(owner, "leaving/close/", typed="another"))
    assert "is closing" in done(owner, "leaving/close/", typed=name, reason="moved")
    assert now(team.tenant).status == TenantStatus.CLOSING
    assert owner.get("/console/gallery/").status_code == 403
    with acting_as("operator"):
        erasure_request(tenant_id=team.tenant.id, slug=team.tenant.slug, actor=SYSTEM)
    assert owner.get("/console/state").status_code == 200
    assert "This tenant is closing" in page(owner, "")
    closing = page(owner, "leaving/")
    assert "Everything is erased from" in closing
    assert "Close tenant" not in closing
    assert f"{name} stays." in done(owner, "leaving/keep/")
    assert now(team.tenant).status == TenantStatus.ACTIVE
    with acting_as("operator"):
        assert Erasure.objects.get(tenant=team.tenant).status == Erasure.Status.CANCELED
    assert "tenant.reactivated" in actions(team.tenant)


def test_keeping_is_no_way_out_of_a_suspension() -> None:
    tenant = make_tenant()
    owner = make_member(tenant, Role.OWNER)
    with acting_as("operator"):
        tenant_suspend(tenant_id=tenant.id, reason="unpaid", actor=SYSTEM)
    tenant_close(tenant_id=tenant.id, actor=owner)
    closing_cancel(tenant_id=tenant.id, actor=owner)
    assert (now(tenant).status, now(tenant).status_reason) == (TenantStatus.SUSPENDED, "unpaid")


def test_what_the_operator_closed_the_operator_opens() -> None:
    team = Team(make_tenant())
    with acting_as("operator"):
        tenant_close(tenant_id=team.tenant.id, actor=SYSTEM)
    assert "The operator closed it" in page(team.member(), "leaving/")
    with pytest.raises(NotAllowed):
        closing_cancel(tenant_id=team.tenant.id, actor=make_member(team.tenant, Role.OWNER))
    assert "Ask them to reactivate it" in shown(do(team.member(), "leaving/keep/"))
    assert now(team.tenant).status == TenantStatus.CLOSING
