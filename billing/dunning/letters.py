"""What mails about unpaid invoices say, in the language that is active."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.invoices.labels import figure
from billing.models import Invoice
from billing.plans.dunning import Dunning
from cavendish.db import ids
from cavendish.mail.letters import Fact, Letter, Link, day_text, link


def reminder_letter(invoice: Invoice, *, left: Decimal, days: int, terms: Dunning) -> Letter:
    values = {"number": invoice.number, "issuer": invoice.issuer["name"]}
    after = [_("If you have paid it meanwhile, please ignore this mail.")]
    if terms.suspend_after_days is not None and days < terms.suspend_after_days and invoice.due_on:
        day = day_text(invoice.due_on + timedelta(days=terms.suspend_after_days))
        after.insert(0, _("From {day} on, live API keys make no new pictures until it is paid.").format(day=day))
    return Letter(
        subject=_("Reminder: invoice {number} from {issuer} is overdue").format(**values),
        title=_("Invoice {number} is overdue").format(**values),
        text=[_pay(invoice, left)],
        facts=_facts(invoice, left, days),
        button=_button(invoice),
        after=after,
        signature=invoice.issuer["name"],
    )


def suspension_letter(invoice: Invoice, *, left: Decimal, days: int) -> Letter:
    values = {"number": invoice.number, "issuer": invoice.issuer["name"]}
    return Letter(
        subject=_("Live API keys are suspended: invoice {number} from {issuer} is overdue").format(**values),
        title=_("Live API keys are suspended"),
        text=[
            _("Invoice {number} was not paid in time, so live API keys make no new pictures now.").format(**values),
            _pay(invoice, left),
        ],
        facts=_facts(invoice, left, days),
        button=_button(invoice),
        after=[
            _("Everything that exists can be seen and downloaded, and test keys go on."),
            _("Live keys work again by themselves, soon after the payment is recorded."),
        ],
        signature=invoice.issuer["name"],
    )


def resumed_letter(name: str) -> Letter:
    return Letter(
        subject=_("Live API keys of {name} work again").format(name=name),
        text=[_("Nothing is overdue any more that would hold them back. Thank you.")],
        button=link(_("View billing"), "/console/billing/"),
    )


def _pay(invoice: Invoice, left: Decimal) -> str:
    due = f"{figure(left, invoice.digits)} {invoice.currency}"
    return _("Please pay {due} and quote {number}.").format(due=due, number=invoice.number)


def _facts(invoice: Invoice, left: Decimal, days: int) -> list[Fact]:
    late = ngettext("{count} day ago", "{count} days ago", days).format(count=days)
    return [
        Fact(_("Due on"), f"{day_text(invoice.due_on)} ({late})" if invoice.due_on else ""),
        Fact(_("Total"), f"{figure(invoice.total, invoice.digits)} {invoice.currency}"),
        Fact(_("Left to pay"), f"{figure(left, invoice.digits)} {invoice.currency}"),
    ]


def _button(invoice: Invoice) -> Link:
    return link(_("View the invoice"), f"/console/billing/invoices/{ids.encode(ids.INVOICE, invoice.id)}/")
