"""Errors of Stripe's library as the interface's: declined, refused, or not known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe

from billing.providers.errors import Declined, OutcomeUnknown, ProviderError, Refused

IN_USE = 409
"""A request with the same key is still running, or another one holds the object: ask again."""


@contextmanager
def translated() -> Iterator[None]:
    """Raises the interface's errors instead of Stripe's."""
    try:
        yield
    except stripe.StripeError as error:
        raise translation_of(error) from error


def translation_of(error: stripe.StripeError) -> ProviderError:
    status, code = error.http_status or 0, error.code or type(error).__name__
    message = error.user_message or "Stripe gave no reason."
    if isinstance(error, stripe.CardError):
        detail: Any = error.error
        intent = getattr(detail, "payment_intent", None)
        reason = getattr(detail, "decline_code", None) or code
        return Declined(reason, message, reference=_id(intent))
    # A key that is wrong is the operator's to mend; what waits for it is sent then.
    unsure = isinstance(error, stripe.RateLimitError | stripe.AuthenticationError | stripe.PermissionError)
    if unsure or status == IN_USE or not 400 <= status < 500:
        return OutcomeUnknown(code, message)
    return Refused(code, message)


def _id(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value["id"]) if value and "id" in value else ""
