"""The provider is asked to take the money of a payment that is written down. Network, so in no transaction."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.conf import settings

from accounts.models import Tenant
from billing.models import Invoice, ProviderCustomer, ProviderPayment
from billing.provider_payments.outcomes import payment_apply, payment_failed, payment_page_opened, payment_unsure
from billing.providers import provider
from billing.providers.errors import Declined, OutcomeUnknown, ProviderAway, ProviderError, Refused
from billing.providers.interface import Order, PaymentState, Progress, SavedMethod
from billing.providers.writing import operator_reading
from cavendish.db import ids

NEEDS_PAYER = frozenset({"authentication_required", "payment_intent_authentication_failure"})
"""Declined because the payer's bank wants to ask the payer."""


def payment_read(payment_id: UUID) -> ProviderPayment:
    with operator_reading():
        row: ProviderPayment = ProviderPayment.objects.select_related("method").get(id=payment_id)
    return row


def payment_send(payment_id: UUID, *, present: bool) -> ProviderPayment:
    """Asks the provider for the money of a payment and writes down what it says. `present`: somebody can be led to a
    page. Raises ProviderAway where a page is wanted and none is to be had.
    """
    row = payment_read(payment_id)
    if row.method is None:
        _page_open(row)
        return payment_read(payment_id)
    try:
        state = provider().charge(order_of(row))
    except Declined as error:
        if present and error.code in NEEDS_PAYER and _page_instead(row, error.reference):
            return payment_read(payment_id)
        payment_failed(payment_id, error, reference=error.reference)
    except Refused as error:
        payment_failed(payment_id, error)
    except OutcomeUnknown as error:
        payment_unsure(payment_id, error)
    else:
        payment_apply(payment_id, state)
        if state.progress is Progress.REQUIRES_ACTION:
            _led_or_failed(row, state, present=present)
    return payment_read(payment_id)


def order_of(row: ProviderPayment) -> Order:
    with operator_reading():
        customer = ProviderCustomer.objects.get(tenant_id=row.tenant_id, provider=row.provider)
        title = _title(row)
    method = row.method
    saved = SavedMethod(method.reference, method.type) if method is not None else None
    return Order(
        id=ids.encode(ids.PROVIDER_PAYMENT, row.id),
        tenant_id=ids.encode(ids.TENANT, row.tenant_id),
        customer=customer.reference,
        amount=row.amount,
        currency=row.currency,
        description=title,
        method=saved,
    )


def _title(row: ProviderPayment) -> str:
    """Returns for what the payer pays, by the one column of many."""
    if row.invoice_id is not None:
        return f"Invoice {Invoice.objects.values_list('number', flat=True).get(id=row.invoice_id)}"
    return f"Top-up of {Tenant.objects.values_list('name', flat=True).get(id=row.tenant_id)}"


def _led_or_failed(row: ProviderPayment, state: PaymentState, *, present: bool) -> None:
    """A saved method that wants its owner: who is there is led to a page, else the payment has failed for now."""
    if present:
        _page_instead(row, state.reference)
        return
    try:
        provider().payment_cancel(state.reference)
    except ProviderError:
        return  # it may have succeeded meanwhile: whoever asks next will see
    error = Declined("authentication_required", "The bank wants to ask the payer.", reference=state.reference)
    payment_failed(row.id, error, reference=state.reference)


def _page_instead(row: ProviderPayment, reference: str) -> bool:
    """Opens a page for a payment that its method could not make, and ends that attempt: one of both can be paid.

    Returns whether a page is open. Where the provider has none, the attempt stays as it is.
    """
    paying = provider()
    try:
        page = paying.payment_page(order_of(row), return_url=return_url(row))
    except ProviderError:
        return False
    try:
        if reference:
            paying.payment_cancel(reference)
    except ProviderError:  # it may have been made meanwhile: whoever asks next will see
        with suppress(ProviderError):
            paying.page_close(page.reference)
        return False
    payment_page_opened(row.id, page)
    return True


def _page_open(row: ProviderPayment) -> None:
    try:
        page = provider().payment_page(order_of(row), return_url=return_url(row))
    except OutcomeUnknown as error:
        # Nobody knows the address of such a page, so nobody can pay on it.
        payment_failed(row.id, error, quiet=True)
        raise ProviderAway from None
    except ProviderError as error:
        payment_failed(row.id, error, quiet=True)
    else:
        payment_page_opened(row.id, page)


def return_url(row: ProviderPayment) -> str:
    """Returns where the provider leads the payer afterwards."""
    if row.invoice_id is not None:
        return f"{settings.BASE_URL}/console/billing/invoices/{ids.encode(ids.INVOICE, row.invoice_id)}/"
    return f"{settings.BASE_URL}/console/billing/payments/"
