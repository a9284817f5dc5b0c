"""How guard rules read in a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from cavendish.above.ui import formats
from cavendish.above.ui.cells import created, in_row, unseen
from cavendish.above.ui.guard_rules.acts import TYPES, offered
from cavendish.above.ui.lists import Column
from cavendish.above.ui.marks import facts, listed
from cavendish.db import ids
from generations.models import GuardFallback, GuardRuleType
from generations.models.guard_rule import GuardRuleFields

WORDS_SHOWN = 5


def rule_words(rule: GuardRuleFields, *, full: bool = True) -> str:
    """Returns what a rule refuses, or whom it asks, as a sentence without its end.

    Without `full` it does not say where a hook is: a tenant does not read that of the operator's.
    """
    match rule.type:
        case GuardRuleType.WORDS:
            shown = listed(rule.words[:WORDS_SHOWN])
            more = len(rule.words) - WORDS_SHOWN
            text = gettext("refuses %s") % shown
            return text if more <= 0 else text + ngettext(" and %d more", " and %d more", more) % more
        case GuardRuleType.LIMITS:
            parts = [gettext("at most %s") % rule.max_image_size] if rule.max_image_size else []
            if rule.max_amount is not None:
                parts.append(gettext("at most %s a request") % formats.money(rule.max_amount, digits=4))
            return facts(*parts)
        case GuardRuleType.LANGUAGES:
            return gettext("allows %s") % listed(rule.languages)
        case _:
            if not full:
                return gettext("asks a hook of the operator's")
            words = gettext("asks %s") if rule.on_error == GuardFallback.REFUSE else gettext("asks %s, else allows")
            return words % rule.url


def state(rule: GuardRuleFields) -> Any:
    if rule.enabled:
        return formats.status("good", str(_("On")))
    return formats.status("off", str(_("Off")))


def mode(rule: GuardRuleFields) -> Any:
    return _("both") if rule.livemode is None else formats.livemode(rule.livemode)


def what(rule: GuardRuleFields, *, full: bool = True) -> Any:
    about = format_html('<br><span class="quiet">{}</span>', rule.description) if rule.description else ""
    return format_html('<span class="wrap">{}{}</span>', rule_words(rule, full=full), about)


def columns(*more: Column[Any], acts: Callable[[GuardRuleFields], Any] | None) -> tuple[Column[Any], ...]:
    """Returns the columns of a list of rules; `acts` makes the cell of their buttons, None for who may not act."""
    shown: tuple[Column[Any], ...] = (
        Column(_("Type"), lambda rule: TYPES[GuardRuleType(rule.type)], kind="th"),
        Column(_("What it does"), what),
        Column(_("State"), state),
        Column(_("Mode"), mode, wide=True),
        *more,
        Column(_("Refused"), lambda rule: formats.count(rule.refusals), kind="r", wide=True),
        Column(_("Created"), created, wide=True),
    )
    return (*shown, Column(unseen(_("Acts")), acts, kind="r")) if acts is not None else shown


def buttons(rule: GuardRuleFields, address: Callable[[str, str], str]) -> Any:
    """Returns the buttons of what can be done; `address` makes one of a rule's id and an act's name."""
    public_id = ids.encode(ids.GUARD_RULE, rule.id)
    of = TYPES[GuardRuleType(rule.type)]
    return in_row(
        {"address": address(public_id, name), "word": word, "of": of, "dialog": True, "small": True}
        for name, word in offered(rule)
    )


def new_rules(address: Callable[[str], str]) -> list[tuple[str, Any]]:
    """Returns the menu of types of a new rule: the address of each form, and its word."""
    return [(address(kind.value), word) for kind, word in TYPES.items()]
