"""Invitations: one secret, in one mail, for one address, once."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationClosed,
    InvitationForAnother,
    NotAllowed,
    TooManyInvitations,
)
from accounts.invitations import services as service
from accounts.invitations.services import invitation_accept, invitation_create, invitation_resend, invitation_revoke
from accounts.invitations.tokens import invitation_find, token_digest
from accounts.models import Invitation, Membership, Role, Tenant
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem
from cavendish.mail.models import Mail
from tests.accounts.people import audited, make_member, make_user, person
from tests.factories import make_key, make_tenant


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture(scope="module")
def owner(tenant: Tenant) -> Actor:
    return make_member(tenant, Role.OWNER)


def invite(tenant: Tenant, by: Actor, role: Role = Role.DEVELOPER, email: str = "") -> tuple[Invitation, str]:
    """The invitation and its secret, read from the mail."""
    invitation = invitation_create(
        tenant_id=tenant.id, email=email or f"i-{timezone.now().timestamp()}@example.com", role=role, actor=by
    )
    return invitation, token_in_mail(invitation)


def token_in_mail(invitation: Invitation) -> str:
    with acting_as("operator"):
        mail = Mail.objects.filter(to=[invitation.email]).order_by("-id").first()
    assert mail is not None
    match = re.search(r"cvd_invite_\S+", mail.text)
    assert match, mail.text
    return match[0]


def change(invitation: Invitation, **fields: object) -> None:
    with acting_as("operator"):
        Invitation.objects.filter(id=invitation.id).update(**fields)


def accept(token: str, email: str) -> Membership:
    user = make_user(email)
    return invitation_accept(token=token, user=user, actor=person(user))


def test_from_the_mail_to_the_membership(tenant: Tenant, owner: Actor) -> None:
    invitation, token = invite(tenant, owner, Role.DEVELOPER, "New.Person@Example.com")
    assert invitation.email == "new.person@example.com"
    by_token = invitation_find(token)
    assert by_token is not None
    assert (by_token.id, by_token.tenant_id, by_token.tenant_name, by_token.role) == (
        invitation.id,
        tenant.id,
        tenant.name,
        "developer",
    )
    assert by_token.is_open
    user = make_user("new.person@example.com")
    membership = invitation_accept(token=token, user=user, actor=person(user))
    assert (membership.tenant_id, membership.role) == (tenant.id, "developer")
    with pytest.raises(InvitationClosed, match="accepted"):
        invitation_accept(token=token, user=user, actor=person(user))
    again = invitation_find(token)
    assert again is not None
    assert not again.is_open
    with pytest.raises(AlreadyMember):
        invitation_create(tenant_id=tenant.id, email="new.person@example.com", role=Role.VIEWER, actor=owner)
    assert [event.action for event in audited(tenant.id)][-2:] == ["invitation.created", "invitation.accepted"]


def test_only_the_hash_of_the_secret_is_kept_and_the_audit_knows_none(tenant: Tenant, owner: Actor) -> None:
    invitation, token = invite(tenant, owner)
    with tenant_context(tenant.id):
        row = Invitation.objects.get(id=invitation.id)
    assert bytes(row.digest) == hashlib.sha256(token.encode()).digest()
    assert token not in str([vars(event) for event in audited(tenant.id)])


def test_another_persons_invitation_cannot_be_used(tenant: Tenant, owner: Actor) -> None:
    _, token = invite(tenant, owner, email="meant@example.com")
    with pytest.raises(InvitationForAnother):
        accept(token, "somebody-else@example.com")
    assert accept(token, "Meant@example.com").role == "developer"


@pytest.mark.parametrize("token", ["", "cvd_invite_x", "cvd_invite_" + "a" * 43, "cvd_live_" + "a" * 50, "a" * 9999])
def test_what_is_no_secret_of_ours_finds_nothing(token: str) -> None:
    assert invitation_find(token) is None
    with pytest.raises(Problem) as caught:
        accept(token, "")
    assert caught.value.status == 404


def test_an_end_is_an_end(tenant: Tenant, owner: Actor) -> None:
    revoked, token = invite(tenant, owner)
    invitation_revoke(tenant_id=tenant.id, invitation_id=revoked.id, actor=owner)
    invitation_revoke(tenant_id=tenant.id, invitation_id=revoked.id, actor=owner)
    with pytest.raises(InvitationClosed, match="revoked"):
        accept(token, revoked.email)
    late, token = invite(tenant, owner)
    change(late, expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvitationClosed, match="expired"):
        accept(token, late.email)
    again = invitation_create(tenant_id=tenant.id, email=late.email, role=Role.VIEWER, actor=owner)
    with pytest.raises(InvitationClosed):
        accept(token, f"x-{late.email}")
    assert again.id != late.id


def test_sending_again_ends_the_secret_before(tenant: Tenant, owner: Actor) -> None:
    invitation, first = invite(tenant, owner)
    with pytest.raises(TooManyInvitations) as caught:
        invitation_resend(tenant_id=tenant.id, invitation_id=invitation.id, actor=owner)
    assert 0 < int(caught.value.headers["Retry-After"]) <= 601
    change(invitation, sent_at=timezone.now() - timedelta(hours=1), expires_at=timezone.now() - timedelta(seconds=1))
    invitation_resend(tenant_id=tenant.id, invitation_id=invitation.id, actor=owner)
    second = token_in_mail(invitation)
    assert second != first
    assert invitation_find(first) is None
    assert accept(second, invitation.email).role == "developer"
    with pytest.raises(InvitationClosed):
        invitation_resend(tenant_id=tenant.id, invitation_id=invitation.id, actor=owner)
    with pytest.raises(InvitationClosed, match="remove the member"):
        invitation_revoke(tenant_id=tenant.id, invitation_id=invitation.id, actor=owner)


def test_who_may_invite_whom(tenant: Tenant, owner: Actor) -> None:
    admin = make_member(tenant, Role.ADMIN)
    row, _ = make_key(tenant)
    key = Actor("key", row.id, row.prefix)
    weak, _ = make_key(tenant, scopes=["members", "read"])
    only = Actor("key", weak.id, weak.prefix)
    invite(tenant, only, Role.VIEWER)
    with pytest.raises(NotAllowed, match="permissions it has itself"):
        invite(tenant, only, Role.ADMIN)
    for by in (admin, key):
        invite(tenant, by, Role.ADMIN)
        with pytest.raises(NotAllowed, match="owner"):
            invite(tenant, by, Role.OWNER)
    invitation, _ = invite(tenant, owner, Role.OWNER)
    with pytest.raises(NotAllowed):
        invitation_revoke(tenant_id=tenant.id, invitation_id=invitation.id, actor=admin)
    for role in (Role.DEVELOPER, Role.BILLING, Role.VIEWER):
        with pytest.raises(NotAllowed):
            invite(tenant, make_member(tenant, role), Role.VIEWER)


def test_one_open_invitation_for_each_address(tenant: Tenant, owner: Actor) -> None:
    invitation, _ = invite(tenant, owner)
    with pytest.raises(AlreadyInvited):
        invite(tenant, owner, email=invitation.email.upper())


def test_a_tenant_cannot_fill_mailboxes(owner: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant(balance=0)
    by = make_member(tenant, Role.OWNER)
    monkeypatch.setattr(service, "MAX_PER_DAY", 2)
    for index in range(2):
        invitation, _ = invite(tenant, by, email=f"{index}@example.com")
        invitation_revoke(tenant_id=tenant.id, invitation_id=invitation.id, actor=by)
    with pytest.raises(TooManyInvitations, match="at most 2"):
        invite(tenant, by, email="third@example.com")


def test_who_is_a_member_already_keeps_the_role(tenant: Tenant, owner: Actor) -> None:
    invitation, token = invite(tenant, owner, Role.VIEWER)
    user = make_user(invitation.email)
    with acting_as("operator"):
        Membership.objects.create(tenant=tenant, user=user, role=Role.ADMIN)
    assert invitation_accept(token=token, user=user, actor=person(user)).role == "admin"


def test_a_digest_is_of_well_formed_secrets_only() -> None:
    assert token_digest("cvd_invite_" + "a" * 42) is None
    assert token_digest("cvd_invite_" + "a" * 43 + "\n") is None
