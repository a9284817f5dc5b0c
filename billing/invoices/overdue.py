"""What is owed past its day: told once, as an event, so that webhooks and the event stream have it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from billing.invoices.ledger_entries import invoice_lock, settled_of
from billing.invoices.services import FURTHEST_AHEAD
from billing.models import Invoice
from billing.money import minor_text
from cavendish.db.each import each_done
from cavendish.db.router import acting_as, current_alias
from cavendish.events.models import Event
from cavendish.events.services import event_add

OVERDUE = "invoice.overdue"
AT_ONCE = 500


def invoices_overdue(*, now: datetime | None = None) -> int:
    """Adds the event of each invoice whose last day to pay is over in its time zone. Returns how many.

    An invoice gets one, however long it stays unpaid, and whoever else runs this.
    """
    now = now or timezone.now()
    with acting_as("operator"):
        told = Event.objects.filter(subject=OuterRef("id"), type=OVERDUE)
        late = Invoice.objects.filter(status=Invoice.Status.FINALISED, due_on__lt=(now + FURTHEST_AHEAD).date())
        rows = late.exclude(Exists(told)).order_by("due_on").values_list("id", "due_on", "timezone")[:AT_ONCE]
        over = [row_id for row_id, due_on, zone in rows if now.astimezone(ZoneInfo(zone)).date() > due_on]
        return each_done(over, _tell, name="invoices_overdue")


def _tell(invoice_id: UUID) -> bool:
    """Returns False where it was paid, voided or told of meanwhile."""
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(invoice_id)
        left = settled_of(invoice).left
        if invoice.status != Invoice.Status.FINALISED or left <= 0:
            return False
        if Event.objects.filter(subject=invoice.id, type=OVERDUE).exists():
            return False
        event_add(
            tenant_id=invoice.tenant_id,
            subject=invoice.id,
            type=OVERDUE,
            data={
                "number": invoice.number,
                "due_on": f"{invoice.due_on}",
                "amount_left": minor_text(left, invoice.digits),
                "currency": invoice.currency,
            },
        )
    return True
