"""Writes of invitations. The mail is queued in the transaction that makes the secret, and its text erased once sent."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationClosed,
    InvitationForAnother,
    TooManyInvitations,
)
from accounts.invitations.tokens import invitation_find, invitation_url, token_create, token_digest
from accounts.members.services import require_owner
from accounts.models import Invitation, Membership, Role, Tenant, User
from accounts.roles.authority import Authority, authority_of
from accounts.roles.permissions import Permission
from cavendish.db.tenancy import tenant_work
from cavendish.http.problems import not_found
from cavendish.mail.services import mail_queue

VALID_FOR = timedelta(days=7)
# An invitation is a mail to somebody who has asked for none: bounded, so that nobody's mailbox can be filled with ours.
MADE_PER_DAY = 100
SENT_AGAIN_AFTER = timedelta(minutes=10)


def invitation_create(*, tenant_id: UUID, email: str, role: Role, actor: Actor) -> Invitation:
    """Offers `role` to whoever reads that address's mail; sends it. Owners are invited by owners.

    Raises AlreadyMember, AlreadyInvited, TooManyInvitations, NotAllowed.
    """
    email = email.strip().lower()
    token = token_create()
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        _require(authority, role)
        now = timezone.now()
        tenant = Tenant.objects.filter(id=tenant_id).first()
        if tenant is None:
            raise not_found()
        if Membership.objects.filter(tenant_id=tenant_id, user__email=email).exists():
            raise AlreadyMember(f"{email} belongs to the tenant already.")
        rows = Invitation.objects.filter(tenant_id=tenant_id)
        if rows.filter(created_at__gt=now - timedelta(days=1)).count() >= MADE_PER_DAY:
            detail = f"A tenant invites at most {MADE_PER_DAY} people in 24 hours."
            raise TooManyInvitations(detail, retry_after=3600)
        opened = rows.select_for_update(no_key=True).filter(email=email, accepted_at=None, revoked_at=None).first()
        if opened is not None and opened.expires_at > now:
            raise AlreadyInvited(f"{email} is invited already; send that invitation again, or revoke it first.")
        if opened is not None:
            rows.filter(id=opened.id).update(revoked_at=now)
        invitation = Invitation(
            tenant_id=tenant_id,
            email=email,
            role=role,
            digest=token_digest(token),
            created_by_id=actor.id if actor.kind in {"person", "operator"} else None,
            created_by_key_id=actor.id if actor.kind == "key" else None,
            created_at=now,
            sent_at=now,
            expires_at=now + VALID_FOR,
        )
        try:
            invitation.save(force_insert=True)
        except IntegrityError:
            # two invite the same person at once: the second finds the first here
            raise AlreadyInvited(f"{email} is invited already.") from None
        _send(invitation, tenant, token, actor)
        _audit(actor, "created", invitation, after={"email": email, "role": role, "expires_at": invitation.expires_at})
    return invitation


def invitation_resend(*, tenant_id: UUID, invitation_id: UUID, actor: Actor) -> Invitation:
    """A new mail with a new secret, valid for another week; the old secret ends."""
    token = token_create()
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        invitation = _locked(tenant_id, invitation_id)
        _require(authority, Role(invitation.role))
        _still_open(invitation, expired=True)
        now = timezone.now()
        wait = invitation.sent_at + SENT_AGAIN_AFTER - now
        if wait > timedelta(0):
            detail = f"The mail was sent less than {SENT_AGAIN_AFTER.seconds // 60} minutes ago."
            raise TooManyInvitations(detail, retry_after=wait.seconds + 1)
        digest = token_digest(token)
        assert digest is not None
        invitation.digest, invitation.sent_at, invitation.expires_at = digest, now, now + VALID_FOR
        invitation.save(update_fields=["digest", "sent_at", "expires_at"])
        _send(invitation, Tenant.objects.get(id=tenant_id), token, actor)
        _audit(actor, "resent", invitation, after={"email": invitation.email, "expires_at": invitation.expires_at})
    return invitation


def invitation_revoke(*, tenant_id: UUID, invitation_id: UUID, actor: Actor) -> Invitation:
    """Repeating it is fine; one that was accepted is refused: remove the member instead."""
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        invitation = _locked(tenant_id, invitation_id)
        _require(authority, Role(invitation.role))
        if invitation.accepted_at is not None:
            raise InvitationClosed("The invitation was accepted; remove the member instead.")
        if invitation.revoked_at is None:
            invitation.revoked_at = timezone.now()
            invitation.save(update_fields=["revoked_at"])
            _audit(actor, "revoked", invitation, after={"email": invitation.email})
    return invitation


def invitation_accept(*, token: str, user: User, actor: Actor) -> Membership:
    """The person whose address it was sent to becomes a member. Once: the second try finds it closed.

    `user.email` must be proved to be theirs. Raises Problem 404 for an unknown secret, InvitationClosed,
    InvitationForAnother. Who is a member already keeps their role.
    """
    found = invitation_find(token)
    if found is None:
        raise not_found()
    with tenant_work(found.tenant_id):
        # Found again, locked: it may have been accepted, revoked or sent anew since.
        invitation = (
            Invitation.objects.select_for_update(no_key=True).filter(id=found.id, digest=token_digest(token)).first()
        )
        if invitation is None:
            raise not_found()
        _still_open(invitation)
        if user.email.lower() != invitation.email:
            raise InvitationForAnother("The invitation was sent to another address; sign in with that one.")
        membership, _ = Membership.objects.get_or_create(
            tenant_id=invitation.tenant_id, user=user, defaults={"role": invitation.role}
        )
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        _audit(actor, "accepted", invitation, after={"email": invitation.email, "role": membership.role})
    joined: Membership = membership
    return joined


def _require(authority: Authority, role: Role) -> None:
    authority.require(Permission.MEMBERS)
    if role == Role.OWNER:
        require_owner(authority)


def _still_open(invitation: Invitation, *, expired: bool = False) -> None:
    """`expired`: one that is only past its end counts as open."""
    if invitation.accepted_at is not None:
        raise InvitationClosed("The invitation was accepted already.")
    if invitation.revoked_at is not None:
        raise InvitationClosed("The invitation was revoked.")
    if not expired and invitation.expires_at <= timezone.now():
        raise InvitationClosed("The invitation has expired; ask for another one.")


def _locked(tenant_id: UUID, invitation_id: UUID) -> Invitation:
    found: Invitation | None = (
        Invitation.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, id=invitation_id).first()
    )
    if found is None:
        raise not_found()
    return found


def _send(invitation: Invitation, tenant: Tenant, token: str, actor: Actor) -> None:
    mail_queue(
        to=[invitation.email],
        subject=f"You are invited to {tenant.name} on Cavendish",
        template="accounts/mail/invitation",
        context={
            "tenant": tenant.name,
            "role": Role(invitation.role).label.lower(),
            "by": actor.label if actor.kind == "person" else "",
            "url": invitation_url(token),
            "expires_at": invitation.expires_at,
        },
        tenant_id=tenant.id,
    )


def _audit(actor: Actor, done: str, invitation: Invitation, *, after: dict[str, object]) -> None:
    audit_add(
        actor=actor,
        action=f"invitation.{done}",
        tenant_id=invitation.tenant_id,
        target="invitation",
        target_id=invitation.id,
        after=after,
    )
