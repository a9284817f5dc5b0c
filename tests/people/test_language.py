"""Pages and mails in the language that a person chose, else in the browser's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pytest_django import Settings

from accounts.people.services import person_change
from tests.people.visitors import PASSWORD, Visitor, person

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}
ENGLISH = {"Accept-Language": "en-GB"}


def language(page: Any) -> str:
    found = re.search(r'<html lang="([^"]+)"', page.content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize(
    "path", ["/account/login/", "/account/password/reset/", "/invitations/none", "/no-such-page", "/account/nothing/"]
)
def test_pages_before_the_sign_in_are_in_the_browsers(path: str) -> None:
    assert language(Visitor().get(path, **CHINESE)) == "zh-hans"
    assert language(Visitor().get(path, **ENGLISH)) == "en"


def test_a_visitors_choice_holds_for_their_browser() -> None:
    visitor = Visitor()
    visitor.post("/account/language/", language="zh-hans", next="/account/login/")
    assert visitor.page.headers["Location"] == "/account/login/"
    assert language(visitor.get("/account/login/", **ENGLISH)) == "zh-hans"


def test_a_persons_choice_goes_with_them() -> None:
    ada = person()
    ada.sign_in()
    assert language(ada.get("/account/", **ENGLISH)) == "en"
    ada.post("/account/language/", language="zh-hans", next="/account/")
    assert ada.user.language == "zh-hans"
    elsewhere = Visitor(ada.email)
    elsewhere.sign_in()
    assert language(elsewhere.get("/account/", **ENGLISH)) == "zh-hans"
    ada.post("/account/language/", language="tlh", next="/account/")
    assert ada.user.language == "zh-hans"


def test_the_profile_changes_name_and_language() -> None:
    ada = person()
    ada.sign_in()
    ada.post("/account/profile/", name="Ada Lovelace", language="zh-hans")
    assert (ada.user.name, ada.user.language) == ("Ada Lovelace", "zh-hans")
    assert language(ada.get("/account/profile/", **ENGLISH)) == "zh-hans"
    ada.post("/account/profile/", name="Ada", language="")
    assert (ada.user.name, ada.user.language) == ("Ada", "")
    assert language(ada.get("/account/profile/", **CHINESE)) == "zh-hans"
    assert language(ada.get("/account/profile/", **ENGLISH)) == "en"
    for name in ("", "see www.evil.example/x", "x" * 61):
        assert ada.post("/account/profile/", name=name, language="").status_code == 422
    assert ada.user.name == "Ada"


def test_mails_are_in_the_persons_language_and_else_in_the_pages(settings: Settings) -> None:
    settings.SIGNUP = "open"
    mei = Visitor()
    mei.post("/account/signup/", name="Mei", email=mei.email, password1=PASSWORD, headers=CHINESE)
    assert '<html lang="zh-hans">' in mei.mails[-1].html
    mei.post("/account/confirm-email/", code=mei.mailed_code)
    assert mei.user.language == "zh-hans", "for the mails that no page sends"

    ada = person()
    ada.post("/account/password/reset/", email=ada.email, headers=CHINESE)
    assert '<html lang="zh-hans">' in ada.mails[-1].html
    person_change(user=ada.user, language="en")
    ada.post("/account/password/reset/", email=ada.email, headers=CHINESE)
    assert '<html lang="en">' in ada.mails[-1].html
