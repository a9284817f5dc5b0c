"""Saved cards and bank accounts. The provider is asked first, outside of any transaction; then it is written down."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from billing.auto_top_ups.services import auto_top_up_disable
from billing.errors import ValuesInvalid
from billing.models import PaymentMethod, ProviderCustomer
from billing.payment_methods.customers import customer_ensure
from billing.providers import provider
from billing.providers.errors import (
    Declined,
    OutcomeUnknown,
    PaymentDeclined,
    PaymentRefused,
    ProviderAway,
    Refused,
)
from billing.providers.interface import Page, SavedMethod
from billing.providers.writing import operator_reading, operator_writing
from billing.wallets.selectors import wallet_of
from cavendish.db import ids
from cavendish.events.services import event_add
from cavendish.http.problems import FieldError, not_found

MOST_METHODS = 20


def payment_method_save(*, tenant_id: UUID, token: str, actor: Actor) -> PaymentMethod:
    """Saves what a token of the provider's stands for; the first becomes the default.

    Raises NoProvider, PaymentDeclined, ValuesInvalid for a token that the provider does not know, ProviderAway.
    """
    paying = provider()
    with operator_reading():
        if PaymentMethod.objects.filter(tenant_id=tenant_id, removed_at=None).count() >= MOST_METHODS:
            raise PaymentRefused("too_many_payment_methods", f"A tenant has at most {MOST_METHODS}; remove one first.")
        # Some providers would move a method from one customer to another: the token of somebody else's is unknown.
        foreign = PaymentMethod.objects.filter(provider=paying.name, reference=token).exclude(tenant_id=tenant_id)
        if foreign.exists():
            raise _unknown("The provider does not know this token.")
    customer = customer_ensure(tenant_id)
    try:
        saved = paying.method_attach(customer=customer, token=token)
    except Declined as error:
        raise PaymentDeclined(error) from None
    except Refused as error:
        raise _unknown(error.message) from None
    except OutcomeUnknown:
        raise ProviderAway from None
    return payment_method_note(tenant_id=tenant_id, saved=saved, actor=actor)


def payment_method_note(*, tenant_id: UUID, saved: SavedMethod, actor: Actor) -> PaymentMethod:
    """Writes down a method that the provider has saved; once, however often it is told."""
    with operator_writing():
        # All methods of a tenant are written one after the other: only one is the default.
        ProviderCustomer.objects.select_for_update().filter(tenant_id=tenant_id).first()
        standing = PaymentMethod.objects.filter(tenant_id=tenant_id, removed_at=None)
        same = PaymentMethod.objects.filter(provider=provider().name, reference=saved.reference)
        row: PaymentMethod | None = same.first()
        if row is not None and row.tenant_id != tenant_id:
            raise _unknown("The provider does not know this token.")
        if row is not None and row.removed_at is None:
            return row
        row = row or PaymentMethod(tenant_id=tenant_id, provider=provider().name, reference=saved.reference)
        row.type, row.brand, row.last4 = saved.type, saved.brand, saved.last4
        row.exp_month, row.exp_year = saved.exp_month, saved.exp_year
        row.removed_at, row.created_at = None, timezone.now()
        row.is_default = not standing.filter(is_default=True).exists()
        row.save()
        _tell(row, actor, "payment_method.saved", {"type": row.type, "last4": row.last4, "default": row.is_default})
    return row


def payment_method_default(*, tenant_id: UUID, method_id: UUID, actor: Actor) -> PaymentMethod:
    """Makes a method the one by which money is collected. Raises Problem 404."""
    with operator_writing():
        row = _locked(tenant_id, method_id)
        if not row.is_default:
            PaymentMethod.objects.filter(tenant_id=tenant_id, is_default=True).update(is_default=False)
            row.is_default = True
            row.save(update_fields=["is_default"])
            _tell(row, actor, "payment_method.default_changed", {"last4": row.last4})
    return row


def payment_method_remove(*, tenant_id: UUID, method_id: UUID, actor: Actor) -> None:
    """Forgets a method here and at the provider. The newest that is left becomes the default; without one, nothing is
    topped up automatically. Raises Problem 404, ProviderAway.
    """
    with operator_reading():
        row = PaymentMethod.objects.filter(tenant_id=tenant_id, id=method_id, removed_at=None).first()
    if row is None:
        raise not_found()
    try:
        provider().method_detach(row.reference)
    except OutcomeUnknown:
        raise ProviderAway from None
    payment_method_gone(tenant_id=tenant_id, method_id=method_id, actor=actor)


def payment_method_gone(*, tenant_id: UUID, method_id: UUID, actor: Actor) -> None:
    """Notes that a method can be used no more; once."""
    with operator_writing():
        ProviderCustomer.objects.select_for_update().filter(tenant_id=tenant_id).first()
        row = PaymentMethod.objects.filter(tenant_id=tenant_id, id=method_id, removed_at=None).first()
        if row is None:
            return
        was_default, row.is_default, row.removed_at = row.is_default, False, timezone.now()
        row.save(update_fields=["is_default", "removed_at"])
        _tell(row, actor, "payment_method.removed", {"last4": row.last4})
        if was_default:
            following = PaymentMethod.objects.filter(tenant_id=tenant_id, removed_at=None).order_by("-id").first()
            if following is None:
                auto_top_up_disable(tenant_id=tenant_id, reason="payment_method_missing", actor=actor)
            else:
                following.is_default = True
                following.save(update_fields=["is_default"])


def payment_methods_page(*, tenant_id: UUID, actor: Actor) -> Page:
    """Returns a page of the provider's on which a method is saved, of which an event tells.

    Raises NoProvider, ProviderAway.
    """
    customer = customer_ensure(tenant_id)
    with operator_reading():
        wallet = wallet_of(tenant_id=tenant_id, livemode=True)
    try:
        page = provider().methods_page(
            customer=customer,
            tenant_id=ids.encode(ids.TENANT, tenant_id),
            currency=wallet.currency if wallet else "USD",
            return_url=f"{settings.BASE_URL}/console/billing/payment-methods/",
        )
    except OutcomeUnknown:
        raise ProviderAway from None
    except Refused as error:
        raise PaymentRefused("payment_provider_refused", error.message) from None
    with operator_writing():
        audit_add(
            actor=actor, action="payment_method.page_opened", tenant_id=tenant_id, target="tenant", target_id=tenant_id
        )
    return page


def _locked(tenant_id: UUID, method_id: UUID) -> PaymentMethod:
    ProviderCustomer.objects.select_for_update().filter(tenant_id=tenant_id).first()
    row: PaymentMethod | None = PaymentMethod.objects.filter(tenant_id=tenant_id, id=method_id, removed_at=None).first()
    if row is None:
        raise not_found()
    return row


def _unknown(detail: str) -> ValuesInvalid:
    return ValuesInvalid([FieldError("/token", "unknown_value", detail)])


def _tell(row: PaymentMethod, actor: Actor, action: str, after: dict[str, object]) -> None:
    audit_add(
        actor=actor, action=action, tenant_id=row.tenant_id, target="payment_method", target_id=row.id, after=after
    )
    event_add(tenant_id=row.tenant_id, subject=row.id, type=action, data={"livemode": True})
