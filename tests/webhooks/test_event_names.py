"""The table of names in Python is the one that the trigger has."""

from __future__ import annotations

import re

import pytest

from accounts.webhooks.event_names import GEMINI, PUBLIC, matches, patterns
from tests.db.sql_text import triggers


def of_trigger(variable: str) -> dict[str, str]:
    text = triggers()["accounts_webhook_fan_out"][0].text
    part = text[text.index(f"{variable} text := CASE") :]
    return dict(re.findall(r"WHEN '([\w.]+)' THEN '([\w.]+)'", part[: part.index("END;")]))


def test_the_trigger_has_the_same_names() -> None:
    assert of_trigger("native") == PUBLIC
    assert of_trigger("gemini") == GEMINI


@pytest.mark.parametrize(
    ("events", "name", "expected"),
    [
        (["*"], "key.created", True),
        (["key.*"], "key.created", True),
        (["key.created"], "key.created", True),
        (["key.revoked", "invoice.*"], "key.created", False),
    ],
)
def test_patterns(events: list[str], name: str, expected: bool) -> None:
    assert matches(events, name) is expected
    assert set(events) <= set(patterns())
