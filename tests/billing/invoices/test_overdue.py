"""The event of an invoice whose day has passed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from billing.invoices.overdue import invoices_overdue
from billing.models import Invoice
from tests.billing.invoices.helpers import billed_tenant, events, finalise, spend
from tests.billing.invoices.settling import owing, pay
from tests.generations.helpers import in_threads, one

DAY = timedelta(days=1)


def over(invoice: Invoice) -> datetime:
    """The end of its last day in UTC."""
    assert invoice.due_on is not None
    return datetime.combine(invoice.due_on + DAY, time(), tzinfo=UTC)


def test_it_is_told_once_when_the_day_is_over_in_the_tenants_time_zone() -> None:
    tenant = billed_tenant(balance=0, credit_limit=1000, timezone="America/Los_Angeles")
    spend(tenant)
    invoice = finalise(tenant)
    midnight = over(invoice)
    for hours, expected in ((-24, []), (2, []), (9, ["invoice.overdue"]), (99, ["invoice.overdue"])):
        invoices_overdue(now=midnight + timedelta(hours=hours))
        assert [name for name in events(invoice.id) if name == "invoice.overdue"] == expected
    facts = one("owner", "SELECT data FROM events_event WHERE subject = %s AND type = 'invoice.overdue'", invoice.id)
    left = f"{invoice.amount_due:.2f}"
    assert facts == {
        "number": invoice.number, "due_on": f"{invoice.due_on}", "currency": "USD", "amount_left": left
    }  # fmt: skip


def test_what_is_paid_is_not_overdue_and_two_schedulers_tell_once() -> None:
    _, paid = owing()
    pay(paid, "71.41")
    _, unpaid = owing()
    pay(unpaid, "70")
    late = max(over(paid), over(unpaid)) + 3 * DAY
    in_threads(3, lambda moment: invoices_overdue(now=moment), [late] * 3)
    assert events(paid.id)[-1] == "invoice.paid"
    assert events(unpaid.id).count("invoice.overdue") == 1
    assert events(paid.id).count("invoice.overdue") == 0
