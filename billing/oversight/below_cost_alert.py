"""Tells operators of prices below their cost: a metric, and a mail when one comes that they were not told of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actor import SYSTEM
from accounts.audit.services import audit_add
from accounts.models import AuditEvent, User
from billing.models import Kind, Plan, Tier
from billing.money import price_text
from billing.oversight.below_cost import BelowCost, below_cost
from billing.oversight.metrics import BELOW_COST
from billing.prices.services import UPSTREAM_CURRENCY
from cavendish.db.router import acting_as, current_alias
from cavendish.mail.letters import Fact, Letter, link
from cavendish.mail.services import mail_queue

ACTION = "price.below_cost"
MOST_LISTED = 20


def below_cost_watch() -> int:
    """Returns how many prices of plans are below their cost, and mails what is new among them. The scheduler calls it.

    What operators were told of is in the audit, with its price and its cost: another price or cost is news again.
    """
    with acting_as("operator"):
        found = below_cost()
        BELOW_COST.set(len(found))
        if found:
            _tell(found)
    return len(found)


def _tell(found: Sequence[BelowCost]) -> None:
    with transaction.atomic(using=current_alias()):
        # One scheduler tells; another that waited here finds that it was told.
        list(Plan.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
        told = {
            tuple(row)
            for after in AuditEvent.objects.filter(action=ACTION).values_list("after", flat=True)
            for row in after["prices"]
        }
        new = [row for row in found if tuple(_key(row)) not in told]
        if not new:
            return
        prices = [_key(row) for row in new]
        audit_add(actor=SYSTEM, action=ACTION, tenant_id=None, target="price", target_id="", after={"prices": prices})
        operators = User.objects.filter(is_staff=True, is_active=True).order_by("id")
        if to := list(operators.values_list("email", flat=True)):
            mail_queue(to=to, letter=partial(below_cost_letter, new))


def _key(row: BelowCost) -> list[Any]:
    return [row.plan.slug, row.model, row.tier, row.kind, row.image_size, price_text(row.price), price_text(row.cost)]


def below_cost_letter(rows: Sequence[BelowCost]) -> Letter:
    """Returns the letter in the active language, the worst first."""
    count = len(rows)
    return Letter(
        subject=ngettext("{count} price is below its cost", "{count} prices are below their cost", count).format(
            count=count
        ),
        text=[_("Each job at such a price costs more at the upstream than the tenant pays.")],
        facts=[_fact(row) for row in rows[:MOST_LISTED]],
        button=link(_("View prices below cost"), "/admin/prices/below-cost/"),
        after=[_("This is said once for each price and cost.")],
    )


def _fact(row: BelowCost) -> Fact:
    name = f"{row.plan.name}, {row.model}, {Kind(row.kind).label}, {Tier(row.tier).label}"
    values = {"price": price_text(row.price), "cost": price_text(row.cost), "currency": UPSTREAM_CURRENCY}
    return Fact(name, _("{price} {currency}, costs {cost}").format(**values))
