"""The names of events: in the event table, for receivers, and in Gemini's words. The trigger has the same table."""

from __future__ import annotations

from collections.abc import Sequence

PUBLIC: dict[str, str] = {
    "generation.succeeded": "generation.succeeded",
    "generation.failed": "generation.failed",
    "generation.canceled": "generation.canceled",
    "batch.created": "batch.created",
    "batch.completed": "batch.completed",
    "batch.canceled": "batch.canceled",
    "batch.expired": "batch.expired",
    "batch.failed": "batch.failed",
    "budget.threshold_reached": "budget.threshold",
    "wallet.low_balance": "wallet.low",
    "wallet.topped_up": "wallet.topped_up",
    "wallet.top_up_reversed": "wallet.top_up_reversed",
    "wallet.auto_top_up_disabled": "wallet.auto_top_up_disabled",
    "payment.succeeded": "payment.succeeded",
    "payment.failed": "payment.failed",
    "payment.requires_action": "payment.requires_action",
    "payment.disputed": "payment.disputed",
    "invoice.finalised": "invoice.finalized",
    "invoice.paid": "invoice.paid",
    "invoice.overdue": "invoice.overdue",
    "invoice.reminded": "invoice.reminded",
    "usage.anomaly": "usage.anomaly",
    "tenant.payment_suspended": "tenant.payment_suspended",
    "tenant.payment_resumed": "tenant.payment_resumed",
    "invoice.payment_reversed": "invoice.payment_reversed",
    "key.created": "key.created",
    "key.changed": "key.changed",
    "key.rotated": "key.rotated",
    "key.revoked": "key.revoked",
    "member.joined": "member.joined",
    "member.role_changed": "member.role_changed",
    "member.removed": "member.removed",
    "member.left": "member.left",
}
"""Name in the event table → name that receivers read."""

GEMINI: dict[str, str] = {
    "generation.succeeded": "interaction.completed",
    "generation.failed": "interaction.failed",
    "batch.completed": "batch.succeeded",
    "batch.expired": "batch.expired",
    "batch.failed": "batch.failed",
}
"""Name in the event table → name in Gemini's words, for those that it has."""

# What Gemini also lets clients subscribe to and what never happens here.
GEMINI_NEVER = ("interaction.requires_action", "video.generated")

TEST = "webhook.test"
"""The event that only `…/test` sends, to the one endpoint."""

ALL = "*"


def patterns() -> list[str]:
    """Returns everything that an endpoint's `events` may contain: each name, "invoice.*" and the like, and "*"."""
    names = list(PUBLIC.values())
    return [ALL, *dict.fromkeys(f"{name.partition('.')[0]}.*" for name in names), *names]


def matches(events: Sequence[str], name: str) -> bool:
    """Returns whether an endpoint with these `events` receives the event."""
    return name in events or f"{name.partition('.')[0]}.*" in events or ALL in events
