"""Payments that are begun: written down first, then asked for at the provider. What came of it is in `outcomes.py`."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from billing.errors import InvoiceRefused, ValuesInvalid
from billing.invoices.ledger_entries import invoice_lock, settled_of
from billing.ledger.services import amount_valid, room_require
from billing.models import Invoice, PaymentMethod, ProviderPayment
from billing.payment_methods.customers import customer_ensure
from billing.payment_methods.selectors import default_method_of, payment_methods_of
from billing.provider_payments.sending import payment_send
from billing.providers import provider
from billing.providers.errors import AmountNotPayable, PaymentRefused
from billing.providers.writing import operator_reading, operator_writing
from billing.wallets.selectors import wallet_of
from cavendish.db.ids import new_id
from cavendish.http.problems import FieldError, not_found

Purpose = ProviderPayment.Purpose


def top_up_begin(
    *, tenant_id: UUID, amount: Decimal, actor: Actor, method_id: UUID | None = None, hosted: bool = False
) -> ProviderPayment:
    """Tops up the live wallet by a saved method: the named one, or the default. With `hosted`, or where none is saved,
    the payer is led to the provider's page. Returns the payment as far as it is; the wallet has the money once it has
    succeeded, and not before.

    Raises NoProvider, ValuesInvalid, ProviderAway, ChangeRefused for more than the books hold, Problem 404 for another
    tenant's method.
    """
    paying = provider()
    amount = amount_valid(amount)
    with operator_reading():
        wallet = wallet_of(tenant_id=tenant_id, livemode=True)
        if wallet is None:
            raise not_found()
        method: PaymentMethod | None = None
        if method_id is not None:
            method = payment_methods_of(tenant_id).filter(id=method_id).first()
            if method is None:
                raise not_found()
        elif not hosted:
            method = default_method_of(tenant_id)
    try:
        paying.amount_check(amount, wallet.currency)
    except AmountNotPayable as error:
        raise ValuesInvalid([FieldError("/amount", "too_precise", error.message)]) from None
    room_require(wallet, amount)
    customer_ensure(tenant_id)
    row = payment_add(
        tenant_id=tenant_id, purpose=Purpose.TOP_UP, amount=amount, currency=wallet.currency, method=method, actor=actor
    )
    return payment_send(row.id, present=True)


def invoice_page_begin(*, invoice_id: UUID, actor: Actor) -> ProviderPayment:
    """Returns a payment of what is left of an invoice, with the provider's page in `hosted_url`; one that is open
    already comes again. Raises InvoiceRefused, NoProvider, PaymentRefused, ProviderAway.
    """
    provider()
    with operator_reading():
        invoice = Invoice.objects.filter(id=invoice_id).first()
        if invoice is None:
            raise InvoiceRefused("not_found")
        open_one = _open_of(invoice)
    if open_one is None:
        customer_ensure(invoice.tenant_id)
        begun = invoice_payment_add(invoice_id=invoice_id, method=None, actor=actor)
        open_one = payment_send(begun.id, present=True)
    if not open_one.hosted_url:
        raise _under_way()
    return open_one


def invoice_payment_add(*, invoice_id: UUID, method: PaymentMethod | None, actor: Actor) -> ProviderPayment:
    """Writes down that what is left of an invoice is asked for, one at a time.

    Raises InvoiceRefused where nothing is left, PaymentRefused where it is asked for already and for an amount that
    the provider cannot take.
    """
    with operator_writing():
        invoice = invoice_lock(invoice_id)
        if _open_of(invoice) is not None:
            raise _under_way()
        if invoice.status != Invoice.Status.FINALISED:
            raise InvoiceRefused(invoice.status, number=invoice.number)
        left = settled_of(invoice).left
        try:
            provider().amount_check(left, invoice.currency)
        except AmountNotPayable as error:
            raise PaymentRefused("amount_not_payable", error.message) from None
        return payment_add(
            tenant_id=invoice.tenant_id, purpose=Purpose.INVOICE, amount=left, currency=invoice.currency,
            method=method, invoice=invoice, actor=actor,
        )  # fmt: skip


def payment_add(
    *,
    tenant_id: UUID,
    purpose: Purpose,
    amount: Decimal,
    currency: str,
    method: PaymentMethod | None,
    actor: Actor,
    invoice: Invoice | None = None,
) -> ProviderPayment:
    """Writes a payment down before the provider hears of it. Raises PaymentRefused where another excludes it."""
    now = timezone.now()
    try:
        with operator_writing():
            row: ProviderPayment = ProviderPayment.objects.create(
                id=new_id(), tenant_id=tenant_id, provider=provider().name, purpose=purpose, invoice=invoice,
                method=method, amount=amount, currency=currency, actor=str(actor)[:300], created_at=now, check_at=now,
            )  # fmt: skip
            after = {"purpose": purpose, "amount": amount, "currency": currency}
            audit_add(
                actor=actor, action="payment.begun", tenant_id=tenant_id, target="payment", target_id=row.id,
                after=after,
            )  # fmt: skip
    except IntegrityError:
        raise _under_way() from None
    return row


def _under_way() -> PaymentRefused:
    return PaymentRefused("payment_under_way", "A payment for the same is under way; look again in a while.")


def _open_of(invoice: Invoice) -> ProviderPayment | None:
    rows = ProviderPayment.objects.filter(invoice_id=invoice.id, status__in=ProviderPayment.OPEN)
    found: ProviderPayment | None = rows.first()
    return found
