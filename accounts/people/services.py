"""Writes of people: by operators and by the scheduler, as the operator; and what they change of themselves."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.models import Membership, User
from accounts.roles.last_operator import operator_lock
from cavendish.db.router import acting_as, current_alias

# How long somebody may take to verify an address until it is free for others again.
UNVERIFIED_FOR = timedelta(days=7)
BATCH = 1000


def person_change(*, user: User, name: str | None = None, language: str | None = None) -> None:
    """Changes what somebody is called and the language of their pages and mails; None leaves it."""
    changed = {key: value for key, value in (("name", name), ("language", language)) if value is not None}
    if changed:
        User.objects.filter(pk=user.pk).update(**changed)
        for key, value in changed.items():
            setattr(user, key, value)


def person_factors_remove(*, user: User, actor: Actor, reason: str = "") -> int:
    """Removes all second factors of somebody who lost them, and ends their sessions. Returns how many factors.

    The password alone signs in again.
    """
    with transaction.atomic(using=current_alias()):
        removed: int = Authenticator.objects.filter(user=user).delete()[0]
        if removed:
            _sessions_end(user)
            _audit(user, actor, "second_factors_removed", reason, count=removed)
    return removed


def person_sessions_end(*, user: User, actor: Actor, reason: str = "") -> int:
    """Signs the person out everywhere. Returns how many sessions ended."""
    with transaction.atomic(using=current_alias()):
        ended = _sessions_end(user)
        if ended:
            _audit(user, actor, "sessions_ended", reason, count=ended)
    return ended


def person_close(*, user: User, actor: Actor, reason: str = "") -> bool:
    """Deactivates the account and ends its sessions. Returns False when it was inactive already.

    Raises LastFullOperator for the last operator who may do everything.
    """
    return _set_active(user, actor, reason, active=False)


def person_reopen(*, user: User, actor: Actor, reason: str = "") -> bool:
    """Reactivates the account. Returns False when it was active already."""
    return _set_active(user, actor, reason, active=True)


def people_tidy() -> int:
    """Deletes expired sessions and people who never verified their address, for the scheduler. Returns how many people.

    Each call deletes at most BATCH of each.
    """
    with acting_as("operator"), transaction.atomic(using="operator"):
        expired = Session.objects.filter(expire_date__lt=timezone.now()).values("pk")[:BATCH]
        Session.objects.filter(pk__in=list(expired.values_list("pk", flat=True))).delete()
        orphaned = UserSession.objects.filter(~Exists(Session.objects.filter(session_key=OuterRef("session_key"))))
        UserSession.objects.filter(pk__in=list(orphaned.values_list("pk", flat=True)[:BATCH])).delete()
        unverified = User.objects.filter(
            ~Exists(EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)),
            ~Exists(Membership.objects.filter(user=OuterRef("pk"))),
            is_staff=False,
            last_login=None,
            created_at__lt=timezone.now() - UNVERIFIED_FOR,
        )
        user_ids = list(unverified.values_list("pk", flat=True)[:BATCH])
        User.objects.filter(pk__in=user_ids).delete()
    return len(user_ids)


def _set_active(user: User, actor: Actor, reason: str, *, active: bool) -> bool:
    with transaction.atomic(using=current_alias()):
        if not active:
            operator_lock(user.pk, keep_full=True)
        changed = bool(User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active))
        if changed:
            if not active:
                _sessions_end(user)
            _audit(user, actor, "reopened" if active else "closed", reason)
    return changed


def _sessions_end(user: User) -> int:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    for key in keys:
        store.delete(key)
    UserSession.objects.filter(user=user).delete()
    return len(keys)


def _audit(user: User, actor: Actor, action: str, reason: str, **counts: int) -> None:
    after: dict[str, object] = {**counts, **({"reason": reason} if reason else {})}
    audit_add(actor=actor, action=f"person.{action}", tenant_id=None, target="person", target_id=user.id, after=after)


def user_create(*, email: str, password: str, name: str = "") -> User:
    """Creates a person whose address counts as verified, because an operator gives it. Sign-up verifies addresses."""
    with transaction.atomic(using=current_alias()):
        user = User.objects.db_manager(current_alias()).create_user(email, password, name=name)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
