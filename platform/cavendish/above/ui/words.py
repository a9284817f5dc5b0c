"""Kinds, tiers and units of prices as people read them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import Kind, Tier, Unit
from cavendish.above.ui.labels import label

KINDS: dict[str, str | Promise] = {
    Kind.TEXT_INPUT: _("Text in"),
    Kind.IMAGE_INPUT: _("Images in"),
    Kind.VIDEO_INPUT: _("Video in"),
    Kind.CACHED_INPUT: _("Cached in"),
    Kind.TEXT_OUTPUT: _("Text out"),
    Kind.THOUGHT_OUTPUT: _("Thoughts"),
    Kind.IMAGE_OUTPUT: _("Images out"),
    Kind.SEARCH_QUERY: _("Searches"),
    "included": _("Included in the plan"),
    "absorbed": _("Absorbed by us"),
}
TIERS: dict[str, str | Promise] = {Tier.STANDARD: _("Standard"), Tier.BATCH: pgettext_lazy("tier", "Batch")}
UNITS: dict[str, str | Promise] = {
    Unit.TOKENS: _("per 1M tokens"),
    Unit.QUERIES: _("per 1,000 searches"),
    Unit.IMAGE: _("per image"),
    "each": _("each"),
}
MOVEMENTS: dict[str, str | Promise] = {
    "funding": _("Topped up"),
    "adjustments": _("Adjusted"),
    "refunds": _("Refunded"),
    "promotions": _("Credit given and expired"),
    "tax": _("Tax of invoices"),
    "rounding": _("Rounding of invoices"),
    "receivable": _("Invoiced and paid"),
    "fees": _("Fees of the plan"),
    "credited": _("Credited"),
}
"""What moves a wallet beside jobs, by account, and what invoices do to revenue, from the tenant's side."""


ACTORS: dict[str, str | Promise] = {
    "key": pgettext_lazy("who acts", "key"),
    "person": pgettext_lazy("who acts", "person"),
    "operator": pgettext_lazy("who acts", "operator"),
    "operator_key": pgettext_lazy("who acts", "operator key"),
    "system": pgettext_lazy("who acts", "system"),
}
"""Who acts, by the first word of an actor as rows keep it: "operator ada@example.com", "system"."""


MOVEMENT_KINDS = {
    "funding": "top_up", "adjustments": "adjustment", "refunds": "refund", "promotions": "credit", "tax": "invoice",
    "rounding": "invoice", "receivable": "invoice", "fees": "invoice", "credited": "credit_note",
}  # fmt: skip
"""The kind of the ledger's transactions with which each of them moves first of all."""


def movement_kind(account: str) -> str:
    return MOVEMENT_KINDS.get(account, "")


def movement_word(account: str) -> str:
    return str(MOVEMENTS.get(account) or label(account.replace("_", " ").capitalize()))


def actor_text(actor: str) -> str:
    """Returns who acted, as a row keeps it, with the kind in the viewer's language; a name alone as it is."""
    kind, space, name = actor.partition(" ")
    return f"{ACTORS[kind]}{space}{name}" if kind in ACTORS else actor


def kind_word(kind: str) -> str:
    """Returns a kind in words; an unknown one without its underscores."""
    return str(KINDS.get(kind, kind.replace("_", " ").capitalize()))


def tier_word(tier: str) -> str:
    return str(TIERS.get(tier, tier))


def unit_word(unit: str) -> str:
    """Returns what a unit price is for."""
    return str(UNITS.get(unit, unit.replace("_", " ")))


def flag_words(flag: str) -> str:
    """Returns a charge's flag without its underscores: "Over hold"."""
    return label(flag.replace("_", " ").capitalize())
