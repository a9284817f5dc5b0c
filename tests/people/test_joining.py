"""Coming into a tenant: by invitation, or with one of one's own; and choosing among several."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from accounts.invitations.services import invitation_create, invitation_revoke
from accounts.members.services import membership_create
from accounts.models import Membership, Role, Tenant, User
from billing.models import Wallet
from cavendish.db.router import acting_as
from tests.factories import make_tenant
from tests.people.visitors import PASSWORD, Visitor, extract, person, shown


def invite(email: str, tenant: Tenant, *, role: Role = Role.DEVELOPER) -> str:
    """The path that the invitation's mail leads to."""
    from accounts.actor import SYSTEM

    with acting_as("operator"):
        invitation_create(tenant_id=tenant.id, email=email, role=role, actor=SYSTEM)
    return extract(r"http://127\.0\.0\.1:8000(/invitations/\S+)", Visitor(email).mails[-1].text)


def belongs(email: str, tenant: Tenant) -> str | None:
    with acting_as("operator"):
        row = Membership.objects.filter(user__email=email, tenant=tenant).first()
        return row.role if row else None


def test_the_invited_make_an_account_although_sign_up_is_closed() -> None:
    tenant, ada = make_tenant(), Visitor()
    link = invite(ada.email, tenant)
    page = shown(ada.get(link))
    assert tenant.name in page
    assert "developer" in page
    assert ada.page.headers["Referrer-Policy"] == "same-origin"
    assert f'value="{ada.email}"' in shown(ada.get(f"/account/signup/?email={ada.email}"))
    # The mail came to that address, so it need not be proved again.
    ada.post("/account/signup/", name="Ada", email=ada.email, password1=PASSWORD, next=link)
    assert ada.page.headers["Location"] == link
    assert ada.signed_in
    ada.get(link)
    ada.post(link)
    assert belongs(ada.email, tenant) == "developer"
    assert "You have joined." in shown(ada.get("/account/"))
    assert "You have already joined" in shown(ada.get(link))


def test_an_invitation_is_for_one_address() -> None:
    tenant, ada, friend = make_tenant(), Visitor(), Visitor()
    link = invite(ada.email, tenant)
    friend.get(link)
    assert f"Use {ada.email}, the address that was invited." in shown(friend.sign_up())
    assert not User.objects.filter(email=friend.email).exists()

    grace = person()
    grace.sign_in()
    assert f"The invitation is for {ada.email}" in shown(grace.get(link))
    grace.post(link)
    assert belongs(grace.email, tenant) is None
    assert "sent to another address" in shown(grace.get("/account/"))


def test_who_has_an_account_signs_in_to_join() -> None:
    tenant, ada = make_tenant(), person()
    link = invite(ada.email, tenant, role=Role.BILLING)
    assert "Sign in to join" in shown(ada.get(link))
    assert ada.sign_in(next=link).headers["Location"] == link
    assert "Join " in shown(ada.get(link))
    assert belongs(ada.email, tenant) is None  # looking joins nobody
    ada.post(link)
    assert belongs(ada.email, tenant) == "billing"


def test_invitations_that_are_none() -> None:
    tenant, ada = make_tenant(), Visitor()
    link = invite(ada.email, tenant)
    with acting_as("operator"):
        from accounts.actor import SYSTEM
        from accounts.models import Invitation

        row = Invitation.objects.get(tenant=tenant)
        ada.get(link)
        invitation_revoke(tenant_id=tenant.id, invitation_id=row.id, actor=SYSTEM)
    for path in (link, link[:-1] + "x", "/invitations/x", "/invitations/cvd_invite_" + "A" * 43):
        page = ada.get(path)
        assert (page.status_code, "no longer valid" in shown(page)) == (404, True)
        assert ada.post(path).status_code == 404
    assert "By invitation only" in shown(ada.sign_up())  # what was withdrawn opens no sign-up either


def test_nobody_joins_unsigned() -> None:
    tenant, ada = make_tenant(), Visitor()
    link = invite(ada.email, tenant)
    ada.get(link)
    assert ada.post(link).status_code == 403
    assert belongs(ada.email, tenant) is None


def test_everybody_makes_a_tenant_where_the_operator_allows_it(settings: Settings) -> None:
    settings.SIGNUP = "open"
    ada = person()
    ada.sign_in()
    assert "You are not a member of a tenant yet" in shown(ada.get("/account/"))
    assert ada.post("/account/tenants/new/", name="").status_code == 422
    assert ada.post("/account/tenants/new/", name="Ada's Pictures").headers["Location"] == "/console/"
    page = shown(ada.get("/account/"))
    assert "Ada&#x27;s Pictures" in page
    assert "Owner since" in page
    with acting_as("operator"):
        tenant = Membership.objects.get(user=ada.user).tenant
        assert Wallet.objects.filter(tenant=tenant).exists()


@pytest.mark.parametrize("signup", ["closed", "oidc"])
def test_nobody_does_elsewhere(settings: Settings, signup: str) -> None:
    settings.SIGNUP = signup
    ada = person()
    ada.sign_in()
    assert "Create a tenant" not in shown(ada.get("/account/"))
    assert ada.post("/account/tenants/new/", name="Mine").status_code == 404


def test_choosing_among_ones_tenants_and_no_others() -> None:
    ada, mine, other, foreign = person(), make_tenant(), make_tenant(), make_tenant()
    with acting_as("operator"):
        for tenant in (mine, other):
            membership_create(tenant=tenant, user=ada.user, role=Role.VIEWER)
    ada.sign_in()
    page = shown(ada.get("/account/tenants/"))
    assert mine.slug in page
    assert other.slug in page
    assert foreign.slug not in page
    assert ada.post("/account/tenants/", tenant=mine.slug, next="//evil.example").headers["Location"] == "/console/"
    assert ada.session["tenant_id"] == mine.id.hex
    assert ada.post("/account/tenants/", tenant=foreign.slug).status_code == 404
    assert ada.session["tenant_id"] == mine.id.hex
    # Who was put out of a tenant is out with the next request, whatever the session says.
    with acting_as("operator"):
        Membership.objects.filter(tenant=mine).delete()
    assert mine.slug not in shown(ada.get("/account/"))
