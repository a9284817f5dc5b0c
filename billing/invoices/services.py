"""From a month that is over to an invoice with a number. All of it may run in several processes at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.idempotency import note_created
from accounts.models import Tenant
from billing.contracts import Finalisation, Finalised, NotFinalised
from billing.currencies import is_currency, minor_units
from billing.errors import InvoiceRefused
from billing.invoices.ledger_entries import invoice_book, invoice_lock, payments_standing
from billing.invoices.selectors import fees_of
from billing.ledger.services import dues_settle, wallet_tax_refresh
from billing.models import (
    BillingPeriod,
    BillingProfile,
    CreditNote,
    Invoice,
    InvoiceLine,
    LedgerTransaction,
    LegalEntity,
    PlanVersion,
    Wallet,
)
from billing.months import month_after, month_first
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.router import acting_as, current_alias
from cavendish.events.services import event_add

logger = logging.getLogger(__name__)

# A draft shows what settled during the grace time with at most this delay.
STALE = timedelta(minutes=10)
FEE_MONTHS = 3
# No zone is further ahead of UTC (Pacific/Kiritimati), so nobody's month is over earlier than this before UTC's.
FURTHEST_AHEAD = timedelta(hours=14)


def invoices_draft(*, month: date, tenant_id: UUID | None = None, now: datetime | None = None) -> int:
    """Drafts the invoices of `month` (its first day) for all tenants for which it is over, or for one.

    Idempotent; it refreshes older drafts of that month too. Returns how many it drafted or refreshed. Among all
    tenants, one whose draft cannot be made does not stop the others: it is logged, the draft keeps why, and it is tried
    again when it is stale. For one tenant what is wrong is raised.
    """
    stale = timedelta() if tenant_id else STALE
    with transaction.atomic(using=current_alias()):
        count: int = call(
            "invoice_draft", month, now or timezone.now(), stale, _digits(), settings.INVOICE_EMPTY_MONTHS, tenant_id
        )
        # what failed now has the time of this transaction
        drafts = Invoice.objects.filter(month=month, status=Invoice.Status.DRAFT, failed_at=TransactionNow())
        failed = [] if tenant_id else list(drafts.values_list("tenant_id", "failure"))
    for failed_tenant, failure in failed:
        logger.error("The invoice of %s for %s cannot be drafted: %s", month, _tenant_text(failed_tenant), failure)
    return count


def month_draft(*, month: date, tenant_id: UUID) -> Invoice:
    """Returns the draft of one tenant's month, summed up now.

    Raises InvoiceRefused: period_open, not_draft, not_invoiced, empty.
    """
    invoices_draft(month=month, tenant_id=tenant_id)
    invoice: Invoice | None = (
        Invoice.objects.filter(tenant_id=tenant_id, month=month).exclude(status=Invoice.Status.VOID).first()
    )
    if invoice is None:
        zone = Tenant.objects.values_list("billing_timezone", flat=True).get(id=tenant_id)
        ends = datetime.combine(month_after(month), time(), tzinfo=ZoneInfo(zone))
        if timezone.now() < ends:
            raise InvoiceRefused("period_open", ends_at=ends.isoformat())
        is_off = BillingProfile.objects.filter(tenant_id=tenant_id, invoiced=False).exists()
        raise InvoiceRefused("not_invoiced" if is_off else "empty")
    if invoice.status != Invoice.Status.DRAFT:
        raise InvoiceRefused("not_draft", number=invoice.number, status=invoice.status)
    return invoice


def invoice_finalise(
    *, invoice_id: UUID, actor: Actor = SYSTEM, at_once: bool = True, now: datetime | None = None
) -> Finalised | NotFinalised:
    """Closes the month and gives the number, in one transaction. `at_once` does not wait for the grace time.

    Raises InvoiceRefused with the code that `invoice_finalise` in SQL returns: not_found, not_draft, period_open,
    waiting, no_legal_entity, empty.
    """
    grace = timedelta() if at_once else timedelta(hours=settings.INVOICE_GRACE_HOURS)
    with transaction.atomic(using=current_alias()):
        result: Finalisation = call(
            "invoice_finalise", invoice_id, now or timezone.now(), grace, settings.INVOICE_EMPTY_MONTHS, str(actor)
        )
        if result["code"] != "finalised" and result["code"] != "empty":
            raise InvoiceRefused(result["code"], **{name: value for name, value in result.items() if name != "code"})
        if actor is not SYSTEM and result["code"] == "finalised":
            audit_add(
                actor=actor,
                action="invoice.finalised",
                tenant_id=Invoice.objects.values_list("tenant_id", flat=True).get(id=invoice_id),
                target="invoice",
                target_id=invoice_id,
                after={"number": result["number"]},
            )
    return result


def invoices_finalise(*, month: date, now: datetime | None = None) -> int:
    """Finalises all drafts of `month` whose grace time is over, each in a transaction of its own.

    Killed in the middle, it leaves whole invoices and goes on with the rest when it is called again; several share the
    work, since each skips what another has locked. One that fails is logged, keeps why, and does not stop the others;
    it is tried again after STALE. Returns how many it finalised.
    """
    count = 0
    alias = current_alias()
    for invoice_id, tenant_id in list(_drafts_due(month).values_list("id", "tenant_id")):
        try:
            with transaction.atomic(using=alias):
                free = Invoice.objects.select_for_update(skip_locked=True).filter(
                    id=invoice_id, status=Invoice.Status.DRAFT
                )
                if not free.values_list("id").first():
                    continue
                count += invoice_finalise(invoice_id=invoice_id, at_once=False, now=now)["code"] == "finalised"
        except InvoiceRefused:
            pass  # it waits, or somebody else has finalised it
        except DatabaseError as error:
            logger.exception("The invoice of %s for %s cannot be finalised.", month, _tenant_text(tenant_id))
            Invoice.objects.filter(id=invoice_id, status=Invoice.Status.DRAFT).update(
                failure=str(error).partition("\n")[0][:300], failed_at=timezone.now()
            )
    return count


def _drafts_due(month: date) -> QuerySet[Invoice]:
    """Returns the drafts of `month` that can be finalised by themselves: somebody issues them, and none just failed."""
    # One that replaces a void invoice was asked for by an operator, who has something to correct first.
    due: QuerySet[Invoice] = Invoice.objects.filter(
        Q(failed_at=None) | Q(failed_at__lte=timezone.now() - STALE),
        month=month,
        status=Invoice.Status.DRAFT,
        replaces=None,
    ).order_by("tenant_id")
    if not LegalEntity.objects.filter(is_default=True).exists():
        with_own = BillingProfile.objects.exclude(legal_entity=None).values("tenant_id")
        if due.exclude(tenant_id__in=with_own).exists():
            logger.warning("Invoices of %s wait: no legal entity is the default one.", month)
        due = due.filter(tenant_id__in=with_own)
    return due


def _tenant_text(tenant_id: UUID) -> str:
    return ids.encode(ids.TENANT, tenant_id)


def months_close() -> int:
    """Drafts and finalises what is due; returns how many invoices it finalised. The scheduler calls it."""
    with acting_as("operator"):
        count = 0
        for month in months_due(timezone.now()):
            invoices_draft(month=month)
            count += invoices_finalise(month=month)
    return count


def months_due(now: datetime) -> Iterable[date]:
    """Returns the months that are over somewhere and not closed for every tenant that used something, oldest first."""
    latest = month_first((now + FURTHEST_AHEAD).date())
    months = set(
        BillingPeriod.objects.filter(closed_at=None, month__lt=latest).values_list("month", flat=True).distinct()
    )
    months |= set(Invoice.objects.filter(status=Invoice.Status.DRAFT).values_list("month", flat=True).distinct())
    months.add(month_first(latest - timedelta(days=1)))
    if PlanVersion.objects.exclude(base_fee=0, minimum_commitment=0).exists():
        # a plan's fees are due where nothing was used too, also for months in which nobody was here to draft them
        for _ in range(FEE_MONTHS - 1):
            months.add(month_first(min(months) - timedelta(days=1)))
    return sorted(months)


def _digits() -> dict[str, int]:
    used = Wallet.objects.filter(livemode=True).values_list("currency", flat=True).distinct()
    return {currency: minor_units(currency) for currency in used if is_currency(currency)}


def invoice_void(*, invoice_id: UUID, reason: str, actor: Actor) -> Invoice:
    """Takes an issued invoice back and drafts its month again; the void one keeps its number. Returns the new draft.

    What it had taken from the balance goes back. The draft waits for somebody to finalise it. Raises InvoiceRefused for
    a draft, a void one, and where a payment or a credit note stands against it.
    """
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(invoice_id)
        if invoice.status in {Invoice.Status.DRAFT, Invoice.Status.VOID}:
            raise InvoiceRefused(invoice.status, number=invoice.number)
        if payments_standing(invoice.id).exists() or CreditNote.objects.filter(invoice_id=invoice.id).exists():
            raise InvoiceRefused("settled", number=invoice.number)
        rounding = invoice.net - invoice.exact - invoice.rounding_borne
        fees = fees_of(InvoiceLine.objects.filter(invoice=invoice))
        try:
            invoice_book(
                invoice=invoice,
                kind=LedgerTransaction.Kind.INVOICE,
                reason=reason,
                actor=actor,
                entries={
                    "wallet": rounding + invoice.tax + fees - invoice.receivable,
                    "revenue": -fees,
                    "receivable": invoice.receivable,
                    "tax": -invoice.tax,
                    "rounding": -rounding,
                },
            )
        except IntegrityError:
            raise InvoiceRefused("balance_too_low", number=invoice.number) from None
        old_status = invoice.status
        Invoice.objects.filter(id=invoice.id).update(
            status=Invoice.Status.VOID, voided_at=timezone.now(), void_reason=reason
        )
        wallet_tax_refresh(tenant_id=invoice.tenant_id)
        dues_settle(tenant_id=invoice.tenant_id, actor=actor)
        event_add(
            tenant_id=invoice.tenant_id,
            subject=invoice.id,
            type="invoice.voided",
            data={"old": old_status, "new": "void", "number": invoice.number, "reason": reason},
        )
        audit_add(
            actor=actor,
            action="invoice.voided",
            tenant_id=invoice.tenant_id,
            target="invoice",
            target_id=invoice.id,
            before={"status": old_status},
            after={"status": "void", "number": invoice.number, "reason": reason},
        )
        invoices_draft(month=invoice.month, tenant_id=invoice.tenant_id)
        drafted: Invoice = Invoice.objects.get(
            tenant_id=invoice.tenant_id, month=invoice.month, status=Invoice.Status.DRAFT
        )
        note_created(drafted.id)
    return drafted
