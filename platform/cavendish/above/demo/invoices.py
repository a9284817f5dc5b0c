"""The invoices of the months that are over, by the services that make them, and what came in for them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.actor import Actor
from billing.credit_notes.services import credit_note_issue
from billing.invoices.ledger_entries import settled_of
from billing.invoices.services import FURTHEST_AHEAD, invoice_finalise, invoices_draft
from billing.models import BillingPeriod, CreditNote, Invoice, InvoiceLine, Payment
from billing.months import month_after
from billing.payments.services import payment_record
from cavendish.above.demo.history import History
from cavendish.above.demo.people import TenantRows

PARTLY = "globex"
CREDITED = "fable"
LATE = "harbor"


def months_close(
    months: list[date], tenants: list[TenantRows], *, now: datetime, history: History, operator: Actor
) -> None:
    """Drafts and finalises each month as the scheduler would have when its grace time was over, then books payments."""
    by_id = {tenant.id: tenant for tenant in tenants}
    for month in months:
        ends = datetime(*month_after(month).timetuple()[:3], tzinfo=ZoneInfo("UTC"))
        if ends + FURTHEST_AHEAD > now:
            break
        with history.moved_to(ends + timedelta(minutes=2)):
            invoices_draft(month=month, now=now)
        drafts = Invoice.objects.filter(month=month, status=Invoice.Status.DRAFT, tenant_id__in=list(by_id))
        for invoice in drafts.order_by("tenant_id"):
            tenant = by_id[invoice.tenant_id]
            over = datetime(*month_after(month).timetuple()[:3], tzinfo=tenant.zone)
            at = over + timedelta(hours=settings.INVOICE_GRACE_HOURS, minutes=3)
            if at < now:
                with history.moved_to(at):
                    invoice_finalise(invoice_id=invoice.id, now=at)
                Invoice.objects.filter(id=invoice.id, paid_at=None).update(finalised_at=at)
                Invoice.objects.filter(id=invoice.id).exclude(paid_at=None).update(finalised_at=at, paid_at=at)
                BillingPeriod.objects.filter(tenant_id=invoice.tenant_id, month=month).update(closed_at=at)
            Invoice.objects.filter(id=invoice.id).update(drafted_at=over + timedelta(minutes=2))
        for tenant in tenants:
            _settle(tenant, month, now=now, history=history, operator=operator)


def _settle(tenant: TenantRows, month: date, *, now: datetime, history: History, operator: Actor) -> None:
    """Books what a tenant paid for a month: all of it, a part, or nothing."""
    invoice = Invoice.objects.filter(tenant_id=tenant.id, month=month, status=Invoice.Status.FINALISED).first()
    if invoice is None or invoice.due_on is None or invoice.issued_on is None:
        return
    newest = month_after(month) == now.astimezone(tenant.zone).date().replace(day=1)
    left = settled_of(invoice).left
    if tenant.profile.slug == CREDITED and not newest:
        _credit(invoice, at=_moment(invoice.issued_on + timedelta(days=4), tenant), history=history, operator=operator)
        left = settled_of(invoice).left
    if tenant.profile.slug == LATE and invoice.due_on > now.date() - timedelta(days=25):
        return  # still owed, and overdue
    if newest and tenant.profile.slug not in (PARTLY, CREDITED):
        return
    amount = (left / 2).quantize(Decimal(1)) if newest and tenant.profile.slug == PARTLY else left
    received = min(invoice.due_on - timedelta(days=3), now.date() - timedelta(days=1))
    if amount <= 0 or received < invoice.issued_on:
        return
    at = _moment(received, tenant)
    with history.moved_to(at):
        payment = payment_record(
            invoice_id=invoice.id,
            amount=amount,
            received_on=received,
            reference=f"SEPA {invoice.number}",
            actor=operator,
        )
    Payment.objects.filter(id=payment.id).update(recorded_at=at)
    Invoice.objects.filter(id=invoice.id, status=Invoice.Status.PAID).update(paid_at=at)


def _credit(invoice: Invoice, *, at: datetime, history: History, operator: Actor) -> None:
    """Credits a part of an invoice's largest line."""
    line = InvoiceLine.objects.filter(invoice=invoice, type=InvoiceLine.Type.USAGE).order_by("-amount").first()
    amount = (line.amount * Decimal("0.2")).quantize(Decimal("0.01")) if line else Decimal(0)
    if line is None or amount <= 0:
        return
    with history.moved_to(at):
        note = credit_note_issue(
            invoice_id=invoice.id,
            reason="Pictures of 14 and 15 came with a colour cast",
            actor=operator,
            lines={line.number: amount},
        )
    CreditNote.objects.filter(id=note.id).update(created_at=at, issued_on=at.date())
    Invoice.objects.filter(id=invoice.id, status=Invoice.Status.PAID).update(paid_at=at)


def _moment(day: date, tenant: TenantRows) -> datetime:
    return datetime(day.year, day.month, day.day, 10, 24, tzinfo=tenant.zone)
