"""The events of webhooks, by what they are about, in words."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.webhooks.event_names import ALL, PUBLIC
from cavendish.above.console.settings.words import explained

WORDS: dict[str, str | Promise] = {
    ALL: _("Everything, also what is added later"),
    "generation.succeeded": _("A job has its pictures"),
    "generation.failed": _("A job failed"),
    "generation.canceled": _("A job was canceled"),
    "batch.created": _("A batch was accepted"),
    "batch.completed": _("A batch is done"),
    "batch.canceled": _("A batch was canceled"),
    "batch.expired": _("A batch ran out of time"),
    "batch.failed": _("A batch failed"),
    "budget.threshold": _("A budget reached a threshold"),
    "wallet.low": _("The balance is low"),
    "wallet.topped_up": _("Money was added to the balance"),
    "wallet.top_up_reversed": _("A top-up was taken back"),
    "wallet.auto_top_up_disabled": _("The automatic top-up was switched off"),
    "payment.succeeded": _("A payment came"),
    "payment.failed": _("A payment failed"),
    "payment.requires_action": _("A payment needs somebody"),
    "payment.disputed": _("A payment is disputed"),
    "invoice.finalized": _("An invoice is final"),
    "invoice.paid": _("An invoice is paid"),
    "invoice.overdue": _("An invoice is overdue"),
    "invoice.reminded": _("A reminder of an unpaid invoice was sent"),
    "usage.anomaly": _("A day's spend is unusual"),
    "tenant.payment_suspended": _("Live keys rest: an invoice is overdue"),
    "tenant.payment_resumed": _("Live keys work again"),
    "invoice.payment_reversed": _("A payment was taken back"),
    "key.created": _("A key was created"),
    "key.changed": _("A key was changed"),
    "key.rotated": _("A key was rotated"),
    "key.revoked": _("A key was revoked"),
    "member.joined": _("Somebody joined"),
    "member.role_changed": _("A member's role changed"),
    "member.removed": _("A member was removed"),
    "member.left": _("A member left"),
    "webhook.test": _("A test from this page"),
}
GROUPS: dict[str, str | Promise] = {
    "generation.*": _("All about jobs"),
    "batch.*": _("All about batches"),
    "budget.*": _("All about budgets"),
    "wallet.*": _("All about the balance"),
    "payment.*": _("All about payments"),
    "invoice.*": _("All about invoices"),
    "usage.*": _("All about usage"),
    "tenant.*": _("All about the tenant"),
    "key.*": _("All about API keys"),
    "member.*": _("All about members"),
}


def choices() -> list[tuple[str, Any]]:
    """Returns what an endpoint can receive: everything, then each group followed by its events."""
    listed: list[tuple[str, Any]] = [(ALL, explained(WORDS[ALL], ALL))]
    for group, word in GROUPS.items():
        listed.append((group, explained(word, group)))
        about = group.removesuffix("*")
        single = [name for name in PUBLIC.values() if name.startswith(about)]
        listed += [(name, explained(WORDS[name], name, below=True)) for name in single]
    return listed


def names() -> list[tuple[str, Any]]:
    """Returns each single event, for a filter."""
    return [(name, WORDS[name]) for name in (*PUBLIC.values(), "webhook.test")]


def word(name: str) -> str:
    """Returns an event, or a group of them, in words; an unknown one by its name."""
    return str(WORDS.get(name) or GROUPS.get(name) or name)
