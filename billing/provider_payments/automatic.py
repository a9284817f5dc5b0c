"""Money that is collected without anybody asking: automatic top-ups, and invoices when they are final."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import TenantStatus
from billing.auto_top_ups.services import auto_top_up_disable, auto_top_up_limit_reached
from billing.errors import BillingRefused, ChangeRefused
from billing.invoices.ledger_entries import settled_of
from billing.ledger.services import available, room_require
from billing.models import AutoTopUp, Invoice, PaymentMethod, ProviderPayment, Wallet
from billing.money import ZERO
from billing.months import month_of
from billing.payment_methods.selectors import default_method_of
from billing.provider_payments.polling import in_lanes
from billing.provider_payments.sending import payment_send
from billing.provider_payments.services import invoice_payment_add, payment_add
from billing.providers import provider_name
from billing.providers.writing import operator_reading, operator_writing
from billing.wallets.selectors import TAX_KEPT, wallet_of

Purpose = ProviderPayment.Purpose
Status = ProviderPayment.Status
AT_ONCE = 500
INVOICE_RETRIES = (timedelta(days=1), timedelta(days=3), timedelta(days=5))
"""How long after each failure an invoice is collected again. After the last one it waits for somebody."""


def auto_top_ups_run() -> int:
    """Tops up each wallet that fell below its threshold; returns how many. The scheduler calls it."""
    if not provider_name():
        return 0
    now = timezone.now()
    with operator_reading():
        low = Wallet.objects.filter(tenant_id=OuterRef("tenant_id"), livemode=True).filter(
            balance__lt=OuterRef("threshold") - F("credit_limit") + F("held") + TAX_KEPT
        )
        under_way = ProviderPayment.objects.filter(
            tenant_id=OuterRef("tenant_id"), purpose=Purpose.AUTO_TOP_UP, status__in=ProviderPayment.OPEN
        )
        due = AutoTopUp.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now), enabled=True).filter(Exists(low))
        due = due.exclude(Exists(under_way)).filter(tenant__status=TenantStatus.ACTIVE)
        tenants = list(due.values_list("tenant_id", flat=True)[:AT_ONCE])
    return in_lanes(auto_top_up_run, tenants)


def auto_top_up_run(tenant_id: UUID) -> ProviderPayment | None:
    """Tops up a tenant's wallet where it still has to be; None where not. One at a time, whoever else runs this."""
    row = _auto_top_up_add(tenant_id)
    return payment_send(row.id, present=False) if row is not None else None


def _auto_top_up_add(tenant_id: UUID) -> ProviderPayment | None:
    with operator_writing():
        # The lock of the terms: the sum of the month and the one at a time are looked at by one at a time.
        terms = AutoTopUp.objects.select_for_update().filter(tenant_id=tenant_id, enabled=True).first()
        wallet = wallet_of(tenant_id=tenant_id, livemode=True)
        if terms is None or wallet is None or available(wallet) >= terms.threshold:
            return None
        rows = ProviderPayment.objects.filter(tenant_id=tenant_id, purpose=Purpose.AUTO_TOP_UP)
        if rows.filter(status__in=ProviderPayment.OPEN).exists():
            return None
        method = default_method_of(tenant_id)
        if method is None:
            auto_top_up_disable(tenant_id=tenant_id, reason="payment_method_missing")
            return None
        try:
            room_require(wallet, terms.amount)
        except ChangeRefused as refusal:
            auto_top_up_disable(tenant_id=tenant_id, reason=refusal.code)
            return None
        if terms.monthly_limit is not None:
            month = month_of(tenant_id=tenant_id)
            this_month = rows.filter(created_at__gte=month.starts_at, created_at__lt=month.ends_at)
            spent = this_month.exclude(status=Status.FAILED).aggregate(sum=Sum("amount"))["sum"] or ZERO
            if spent + terms.amount > terms.monthly_limit:
                auto_top_up_limit_reached(terms, currency=wallet.currency, month=month.first)
                return None
        return payment_add(
            tenant_id=tenant_id, purpose=Purpose.AUTO_TOP_UP, amount=terms.amount, currency=wallet.currency,
            method=method, actor=SYSTEM,
        )  # fmt: skip


def invoices_collect() -> int:
    """Collects what is left of final invoices by their tenants' default methods; returns how many were asked for.

    The scheduler calls it.
    """
    if not provider_name():
        return 0
    now = timezone.now()
    with operator_reading():
        payments = ProviderPayment.objects.filter(invoice_id=OuterRef("id"))
        # What somebody gave back, the payer disputes, or came and is not booked, is not taken again by itself.
        busy = payments.filter(
            Q(status__in=ProviderPayment.OPEN)
            | Q(status=Status.FAILED, ended_at__gt=now - INVOICE_RETRIES[0])
            | Q(taken_back__gt=0)
            | Q(came__isnull=False)
        )
        by_default = PaymentMethod.objects.filter(tenant_id=OuterRef("tenant_id"), is_default=True, removed_at=None)
        due = Invoice.objects.filter(Exists(by_default), status=Invoice.Status.FINALISED, amount_due__gt=0)
        due = due.exclude(Exists(busy)).exclude(tenant__status=TenantStatus.ERASED)
        found = [row.id for row in due.order_by("finalised_at")[:AT_ONCE] if next_attempt_is_due(row.id)]
    return in_lanes(invoice_collect, found)


def next_attempt_is_due(invoice_id: UUID) -> bool:
    """Returns whether an invoice is to be collected by itself now: at once, and after failures by INVOICE_RETRIES."""
    failed = ProviderPayment.objects.filter(invoice_id=invoice_id, status=Status.FAILED).exclude(method=None)
    count, last = failed.count(), failed.order_by("-ended_at").first()
    if last is None or last.ended_at is None:
        return True
    return bool(count <= len(INVOICE_RETRIES) and timezone.now() >= last.ended_at + INVOICE_RETRIES[count - 1])


def invoice_collect(invoice_id: UUID) -> ProviderPayment | None:
    """Collects what is left of an invoice by the default method; None where there is nothing to do."""
    with operator_reading():
        invoice = Invoice.objects.get(id=invoice_id)
        method = default_method_of(invoice.tenant_id)
        if method is None or settled_of(invoice).left <= 0:
            return None
    try:
        row = invoice_payment_add(invoice_id=invoice_id, method=method, actor=SYSTEM)
    except BillingRefused:
        return None  # paid meanwhile, or an amount that the provider cannot take to the last place
    return payment_send(row.id, present=False)
