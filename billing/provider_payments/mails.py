"""Mails of payments at a provider that need somebody."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.invoices.labels import figure
from billing.invoices.payment_links import payment_url
from billing.models import Invoice
from billing.money import price_text
from cavendish.mail.letters import Fact, Letter, Link, link


def invoice_payment_failed_letter(invoice: Invoice, *, reason: str) -> Letter:
    """Returns the letter in the active language."""
    values = {"number": invoice.number, "issuer": invoice.issuer["name"], "customer": invoice.customer["name"]}
    due = f"{figure(invoice.amount_due, invoice.digits)} {invoice.currency}"
    return Letter(
        subject=_("Payment of invoice {number} failed").format(**values),
        text=[
            _("{due} of invoice {number} could not be collected by your saved payment method.").format(
                due=due, number=invoice.number
            ),
            _("Pay it by the link below, or change the payment method; it is tried again in the next days."),
        ],
        facts=[Fact(_("Reason"), reason or _("The provider gave none."))],
        button=Link(_("Pay the invoice"), payment_url(invoice) or ""),
        links=[link(_("Payment methods"), "/console/billing/payment-methods/")],
        signature=invoice.issuer["name"],
    )


def payment_disputed_letter(*, tenant: str, amount: Decimal, currency: str) -> Letter:
    """Returns the letter in the active language."""
    values = {"tenant": tenant, "amount": f"{price_text(amount)} {currency}"}
    return Letter(
        subject=_("A payment of {tenant} is disputed").format(**values),
        text=[
            _("The bank has taken back a payment of {amount}, because it was disputed.").format(**values),
            _("The amount was taken off the balance; what was spent of it already is owed."),
        ],
        button=link(_("View billing"), "/console/billing/"),
    )
