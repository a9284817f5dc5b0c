"""The mail to operators of what they absorb for a tenant."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.money import amount_text
from cavendish.mail.letters import Fact, Letter, day_text, link


def absorbed_letter(
    *, tenant: str, tenant_id: str, day: date, absorbed: Decimal, limit: int | float, currency: str
) -> Letter:
    """Returns the letter in the active language."""
    values = {"tenant": tenant, "amount": f"{amount_text(absorbed)} {currency}", "day": day_text(day)}
    text = _(
        "On {day}, {amount} were absorbed for {tenant}: output beyond what was held, and pictures beyond max_images "
        "that were made and not given out, at the tenant's prices."
    )
    more = _("More than {limit} a day is reported (ABSORBED_ALERT), once for each day.")
    return Letter(
        subject=_("{amount} absorbed for {tenant}").format(**values),
        text=[text.format(**values)],
        facts=[Fact(_("Tenant"), tenant_id)],
        button=link(_("View the tenant"), f"/admin/tenants/{tenant_id}/"),
        after=[more.format(limit=f"{limit} {currency}")],
    )
