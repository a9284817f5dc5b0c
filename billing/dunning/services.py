"""The steps against invoices that are not paid: reminders, the end of live jobs, and the end of that end.

The scheduler runs it. A step is a row, written with its mail, its event and what it does to the tenant in one
transaction, under the invoice's lock: killed before the commit nothing has happened, after it everything has.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.members.languages import tenant_language
from accounts.models import Tenant
from accounts.tenants.payment_services import payment_remind, payment_settle, payment_suspend
from billing.dunning.letters import reminder_letter, resumed_letter, suspension_letter
from billing.dunning.selectors import DueStep, Overdue, dunning_of, overdue_invoices, standing_of, steps_due
from billing.invoices.ledger_entries import invoice_lock, settled_of
from billing.invoices.mails import attachment_of, recipients
from billing.models import DunningStep, Invoice
from billing.money import minor_text
from billing.plans.dunning import Dunning
from cavendish.db import ids
from cavendish.db.each import each_done
from cavendish.db.router import acting_as, current_alias
from cavendish.events.services import event_add
from cavendish.mail.services import mail_queue

REMINDED = "invoice.reminded"


def dunning_run(*, now: datetime | None = None) -> int:
    """Takes each step whose day has come, once, and lifts what paid invoices ask for no more. Returns how many it did.

    One tenant's failure is logged and stops no other's.
    """
    moment = now or timezone.now()
    with acting_as("operator"):
        count = each_done(
            steps_due(moment), lambda step: _take(step, moment), name="dunning_run",
            told=lambda step: ids.encode(ids.TENANT, step.overdue.tenant_id),
        )  # fmt: skip
        marked = Tenant.objects.exclude(payment_reminded_at=None, payment_suspended_at=None)
        count += each_done(
            list(marked.values_list("id", flat=True)),
            lambda tenant_id: _settle(tenant_id, moment),
            name="dunning_settle",
        )
    return count


def _take(step: DueStep, now: datetime) -> bool:
    """Takes one step; returns False where the invoice was paid, or somebody else took it meanwhile."""
    tenant_id = step.overdue.tenant_id
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(step.overdue.invoice_id)
        left = settled_of(invoice).left
        if invoice.status != Invoice.Status.FINALISED or left <= 0:
            return False
        if DunningStep.objects.filter(invoice_id=invoice.id, kind=step.kind, days=step.days).exists():
            return False
        to = recipients(tenant_id)
        DunningStep.objects.create(
            tenant_id=tenant_id, invoice_id=invoice.id, kind=step.kind, days=step.days, mailed_to=to, at=now
        )
        facts = _facts(invoice, step.overdue, left)
        terms = dunning_of([tenant_id], now).get(tenant_id, Dunning())
        if step.kind == DunningStep.Kind.REMINDER:
            event_add(tenant_id=tenant_id, subject=invoice.id, type=REMINDED, data=facts)
            payment_remind(tenant_id=tenant_id, invoice=facts, at=now)
            letter = partial(reminder_letter, invoice, left=left, days=step.overdue.days, terms=terms)
        else:
            payment_suspend(tenant_id=tenant_id, invoice=facts, at=now)
            letter = partial(suspension_letter, invoice, left=left, days=step.overdue.days)
        if to:
            mail_queue(
                to=to, letter=letter, language=tenant_language(tenant_id), tenant_id=tenant_id,
                attachments=attachment_of(invoice),
            )  # fmt: skip
    return True


def _suspend_again(tenant: Tenant, now: datetime) -> bool:
    """Stops the live keys for an invoice for which they were stopped before; a first time is a step of its own."""
    steps = DunningStep.objects.filter(tenant_id=tenant.id, kind=DunningStep.Kind.SUSPENSION)
    stopped = set(steps.values_list("invoice_id", flat=True))
    overdue = next((one for one in overdue_invoices(now, tenant_id=tenant.id) if one.invoice_id in stopped), None)
    if overdue is None:
        return False
    invoice = Invoice.objects.get(id=overdue.invoice_id)
    left = settled_of(invoice).left
    payment_suspend(tenant_id=tenant.id, invoice=_facts(invoice, overdue, left), at=now)
    if to := recipients(tenant.id):
        letter = partial(suspension_letter, invoice, left=left, days=overdue.days)
        mail_queue(
            to=to, letter=letter, language=tenant_language(tenant.id), tenant_id=tenant.id,
            attachments=attachment_of(invoice),
        )  # fmt: skip
    return True


def _facts(invoice: Invoice, overdue: Overdue, left: Decimal) -> dict[str, Any]:
    """Returns what event and audit say of an overdue invoice."""
    return {
        "number": invoice.number,
        "due_on": f"{invoice.due_on}",
        "days": overdue.days,
        "amount_left": minor_text(left, invoice.digits),
        "currency": invoice.currency,
    }


def _settle(tenant_id: UUID, now: datetime) -> bool:
    """Lifts the marks that what is still overdue does not ask for; returns whether it did something.

    Live keys whose suspension was lifted while dunning was paused, or by other terms, are stopped again.
    """
    with transaction.atomic(using=current_alias()):
        # A suspension writes this row too, so what is read below is from after it.
        tenant = Tenant.objects.select_for_update(no_key=True).get(id=tenant_id)
        standing = standing_of(tenant_id, now)
        resumes = tenant.payment_suspended_at is not None and not standing.suspended
        if standing.suspended and tenant.payment_suspended_at is None:
            return _suspend_again(tenant, now)
        if not resumes and (standing.reminded or tenant.payment_reminded_at is None):
            return False
        payment_settle(tenant_id=tenant_id, resumes=resumes, is_clear=not standing.reminded)
        to = recipients(tenant_id)
        if resumes and to:
            letter = partial(resumed_letter, tenant.name)
            mail_queue(to=to, letter=letter, language=tenant_language(tenant_id), tenant_id=tenant_id)
    return True
