"""The JSON of a guard rule. Every field is always present; null where it is none of the rule's type."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from billing.fields import decimal_text
from cavendish.db import ids
from cavendish.http.times import moment
from generations.models import GuardRule, GuardRuleType
from generations.models.guard_rule import GuardRuleFields

FIELDS: dict[str, tuple[str, ...]] = {
    GuardRuleType.WORDS: ("words",),
    GuardRuleType.LIMITS: ("max_image_size", "max_amount"),
    GuardRuleType.LANGUAGES: ("languages",),
    GuardRuleType.HOOK: ("url", "stages", "timeout_seconds", "on_error"),
}
"""The fields of each type beside those that all have."""


def guard_rule_json(row: GuardRuleFields, *, full: bool, secret: str | None = None) -> dict[str, Any]:
    """Returns a rule; `secret` only where it was just made.

    `full` is for operators: a tenant reads neither the address of the operator's hook nor what others were refused.
    """
    own = row if isinstance(row, GuardRule) else None
    set_by_operator = own is None or own.set_by_operator
    fields = FIELDS[row.type]
    ends = row.previous_expires_at
    shown = {
        "id": ids.encode(ids.GUARD_RULE, row.id),
        "object": "guard_rule",
        "type": row.type,
        "enabled": row.enabled,
        "description": row.description,
        "livemode": row.livemode,
        "tenant_id": ids.encode(ids.TENANT, own.tenant_id) if own is not None else None,
        "api_key_id": ids.encode(ids.API_KEY, own.api_key_id) if own is not None and own.api_key_id else None,
        "set_by_operator": set_by_operator,
        **{name: _value(row, name) if name in fields else None for names in FIELDS.values() for name in names},
        "previous_secret_expires_at": moment(ends if ends and ends > timezone.now() else None),
        "refusals": row.refusals if full or own is not None else None,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }
    if set_by_operator and not full:
        shown["url"] = None
    return shown if secret is None else {**shown, "secret": secret}


def _value(row: GuardRuleFields, name: str) -> Any:
    value = getattr(row, name)
    if name == "max_amount":
        return None if value is None else decimal_text(value)
    return value or None if name == "max_image_size" else value
