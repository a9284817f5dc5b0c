"""The mail of a balance that is low."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.money import price_text
from cavendish.mail.letters import Fact, Letter, link


def low_balance_letter(*, tenant: str, left: Decimal, threshold: Decimal, currency: str) -> Letter:
    """Returns the letter in the active language."""
    values = {"tenant": tenant, "left": f"{price_text(left)} {currency}"}
    return Letter(
        subject=_("{left} left").format(**values),
        title=_("The balance of {tenant} is low").format(**values),
        text=[
            _(
                "{left} can still be spent for {tenant}. Generations whose worst case is not covered are refused; "
                "those that are running are not."
            ).format(**values)
        ],
        facts=[Fact(_("Threshold"), f"{price_text(threshold)} {currency}")],
        button=link(_("View billing"), "/console/billing/"),
        after=[_("You get this message once, until the balance has risen above the threshold again.")],
    )
