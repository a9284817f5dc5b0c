"""What people do with their own accounts, in the audit. allauth tells it by signals; none of them carries a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.http import HttpRequest

from accounts.audit.services import audit_add
from accounts.authentication.people import person_actor
from accounts.models import User
from cavendish.db.router import acting_as


def person_audit(request: HttpRequest, user: User, action: str, **after: Any) -> None:
    """One audit row about a person. It belongs to no tenant, so it is the operator's to write."""
    with acting_as("operator"), transaction.atomic(using="operator"):
        audit_add(
            actor=person_actor(request, user),
            action=f"person.{action}",
            tenant_id=None,
            target="person",
            target_id=user.id,
            after=after,
        )


def connect() -> None:
    for signal, action in (
        (account.user_signed_up, "signed_up"),
        (account.user_logged_in, "signed_in"),
        (account.password_changed, "password_changed"),
        (account.password_set, "password_changed"),
        (account.password_reset, "password_reset"),
    ):
        _receive(signal, lambda user, action=action, **said: (user, action, {}))
    _receive(user_logged_out, lambda user, **said: (user, "signed_out", {}))
    _receive(account.email_changed, _email_changed)
    _receive(mfa.authenticator_added, lambda authenticator, **said: _factor(authenticator, "added"))
    _receive(mfa.authenticator_removed, lambda authenticator, **said: _factor(authenticator, "removed"))
    _receive(mfa.authenticator_reset, lambda authenticator, **said: _factor(authenticator, "renewed"))
    _receive(social.social_account_added, lambda sociallogin, **said: _provider(sociallogin.account, "linked"))
    _receive(social.social_account_removed, lambda socialaccount, **said: _provider(socialaccount, "unlinked"))
    mfa.authenticator_added.connect(_proved, weak=False, dispatch_uid="people.proved")


Told = tuple[User | None, str, dict[str, Any]]


def _receive(signal: Any, tell: Callable[..., Told]) -> None:
    def receiver(sender: Any, request: HttpRequest, **said: Any) -> None:
        user, action, after = tell(**said)
        if user is not None:
            person_audit(request, user, action, **after)

    signal.connect(receiver, weak=False)


def _email_changed(user: User, from_email_address: Any, to_email_address: Any, **said: Any) -> Told:
    if from_email_address is None:
        return None, "", {}
    return user, "email_changed", {"email": to_email_address.email}


def _factor(authenticator: Authenticator, done: str) -> Told:
    return authenticator.user, f"second_factor_{done}", {"kind": authenticator.type}


def _provider(socialaccount: Any, done: str) -> Told:
    return socialaccount.user, f"provider_{done}", {"provider": socialaccount.provider}


def _proved(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **said: Any) -> None:
    """Whoever sets up a second factor has just used it: this session need not begin again to count as having one."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
