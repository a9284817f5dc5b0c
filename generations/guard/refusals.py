"""Refusals of rules: counted, and told in one sentence."""

from __future__ import annotations

import logging

from django.db import Error

from cavendish.telemetry import metrics
from generations.guard.rules import Rule, refusal_count
from generations.models import GuardStage

logger = logging.getLogger(__name__)


def refusal_note(rule: Rule, stage: GuardStage) -> None:
    """Counts a refusal, in `/metrics` and at the rule. Call it outside of transactions."""
    metrics.GUARD_REFUSALS.labels(rule.row.type, stage.value).inc()
    try:
        refusal_count(rule)
    except Error as error:
        # The refusal stands all the same. The message may repeat values.
        logger.warning("A refusal of rule %s was not counted: %s.", rule.public_id, type(error).__name__)


def refusal_text(rule: Rule, reason: str, *, noun: str) -> str:
    """Returns why a rule refuses a `noun`, for people."""
    owner = "of the operator" if rule.is_operators else "of this tenant"
    why = reason.rstrip(".") or "its hook gave no reason"
    return f"A guard rule {owner} ({rule.public_id}) refuses this {noun}: {why}."
