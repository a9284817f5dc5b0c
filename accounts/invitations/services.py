"""Writes of invitations. The transaction that creates a secret queues its mail; the mail's text is erased once sent."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationClosed,
    InvitationForAnother,
    TooManyInvitations,
)
from accounts.invitations.mails import invitation_letter
from accounts.invitations.tokens import invitation_find, invitation_url, token_create, token_digest
from accounts.members.languages import tenant_language
from accounts.members.services import require_assignable, require_owner
from accounts.models import Invitation, Membership, Role, Tenant, User
from accounts.roles.authority import Authority, authority_of
from accounts.roles.permissions import Permission
from cavendish.db.tenancy import tenant_work
from cavendish.events.services import event_add
from cavendish.http.problems import not_found
from cavendish.mail.services import mail_queue

VALID_FOR = timedelta(days=7)
# An invitation is a mail that nobody asked for: bounded, so that it cannot be used to fill a mailbox.
MAX_PER_DAY = 100
RESEND_AFTER = timedelta(minutes=10)


def invitation_create(*, tenant_id: UUID, email: str, role: Role, actor: Actor) -> Invitation:
    """Invites whoever reads that address's mail as `role`, and queues the mail. Only owners invite owners.

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
            raise AlreadyMember(f"{email} is already a member.")
        rows = Invitation.objects.filter(tenant_id=tenant_id)
        if rows.filter(created_at__gt=now - timedelta(days=1)).count() >= MAX_PER_DAY:
            detail = f"A tenant can invite at most {MAX_PER_DAY} people in 24 hours."
            raise TooManyInvitations(detail, retry_after=3600)
        pending = rows.select_for_update(no_key=True).filter(email=email, accepted_at=None, revoked_at=None).first()
        if pending is not None and pending.expires_at > now:
            raise AlreadyInvited(f"{email} is already invited. Resend that invitation, or revoke it first.")
        if pending is not None:
            rows.filter(id=pending.id).update(revoked_at=now)
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
            # Of two who invite the same person at once, the second meets the first one's row here.
            raise AlreadyInvited(f"{email} is already invited.") from None
        _send(invitation, tenant, token, actor)
        _audit(actor, "created", invitation, after={"email": email, "role": role, "expires_at": invitation.expires_at})
    return invitation


def invitation_resend(*, tenant_id: UUID, invitation_id: UUID, actor: Actor) -> Invitation:
    """Queues a new mail with a new secret, valid for another week; the old secret ends.

    Raises InvitationClosed, TooManyInvitations while the last mail is younger than RESEND_AFTER, NotAllowed.
    """
    token = token_create()
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        invitation = _locked(tenant_id, invitation_id)
        _require(authority, Role(invitation.role))
        _require_open(invitation, allow_expired=True)
        now = timezone.now()
        wait = invitation.sent_at + RESEND_AFTER - now
        if wait > timedelta(0):
            detail = f"The email was sent less than {RESEND_AFTER.seconds // 60} minutes ago."
            raise TooManyInvitations(detail, retry_after=wait.seconds + 1)
        digest = token_digest(token)
        assert digest is not None
        invitation.digest, invitation.sent_at, invitation.expires_at = digest, now, now + VALID_FOR
        invitation.save(update_fields=["digest", "sent_at", "expires_at"])
        _send(invitation, Tenant.objects.get(id=tenant_id), token, actor)
        _audit(actor, "resent", invitation, after={"email": invitation.email, "expires_at": invitation.expires_at})
    return invitation


def invitation_revoke(*, tenant_id: UUID, invitation_id: UUID, actor: Actor) -> Invitation:
    """Revokes an invitation; repeating it changes nothing. Raises InvitationClosed for one that was accepted."""
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        invitation = _locked(tenant_id, invitation_id)
        _require(authority, Role(invitation.role))
        if invitation.accepted_at is not None:
            raise InvitationClosed(gettext_noop("The invitation was accepted; to end access, remove the member."))
        if invitation.revoked_at is None:
            invitation.revoked_at = timezone.now()
            invitation.save(update_fields=["revoked_at"])
            _audit(actor, "revoked", invitation, after={"email": invitation.email})
    return invitation


def invitation_accept(*, token: str, user: User, actor: Actor) -> Membership:
    """Makes the person to whose address it was sent a member, once: a second try finds it closed.

    `user.email` must be verified. A person who is a member already keeps their role. Raises Problem 404 for an unknown
    secret, InvitationClosed, InvitationForAnother.
    """
    summary = invitation_find(token)
    if summary is None:
        raise not_found()
    with tenant_work(summary.tenant_id):
        # Read again under a lock: it may have been accepted, revoked or resent since.
        rows = Invitation.objects.select_for_update(no_key=True)
        invitation = rows.filter(id=summary.id, digest=token_digest(token)).first()
        if invitation is None:
            raise not_found()
        _require_open(invitation)
        if user.email.lower() != invitation.email:
            raise InvitationForAnother(
                gettext_noop("The invitation was sent to another address. Sign in with that one.")
            )
        membership, is_new = Membership.objects.get_or_create(
            tenant_id=invitation.tenant_id, user=user, defaults={"role": invitation.role}
        )
        if is_new:
            role = str(membership.role)
            event_add(tenant_id=invitation.tenant_id, subject=user.id, type="member.joined", data={"role": role})
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        _audit(actor, "accepted", invitation, after={"email": invitation.email, "role": membership.role})
    joined: Membership = membership
    return joined


def _require(authority: Authority, role: Role) -> None:
    authority.require(Permission.MEMBERS)
    if role == Role.OWNER:
        require_owner(authority)
    require_assignable(authority, role)


def _require_open(invitation: Invitation, *, allow_expired: bool = False) -> None:
    """Raises InvitationClosed for an invitation that was accepted or revoked, or that has expired."""
    if invitation.accepted_at is not None:
        raise InvitationClosed(gettext_noop("The invitation was already accepted."))
    if invitation.revoked_at is not None:
        raise InvitationClosed(gettext_noop("The invitation was revoked."))
    if not allow_expired and invitation.expires_at <= timezone.now():
        raise InvitationClosed(gettext_noop("The invitation has expired. Ask for a new one."))


def _locked(tenant_id: UUID, invitation_id: UUID) -> Invitation:
    invitation: Invitation | None = (
        Invitation.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, id=invitation_id).first()
    )
    if invitation is None:
        raise not_found()
    return invitation


def _send(invitation: Invitation, tenant: Tenant, token: str, actor: Actor) -> None:
    letter = partial(
        invitation_letter,
        tenant=tenant.name,
        role=invitation.role,
        by=actor.label if actor.kind == "person" else "",
        url=invitation_url(token),
        expires_at=invitation.expires_at,
    )
    mail_queue(to=[invitation.email], letter=letter, language=tenant_language(tenant.id), tenant_id=tenant.id)


def _audit(actor: Actor, done: str, invitation: Invitation, *, after: dict[str, object]) -> None:
    audit_add(
        actor=actor,
        action=f"invitation.{done}",
        tenant_id=invitation.tenant_id,
        target="invitation",
        target_id=invitation.id,
        after=after,
    )
