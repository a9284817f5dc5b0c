"""The platform's guard rules: created by type with the API's checks, switched, rotated and deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import OperatorRole
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import PlatformGuardRule
from tests.admin.acting import act, act_done
from tests.people.visitors import Visitor, person, shown

RULES = "/admin/settings/guard-rules/"


@pytest.fixture(autouse=True)
def no_rule_left() -> Iterator[None]:
    yield
    with acting_as("operator"):
        PlatformGuardRule.objects.all().delete()


def rule(**values: Any) -> PlatformGuardRule:
    with acting_as("operator"):
        row: PlatformGuardRule = PlatformGuardRule.objects.get(**values)
    return row


def path(row: PlatformGuardRule, name: str) -> str:
    return f"{RULES}{ids.encode(ids.GUARD_RULE, row.id)}/{name}/"


def test_rules_are_created_by_type_and_switched_and_deleted(operator: Visitor) -> None:
    act_done(operator, f"{RULES}new/words/", words="blood\n\n gore ", description="Calm")
    words = rule(type="words")
    assert (words.words, words.livemode, words.enabled, words.description) == (["blood", "gore"], None, True, "Calm")
    act_done(operator, f"{RULES}new/limits/", max_image_size="2K", max_amount="0.5", mode="live")
    limits = rule(type="limits")
    assert (limits.max_image_size, str(limits.max_amount), limits.livemode) == ("2K", "0.500000000", True)
    act_done(operator, f"{RULES}new/languages/", languages="en, zh", mode="test")
    assert (rule(type="languages").languages, rule(type="languages").livemode) == (["en", "zh"], False)
    page = shown(operator.get(RULES))
    for text in ("refuses blood, gore", "at most 2K, at most 0.5000 a request", "allows en, zh"):
        assert text in page, text
    act_done(operator, path(words, "off"))
    assert not rule(type="words").enabled
    assert path(words, "on") in shown(operator.get(RULES))
    act_done(operator, path(words, "on"))
    assert rule(type="words").enabled
    act_done(operator, path(words, "delete"))
    assert operator.get(path(words, "delete")).status_code == 404


def test_a_hook_shows_its_secret_once(operator: Visitor) -> None:
    values = {"url": "https://hooks.example/guard", "stages": ["before", "after"], "timeout_seconds": "2.5"}
    refused = act(operator, f"{RULES}new/hook/", **{**values, "timeout_seconds": "99"}, on_error="allow")
    assert (refused.status_code, "out of range" in shown(refused)) == (422, True)
    secrets = []
    for name in (f"{RULES}new/hook/", ""):
        address = name or path(rule(type="hook"), "rotate")
        made = act(operator, address, **({**values, "on_error": "allow"} if name else {}))
        secret = re.search(r'data-copy="(whsec_[^"]+)"', shown(made))
        assert secret is not None
        assert made.headers["Cache-Control"] == "no-store"
        secrets.append(secret[1])
    assert len(set(secrets)) == 2
    assert rule(type="hook").stages == ["before", "after"]
    page = shown(operator.get(RULES))
    assert "whsec" not in page
    assert "asks https://hooks.example/guard, else allows" in page


@pytest.mark.parametrize(
    ("kind", "values", "why"),
    [
        ("limits", {}, "Set max_image_size, max_amount or both."),
        ("languages", {"languages": "klingon"}, "is not known"),
        ("words", {"words": "  "}, "This field is required."),
        ("hook", {"url": "ftp://x", "stages": "before", "timeout_seconds": "5", "on_error": "allow"}, "http"),
    ],
)
def test_what_the_api_refuses_is_refused(operator: Visitor, kind: str, values: dict[str, str], why: str) -> None:
    refused = act(operator, f"{RULES}new/{kind}/", **values)
    assert (refused.status_code, why in shown(refused)) == (422, True)


def test_other_roles_read_and_change_nothing(operator: Visitor, reader: Visitor) -> None:
    act_done(operator, f"{RULES}new/words/", words="blood")
    row, support = rule(type="words"), person(operator=True, role=OperatorRole.SUPPORT)
    support.sign_in()
    for visitor in (reader, support):
        page = shown(visitor.get(RULES))
        assert ("refuses blood" in page, path(row, "off") in page, "/new/" in page) == (True, False, False)
        for address in (path(row, "off"), path(row, "delete"), f"{RULES}new/words/"):
            assert visitor.post(address, confirm="1", words="x").status_code == 403
    assert rule(type="words").enabled
