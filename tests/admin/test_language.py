"""The admin speaks English and Chinese; the API speaks English to everybody."""

from __future__ import annotations

import html
import re

import pytest
from django.apps import apps
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from cavendish.above.ui import labels
from tests.factories import make_key, make_tenant
from tests.people.visitors import Visitor, person

CHINESE = "zh-CN,zh;q=0.9,en;q=0.5"
NOT_SHOWN = {
    "accounts.IdempotencyKey.state", "billing.Price.kind", "billing.Price.tier", "billing.Price.unit",
    "generations.BatchItem.status", "generations.File.source", "generations.Generation.priority",
    "generations.GuardRule.type", "generations.GuardRule.on_error", "generations.PlatformGuardRule.type",
    "generations.PlatformGuardRule.on_error", "generations.UpstreamCall.kind", "closing.Erasure.status",
    "mfa.Authenticator.type", "reconcile.ReconcileRun.trigger", "billing.NumberSeries.document",
    "billing.DunningStep.kind",
}  # fmt: skip
"""Fields whose labels no page of the admin shows, or shows in words of its own."""
NAMES = {"Gemini"}
"""Labels that are the same in every language."""


def language_and_heading(page: str) -> tuple[str, str]:
    language, heading = re.search(r'<html lang="([^"]+)"', page), re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert language is not None
    assert heading is not None
    return language[1], html.unescape(heading[1])


@pytest.mark.parametrize(
    ("accepted", "shown"),
    [
        (CHINESE, ("zh-hans", "租户")),
        ("zh", ("zh-hans", "租户")),
        ("zh-TW,en;q=0.5", ("zh-hans", "租户")),
        ("en-GB,zh;q=0.5", ("en", "Tenants")),
        ("tlh, xx-YY;q=0.9", ("en", "Tenants")),
        ("", ("en", "Tenants")),
    ],
)
def test_a_page_is_in_the_browsers_language_or_in_english(
    operator: Visitor, accepted: str, shown: tuple[str, str]
) -> None:
    answer = operator.get("/admin/tenants/", **{"Accept-Language": accepted})
    assert language_and_heading(answer.content.decode()) == shown
    assert answer.headers["Content-Language"] == shown[0]


def test_the_menus_choice_keeps_and_an_unknown_one_changes_nothing() -> None:
    grace = person(operator=True)
    grace.sign_in()
    chosen = grace.post("/account/language/", language="zh-hans", next="/admin/tenants/")
    assert (chosen.status_code, chosen.headers["Location"]) == (302, "/admin/tenants/")
    for _visit in range(2):
        page = grace.get("/admin/tenants/", **{"Accept-Language": "en"}).content.decode()
        assert language_and_heading(page) == ("zh-hans", "租户")
    grace.post("/account/language/", language="xx", next="/admin/tenants/")
    assert language_and_heading(grace.get("/admin/tenants/").content.decode())[0] == "zh-hans"
    grace.post("/account/language/", language="en", next="/admin/tenants/")
    page = grace.get("/admin/tenants/", **{"Accept-Language": CHINESE}).content.decode()
    assert language_and_heading(page) == ("en", "Tenants")


def test_what_is_not_there_is_named_in_the_browsers_language(operator: Visitor) -> None:
    page = operator.get("/admin/no-such-page/", **{"Accept-Language": CHINESE})
    assert page.status_code == 404
    assert language_and_heading(page.content.decode()) == ("zh-hans", "页面不存在")
    for path in ("/account/no-such-page/", "/no-such-page"):
        elsewhere = operator.get(path, **{"Accept-Language": CHINESE})
        assert language_and_heading(elsewhere.content.decode()) == ("zh-hans", "页面不存在"), path


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/generations", {"model": "gemini-3.1-flash-image"}),
        ("/api/v1/generations", {"model": "no-such-model", "input": "A banana"}),
        ("/v1beta/models/gemini-3.1-flash-image:generateContent", {"contents": 7}),
        ("/v1beta/models/no-such-model:generateContent", {"contents": [{"parts": [{"text": "A banana"}]}]}),
        ("/openai/v1/images/generations", {"model": "gemini-3.1-flash-image"}),
    ],
)
def test_an_api_refuses_a_chinese_client_in_english(django_db_setup: None, path: str, body: dict[str, object]) -> None:
    _key, secret = make_key(make_tenant())
    client = Client()

    def refusal(language: str) -> tuple[int, str]:
        answer = client.post(
            path,
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}", "x-goog-api-key": secret, "Accept-Language": language},
        )
        return answer.status_code, re.sub(r"req_\w+", "", answer.content.decode())

    english = refusal("en")
    assert 400 <= english[0] < 500
    assert refusal(CHINESE) == english


def test_every_label_of_a_choice_is_known_to_the_translation() -> None:
    known = {*labels.LABELS, *labels.PERIODS, *NAMES, "Money"}
    missing = [
        f"{model._meta.label}.{field.name}: {label}"
        for model in apps.get_models()
        for field in model._meta.fields
        for _value, label in field.flatchoices
        if f"{model._meta.label}.{field.name}" not in NOT_SHOWN and str(label) not in known
    ]
    assert missing == []
    with translation.override("zh-hans"):
        assert labels.label("Suspended") == "已暂停"
        assert labels.label("a name that somebody gave") == "a name that somebody gave"
        assert labels.label("") == ""
        assert labels.period("Month") == "每月"


def test_a_password_that_is_too_short_is_told_in_chinese() -> None:
    with translation.override("zh-hans"), pytest.raises(ValidationError) as refused:
        MinimumLengthValidator(12).validate("short")
    assert refused.value.messages == ["密码太短，至少需要 12 个字符。"]
