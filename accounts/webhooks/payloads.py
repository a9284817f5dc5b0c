"""The `data` of events. Apps register a builder for their nouns; the rest is what the event itself says.

payload_register("generation", builder)   # in AppConfig.ready
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import WebhookDelivery, WebhookEndpoint
from cavendish.db import ids
from cavendish.http.times import moment

# Of a change of status, which the event's name says already.
_INTERNAL = {"old", "new", "reason", "attempt"}
_PREFIXES = {
    "generation": ids.GENERATION,
    "batch": ids.BATCH,
    "budget": ids.BUDGET,
    "wallet": ids.TENANT,
    "invoice": ids.INVOICE,
    "key": ids.API_KEY,
    "member": ids.USER,
}
_OBJECTS = {"key": "api_key"}


@dataclass(frozen=True)
class Payload:
    """An event's data and the mode of what it is about; `livemode` None is for what both modes share."""

    data: dict[str, Any]
    livemode: bool | None


@dataclass(frozen=True)
class Occurrence:
    """An event as a builder sees it: `type` and `facts` are those of the event table."""

    tenant_id: UUID
    type: str
    subject: UUID
    facts: Mapping[str, Any]
    user_metadata: Any = None


Builder = Callable[[Occurrence], Payload | None]
"""Called in the tenant's context; None where there is nothing to send any more."""

_native: dict[str, Builder] = {}
_gemini: dict[str, Builder] = {}


def payload_register(noun: str, builder: Builder, *, gemini: bool = False) -> None:
    """Registers who builds the data of events of `noun`, natively or in Gemini's words."""
    (_gemini if gemini else _native)[noun] = builder


def body_build(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> str | None:
    """Returns the body that is sent and signed, or None where the endpoint must not have it.

    That is when the subject is gone, or is of the other mode: a key for tests reads nothing that is live. Call it in
    the tenant's context.
    """
    noun = delivery.source_type.partition(".")[0]
    metadata = _user_metadata(delivery) if endpoint.dialect == endpoint.Dialect.GEMINI else None
    occurrence = Occurrence(delivery.tenant_id, delivery.source_type, delivery.subject, delivery.facts, metadata)
    is_gemini = endpoint.dialect == endpoint.Dialect.GEMINI
    builder = _gemini.get(noun) if is_gemini else _native.get(noun, _plain)
    payload = builder(occurrence) if builder is not None else None
    if payload is None or (True if payload.livemode is None else payload.livemode) != endpoint.livemode:
        return None
    more = {"version": "v1"} if is_gemini else {}
    return body_text(delivery.event_type, moment(delivery.event_at), payload.data, **more)


def body_text(type: str, timestamp: str | None, data: Mapping[str, Any], **more: str) -> str:
    """Returns the JSON of Standard Webhooks: type, timestamp, data; `more` stands before the data."""
    body = {"type": type, **more, "timestamp": timestamp, "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _plain(occurrence: Occurrence) -> Payload:
    noun = occurrence.type.partition(".")[0]
    facts = {name: value for name, value in occurrence.facts.items() if name not in _INTERNAL}
    data = {"id": ids.encode(_PREFIXES[noun], occurrence.subject), "object": _OBJECTS.get(noun, noun), **facts}
    return Payload(data, occurrence.facts.get("livemode"))


def _user_metadata(delivery: WebhookDelivery) -> Any:
    rows = WebhookEndpoint.objects.filter(tenant_id=delivery.tenant_id, subject=delivery.subject, dialect="gemini")
    return rows.exclude(user_metadata=None).values_list("user_metadata", flat=True).first()
