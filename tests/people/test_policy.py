"""The use policy's page: owners accept, everybody else reads."""

from __future__ import annotations

from accounts.members.services import membership_create
from accounts.models import Role, Tenant
from cavendish.db.router import acting_as
from tests.accounts.people import audited
from tests.factories import make_tenant
from tests.people.test_pages import check
from tests.people.visitors import Visitor, person, shown

POLICY = "/console/settings/policy/"


def member(tenant: Tenant, role: Role) -> Visitor:
    visitor = person()
    with acting_as("operator"):
        membership_create(tenant=tenant, user=visitor.user, role=role)
    visitor.sign_in()
    return visitor


def version_of(tenant: Tenant) -> str:
    with acting_as("operator"):
        return Tenant.objects.get(id=tenant.id).policy_version


def test_an_owner_accepts_what_the_page_showed() -> None:
    tenant = make_tenant(balance=0, policy_version="", policy_accepted_at=None)
    owner = member(tenant, Role.OWNER)
    assert 'href="/account/policy/"' in shown(owner.get("/account/"))
    assert owner.get("/account/policy/").headers["Location"] == POLICY
    page = owner.get(POLICY)
    check(page)
    assert "Not accepted" in shown(page)
    answer = owner.post(f"{POLICY}accept/", version="2020-01", confirm="1")
    assert "Read and accept that version" in shown(answer)
    assert version_of(tenant) == ""
    owner.post(f"{POLICY}accept/", version="2026-11", confirm="1")
    assert version_of(tenant) == "2026-11"
    assert "Accepted on" in shown(owner.get(POLICY))
    event = audited(tenant.id)[-1]
    assert (event.action, event.actor_label, event.address) == ("tenant.policy_accepted", owner.email, owner.address)


def test_others_read_it() -> None:
    tenant = make_tenant(balance=0, policy_version="", policy_accepted_at=None)
    admin = member(tenant, Role.ADMIN)
    assert "An owner of" in shown(admin.get(POLICY))
    assert "<button" not in shown(admin.page).partition("<main")[2].partition("</main>")[0]
    assert admin.post(f"{POLICY}accept/", version="2026-11", confirm="1").status_code == 403
    assert version_of(tenant) == ""


def test_without_a_tenant_there_is_none_to_accept_it_for() -> None:
    nobody = person()
    nobody.sign_in()
    assert nobody.get(POLICY).headers["Location"] == "/account/"
    assert Visitor().get(POLICY).headers["Location"].startswith("/account/login/")
