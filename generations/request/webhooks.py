"""Where the events of one job are sent: `webhook` of a native request, `webhook_config` of Gemini's."""

from __future__ import annotations

import json

from accounts.webhooks.event_names import ALL, GEMINI, PUBLIC
from cavendish.http.problems import shown
from generations.request.fields import Fields
from generations.request.generation_request import JobWebhooks

MAX_URIS = 5
MAX_USER_METADATA_CHARS = 4_096
EVENTS = (ALL, "generation.*", *(name for name in PUBLIC.values() if name.startswith("generation.")))


def webhook_parse(fields: Fields) -> JobWebhooks | None:
    """Returns what `webhook` names: `{"url": …, "events": […]}`, all events unless it says which."""
    inner = fields.inner("webhook")
    if inner is None:
        return None
    url = inner.text("url")
    if url is None and not inner.has("url"):
        inner.wrong("url", "required", "url is missing.")
    events = inner.items("events")
    for index, event in enumerate(events):
        if event not in EVENTS:
            detail = f"{shown(event)} is no event of a generation; use {', '.join(EVENTS)}."
            fields.context.wrong(f"{inner.at('events')}/{index}", "unknown_value", detail)
    inner.close()
    if url is None:
        return None
    return JobWebhooks("native", (url,), (inner.at("url"),), tuple(str(event) for event in events) or (ALL,))


def webhook_config_parse(fields: Fields) -> JobWebhooks | None:
    """Returns what `webhook_config` names: `{"uris": […], "user_metadata": {…}}`."""
    inner = fields.inner("webhook_config")
    if inner is None:
        return None
    uris, pointers = [], []
    for index, uri in enumerate(inner.items("uris")):
        pointer = f"{inner.at('uris')}/{index}"
        if not isinstance(uri, str):
            fields.context.wrong(pointer, "wrong_type", f"This is {shown(uri)}; it takes a string.")
        else:
            uris.append(uri)
            pointers.append(pointer)
    if len(uris) > MAX_URIS:
        inner.wrong("uris", "too_many", f"Use at most {MAX_URIS} uris.")
    metadata = inner.inner("user_metadata")
    if metadata is not None and len(json.dumps(metadata.values)) > MAX_USER_METADATA_CHARS:
        detail = f"user_metadata takes at most {MAX_USER_METADATA_CHARS} characters of JSON."
        inner.wrong("user_metadata", "too_long", detail)
    inner.close()
    values = dict(metadata.values) if metadata is not None else None
    if not uris and values is None:
        return None
    events = tuple(dict.fromkeys(GEMINI.values()))
    return JobWebhooks("gemini", tuple(uris), tuple(pointers), events, values)
