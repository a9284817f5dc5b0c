"""The mail about a day that is out of its pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from billing.anomalies.selectors import OutOfPattern
from billing.money import price_text
from cavendish.mail.letters import Fact, Letter, day_text, link


def anomaly_letter(
    *, tenant: str, day: date, currency: str, found: Sequence[OutOfPattern], names: Mapping[UUID, str]
) -> Letter:
    """Returns the letter in the active language; the first of `found` is what it is about."""
    first = found[0]
    values = {
        "tenant": tenant,
        "day": day_text(day),
        "used": _money(first.used, currency),
        "usual": _money(first.pattern.usual, currency),
        "key": names.get(first.api_key_id, "") if first.api_key_id else "",
    }
    text = (
        _("API key {key} of {tenant} has spent {used} on {day} so far. It usually spends {usual} on such a day.")
        if first.api_key_id
        else _("{tenant} has spent {used} on {day} so far. It usually spends {usual} on such a day.")
    )
    return Letter(
        subject=_("Unusual spend of {tenant}: {used} today").format(**values),
        title=_("More than usual is spent today"),
        text=[text.format(**values)],
        facts=[_fact(one, currency, names) for one in found],
        button=link(_("View usage"), "/console/usage/"),
        after=[_("This is said once a day. A budget with a hard stop limits what a key, a member or all may spend.")],
    )


def _fact(one: OutOfPattern, currency: str, names: Mapping[UUID, str]) -> Fact:
    name = names.get(one.api_key_id, "") if one.api_key_id else _("All keys")
    values = {"used": _money(one.used, currency), "usual": _money(one.pattern.usual, currency)}
    return Fact(name, _("{used}, usually {usual}").format(**values))


def _money(amount: Decimal, currency: str) -> str:
    return f"{price_text(amount.quantize(Decimal('0.01')))} {currency}"
