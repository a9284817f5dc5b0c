"""What a change of prices would have done to last month's bills, as a preview shows it."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cavendish.above.admin.prices.selectors import Effect, PriceChangePreview
from cavendish.above.ui.acts import Change, PreviewTable
from cavendish.above.ui.formats import money, percent
from cavendish.above.ui.words import kind_word, tier_word

MOST_TENANTS = 40
"""Of the tenants whose bills differ, how many are listed: those that differ most."""


def effect_changes(found: PriceChangePreview) -> list[Change]:
    """Returns revenue, cost and margin of the month, before and after, in each currency."""
    changes = []
    for total in found.totals:
        changes += [
            _change(_("Revenue, %s"), total, total.before.amount, total.after.amount, total.currency),
            _change(_("Cost, %s"), total, total.before.cost, total.after.cost, "USD"),
        ]
        if total.margin_before is not None and total.margin_after is not None:
            changes.append(_change(_("Margin, %s"), total, total.margin_before, total.margin_after, total.currency))
            changes.append(
                Change(_("Margin in percent"), _share(total.margin_before, total.before.amount),
                       _share(total.margin_after, total.after.amount))
            )  # fmt: skip
    return changes


def effect_tables(found: PriceChangePreview) -> list[PreviewTable]:
    """Returns the bills that would have differed, by tenant."""
    month = date_format(found.month, _("F Y"))
    rows = [row for row in found.tenants if row.effect.before != row.effect.after]
    if not rows:
        return []
    caption = ngettext(
        "The bills of %(month)s: %(n)s tenant's differs", "The bills of %(month)s: those of %(n)s tenants differ",
        len(rows),
    ) % {"month": month, "n": len(rows)}  # fmt: skip
    head = (_("Tenant"), _("Was"), _("Would be"), _("Difference"), _("Margin was"), _("Would be"))
    return [PreviewTable(caption, head, [
        (
            row.name,
            money(row.effect.before.amount, row.effect.currency),
            money(row.effect.after.amount, row.effect.currency),
            money(row.effect.difference, row.effect.currency, plus=True),
            _margin(row.effect.margin_before, row.effect),
            _margin(row.effect.margin_after, row.effect),
        )
        for row in rows[:MOST_TENANTS]
    ])]  # fmt: skip


def effect_notes(found: PriceChangePreview) -> list[str]:
    """Returns sentences: of what month this is, what of it is not listed, what would be below its cost."""
    month = date_format(found.month, _("F Y"))
    differ = [row for row in found.tenants if row.effect.before != row.effect.after]
    notes = []
    if not differ:
        notes.append(_("No bill of %s would have been another: nobody used what this changes.") % month)
    if len(differ) > MOST_TENANTS:
        notes.append(_("The %s that would differ most are listed.") % MOST_TENANTS)
    for row in found.below_cost[:5]:
        notes.append(
            _("Below its cost: %(kind)s of %(model)s, %(tier)s, for %(plan)s: %(price)s against %(cost)s.") % {
                "kind": kind_word(row.kind), "model": row.model, "tier": tier_word(row.tier), "plan": row.plan.name,
                "price": money(row.price, "USD", digits=4), "cost": money(row.cost, "USD", digits=4),
            }
        )  # fmt: skip
    if len(found.below_cost) > 5:
        notes.append(_("%s more prices would be below their cost.") % (len(found.below_cost) - 5))
    return notes


def _change(name: str, total: Effect, now: Decimal, after: Decimal, currency: str) -> Change:
    return Change(name % total.currency, money(now, currency), money(after, currency))


def _share(part: Decimal, whole: Decimal) -> str:
    return percent(part / whole, digits=1) if whole else "–"


def _margin(margin: Decimal | None, effect: Effect) -> str:
    return "–" if margin is None else money(margin, effect.currency)
