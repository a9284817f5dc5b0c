"""Puts what people do with their own accounts into the audit log, by allauth's signals. None of them has a secret."""

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
    """Adds one audit event about a person. It belongs to no tenant, so the operator's role writes it."""
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
    """Connects the receivers, once, when the app is ready."""
    for signal, action in (
        (account.user_signed_up, "signed_up"),
        (account.user_logged_in, "signed_in"),
        (account.password_changed, "password_changed"),
        (account.password_set, "password_changed"),
        (account.password_reset, "password_reset"),
    ):
        _receive(signal, lambda user, action=action, **kwargs: (user, action, {}))
    _receive(user_logged_out, lambda user, **kwargs: (user, "signed_out", {}))
    _receive(account.email_changed, _email_changed)
    _receive(mfa.authenticator_added, lambda authenticator, **kwargs: _factor(authenticator, "added"))
    _receive(mfa.authenticator_removed, lambda authenticator, **kwargs: _factor(authenticator, "removed"))
    _receive(mfa.authenticator_reset, lambda authenticator, **kwargs: _factor(authenticator, "renewed"))
    _receive(social.social_account_added, lambda sociallogin, **kwargs: _provider(sociallogin.account, "linked"))
    _receive(social.social_account_removed, lambda socialaccount, **kwargs: _provider(socialaccount, "unlinked"))
    mfa.authenticator_added.connect(_session_has_factor, weak=False, dispatch_uid="people.session_has_factor")


# The person, the action after "person.", and what the audit event keeps of it.
PersonEvent = tuple[User | None, str, dict[str, Any]]


def _receive(signal: Any, describe: Callable[..., PersonEvent]) -> None:
    def receiver(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
        user, action, after = describe(**kwargs)
        if user is not None:
            person_audit(request, user, action, **after)

    signal.connect(receiver, weak=False)


def _email_changed(user: User, from_email_address: Any, to_email_address: Any, **kwargs: Any) -> PersonEvent:
    if from_email_address is None:
        return None, "", {}
    return user, "email_changed", {"email": to_email_address.email}


def _factor(authenticator: Authenticator, done: str) -> PersonEvent:
    return authenticator.user, f"second_factor_{done}", {"kind": authenticator.type}


def _provider(socialaccount: Any, done: str) -> PersonEvent:
    return socialaccount.user, f"provider_{done}", {"provider": socialaccount.provider}


def _session_has_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Counts the session as signed in with two factors: whoever sets one up has just used it."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
