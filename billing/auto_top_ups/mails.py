"""Mails of automatic top-ups: one that failed, and a month's limit that is reached."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.money import price_text
from cavendish.mail.letters import Fact, Letter, link, moment_text

TOP_UP = "/console/billing/top-up/"
SETTINGS = "/console/billing/auto-top-up/"


def auto_top_up_failed_letter(
    *, tenant: str, amount: Decimal, currency: str, reason: str, again: datetime | None
) -> Letter:
    """Returns the letter in the active language. `again` is when it is tried next; None where it is switched off."""
    values = {"tenant": tenant, "amount": f"{price_text(amount)} {currency}"}
    if again is None:
        subject, then = _("Automatic top-up of {tenant} is switched off"), _(
            "It failed several times in a row, so it is switched off. Check the payment method and switch it on again."
        )  # fmt: skip
    else:
        subject = _("Automatic top-up of {tenant} failed")
        then = _("It is tried again at {moment}.").format(moment=moment_text(again))
    return Letter(
        subject=subject.format(**values),
        text=[_("{amount} could not be collected for {tenant}. Nothing was charged.").format(**values), then],
        facts=[Fact(_("Reason"), reason or _("The provider gave none."))],
        button=link(_("Top up"), TOP_UP),
        after=[_("Without money, new jobs are refused; those that are running are not.")],
    )


def auto_top_up_limit_letter(*, tenant: str, limit: Decimal, currency: str) -> Letter:
    """Returns the letter in the active language."""
    values = {"tenant": tenant, "limit": f"{price_text(limit)} {currency}"}
    return Letter(
        subject=_("Automatic top-up of {tenant} has reached its limit").format(**values),
        text=[
            _("This month's limit of {limit} leaves no room for another top-up of {tenant}.").format(**values),
            _("Raise the limit, or top up by hand."),
        ],
        button=link(_("Change the limit"), SETTINGS),
        after=[_("You get this message once a month.")],
    )
