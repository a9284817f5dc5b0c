"""When a wallet is topped up by itself: what a tenant sets, and what becomes of it after failures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add, changes
from accounts.members.languages import tenant_language
from billing.auto_top_ups.mails import auto_top_up_failed_letter, auto_top_up_limit_letter
from billing.auto_top_ups.selectors import auto_top_up_new
from billing.errors import ValuesInvalid
from billing.invoices.mails import recipients
from billing.ledger.services import amount_valid, wallet_lock
from billing.models import AutoTopUp, PaymentMethod, ProviderPayment
from billing.providers import provider
from billing.providers.errors import AmountNotPayable, PaymentRefused
from billing.providers.writing import operator_writing
from cavendish.events.services import event_add
from cavendish.http.problems import FieldError
from cavendish.mail.services import mail_queue

MOST_FAILURES = 3
RETRY_AFTER = (timedelta(minutes=10), timedelta(hours=1))
"""How long after the first and the second failure in a row it is tried again. After the third it is switched off."""
FIELDS = ("enabled", "threshold", "amount", "monthly_limit")


def auto_top_up_update(*, tenant_id: UUID, actor: Actor, **values: Any) -> AutoTopUp:
    """Sets what is given of `enabled`, `threshold`, `amount`, `monthly_limit`. Switching it on forgets failures.

    Raises NoProvider, ValuesInvalid for amounts that make no sense together, PaymentRefused without a saved method.
    """
    paying = provider()
    with operator_writing():
        wallet = wallet_lock(tenant_id=tenant_id, livemode=True)
        terms = AutoTopUp.objects.select_for_update().filter(tenant_id=tenant_id).first()
        terms = terms or auto_top_up_new(tenant_id)
        before = {name: getattr(terms, name) for name in FIELDS}
        for name in FIELDS:
            if name in values:
                value = values[name]
                if isinstance(value, Decimal):
                    value = amount_valid(value, zero=name == "threshold", pointer=f"/{name}")
                setattr(terms, name, value)
        if terms.enabled:
            _require_sense(terms)
            try:
                paying.amount_check(terms.amount, wallet.currency)
            except AmountNotPayable as error:
                raise ValuesInvalid([FieldError("/amount", "unknown_value", error.message)]) from None
            if not PaymentMethod.objects.filter(tenant_id=tenant_id, is_default=True, removed_at=None).exists():
                raise PaymentRefused("payment_method_missing", "Save a payment method first: none is the default.")
        was, becomes = changes(before, {name: getattr(terms, name) for name in FIELDS})
        if becomes:
            terms.failures, terms.retry_at, terms.disabled_reason, terms.limit_told_on = 0, None, "", None
            terms.updated_at = timezone.now()
            terms.save()
            _audit(tenant_id, actor, "wallet.auto_top_up_changed", was, becomes)
    return terms


def _require_sense(terms: AutoTopUp) -> None:
    errors = []
    if terms.amount <= 0:
        errors.append(FieldError("/amount", "out_of_range", "Say how much is added: more than 0."))
    if terms.monthly_limit is not None and terms.monthly_limit < terms.amount:
        detail = f"The limit of a month is less than one top-up of {terms.amount.normalize():f}."
        errors.append(FieldError("/monthly_limit", "out_of_range", detail))
    if errors:
        raise ValuesInvalid(errors)


def auto_top_up_disable(*, tenant_id: UUID, reason: str, actor: Actor = SYSTEM) -> bool:
    """Switches it off in the caller's transaction; returns whether it was on. `reason` is a code."""
    done = AutoTopUp.objects.filter(tenant_id=tenant_id, enabled=True).update(
        enabled=False, disabled_reason=reason[:64], retry_at=None, updated_at=timezone.now()
    )
    if done:
        _audit(tenant_id, actor, "wallet.auto_top_up_disabled", {"enabled": True}, {"enabled": False, "reason": reason})
    return bool(done)


def auto_top_up_succeeded(*, tenant_id: UUID) -> None:
    """Forgets failures, in the caller's transaction."""
    AutoTopUp.objects.filter(tenant_id=tenant_id, failures__gt=0).update(failures=0, retry_at=None)


def auto_top_up_failed(payment: ProviderPayment) -> None:
    """Counts a failure and mails it, in the caller's transaction; the third in a row switches it off."""
    terms = AutoTopUp.objects.select_for_update().filter(tenant_id=payment.tenant_id).first()
    if terms is None or not terms.enabled:
        return
    terms.failures += 1
    off = terms.failures >= MOST_FAILURES
    terms.retry_at = None if off else timezone.now() + RETRY_AFTER[terms.failures - 1]
    terms.save(update_fields=["failures", "retry_at"])
    if off:
        auto_top_up_disable(tenant_id=payment.tenant_id, reason=payment.failure_code or "payment_failed")
    letter = partial(
        auto_top_up_failed_letter,
        tenant=payment.tenant.name,
        amount=payment.amount,
        currency=payment.currency,
        reason=payment.failure_message,
        again=terms.retry_at,
    )
    if to := recipients(payment.tenant_id):
        language = tenant_language(payment.tenant_id)
        mail_queue(to=to, letter=letter, language=language, tenant_id=payment.tenant_id)


def auto_top_up_limit_reached(terms: AutoTopUp, *, currency: str, month: Any) -> None:
    """Mails that a month's limit leaves no room for another one, once a month, in the caller's transaction."""
    if terms.limit_told_on == month or terms.monthly_limit is None:
        return
    AutoTopUp.objects.filter(tenant_id=terms.tenant_id).update(limit_told_on=month)
    data = {"livemode": True, "monthly_limit": f"{terms.monthly_limit:f}", "currency": currency}
    event_add(tenant_id=terms.tenant_id, subject=terms.tenant_id, type="wallet.auto_top_up_limited", data=data)
    if to := recipients(terms.tenant_id):
        letter = partial(
            auto_top_up_limit_letter, tenant=terms.tenant.name, limit=terms.monthly_limit, currency=currency
        )
        mail_queue(to=to, letter=letter, language=tenant_language(terms.tenant_id), tenant_id=terms.tenant_id)


def _audit(tenant_id: UUID, actor: Actor, action: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    audit_add(
        actor=actor, action=action, tenant_id=tenant_id, target="auto_top_up", target_id=tenant_id, before=before,
        after=after,
    )  # fmt: skip
    event_add(tenant_id=tenant_id, subject=tenant_id, type=action, data={"livemode": True})
