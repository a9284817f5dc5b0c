"""The JSON of a job as operators read it: its timeline, and its content once somebody said why."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.money import amount_text
from cavendish.db import ids
from cavendish.http.times import moment
from generations.jobs.services import ShownContent, ShownText
from generations.jobs.steps import Called
from generations.jobs.timeline import Delivery, Money, Timeline

_PREFIXES = {
    "generation_id": ids.GENERATION,
    "tenant_id": ids.TENANT,
    "key_id": ids.API_KEY,
    "member_id": ids.USER,
    "batch_id": ids.BATCH,
    "group_id": ids.GENERATION_GROUP,
    "conversation_id": ids.GENERATION,
    "previous_id": ids.GENERATION,
    "run_again_of": ids.GENERATION,
    "run_again_as": ids.GENERATION,
    "budget_id": ids.BUDGET,
    "transaction_id": ids.LEDGER_TRANSACTION,
    "delivery_id": ids.WEBHOOK_DELIVERY,
    "endpoint_id": ids.WEBHOOK_ENDPOINT,
    "output_id": ids.OUTPUT,
    "file_id": ids.FILE,
}
_CALL_BY_NUMBER = "call"


def job_json(timeline: Timeline) -> dict[str, Any]:
    """Returns a job with everything that is kept of it but its content."""
    shown = _object(timeline)
    return {"id": shown.pop("generation_id"), "object": "job", **shown}


_OF_A_TENANT = (
    "status", "livemode", "created_at", "started_at", "finished_at", "seconds", "attempts", "calls", "error_code",
    "steps", "segments", "money", "deliveries",
)  # fmt: skip
_MONEY_OF_A_TENANT = ("currency", "held", "went_back", "charged", "refunded", "lines", "is_charged", "included_images")
_OF_THE_OPERATOR = frozenset(
    {"worker", "host", "upstream_key", "upstream_id", "cooling_seconds", "same_key", "absorbed", "actor"}
)
"""Of steps: what `tenant_timeline` has emptied."""


def timeline_json(timeline: Timeline) -> dict[str, Any]:
    """Returns what `tenant_timeline` has of a job, without the fields that are the operator's."""
    shown = _object(timeline)
    return {
        "id": shown["generation_id"],
        "object": "timeline",
        **{name: shown[name] for name in _OF_A_TENANT},
        "money": {name: shown["money"][name] for name in _MONEY_OF_A_TENANT},
        "steps": [{**step, "facts": _without_the_operators(step["facts"])} for step in shown["steps"]],
    }


def _without_the_operators(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in _OF_THE_OPERATOR}


def content_json(content: ShownContent) -> dict[str, Any]:
    """Returns a job's content."""
    shown = _object(content)
    shown["prompt"] = [
        {"type": "text", "text": block.text} if isinstance(block, ShownText) else {**_object(block), "type": block.kind}
        for block in content.prompt
    ]
    return {"id": shown.pop("generation_id"), "object": "job_content", **shown}


def _object(value: Any) -> dict[str, Any]:
    names = [field.name for field in fields(value)]
    shown = {name: _value(name, getattr(value, name), value) for name in names}
    if isinstance(value, Called):
        shown["is_good"] = value.is_good
    if isinstance(value, Money):
        shown["refundable"] = amount_text(value.refundable)
    return shown


def _value(name: str, value: Any, owner: Any) -> Any:
    if isinstance(value, UUID):
        return ids.encode(_prefix(name, owner), value)
    if isinstance(value, Called) and name == _CALL_BY_NUMBER:
        return value.number  # the call itself is among the steps
    if is_dataclass(value):
        return _object(value)
    if isinstance(value, Decimal):
        return f"{value:f}" if name == "margin_percent" else amount_text(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, list | tuple):
        return [_value(name, item, owner) for item in value]
    return value


def _prefix(name: str, owner: Any) -> str:
    if name == "id":
        return ids.WEBHOOK_DELIVERY if isinstance(owner, Delivery) else ids.OUTPUT
    return _PREFIXES[name]
