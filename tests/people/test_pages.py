"""What every page carries: one policy without inline scripts and styles, and nothing of another host."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from cavendish.db import ids
from cavendish.http.security import PERMISSIONS
from tests.people.visitors import Visitor, person

STRICT = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "frame-src 'self'", "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'",
    "frame-ancestors 'none'",
}  # fmt: skip
# A `<script>` that the browser does not run: data for the scripts of files.
DATA = re.compile(r'<script[^>]*type="application/json"')
FORBIDDEN = re.compile(
    r"<style|\sstyle=|\son\w+=\"|javascript:|<script(?![^>]*\ssrc=)|(?:src|action)=\"(?:https?:)?//|<link[^>]*href=\"(?:https?:)?//"
)

OPEN = ("login", "signup", "password/reset", "password/reset/done", "inactive", "3rdparty/login/cancelled")
CLOSED = (
    "", "email", "password/change", "2fa", "2fa/totp/activate", "2fa/webauthn", "2fa/webauthn/add",
    "2fa/recovery-codes", "2fa/recovery-codes/generate", "2fa/totp/deactivate", "sessions", "tenants", "3rdparty",
    "policy", "logout", "reauthenticate", "2fa/reauthenticate",
)  # fmt: skip


def check(response: Any, *, path: str = "") -> None:
    assert set(response.headers["Content-Security-Policy"].split("; ")) == STRICT, path
    assert response.headers["Permissions-Policy"] == PERMISSIONS
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    html = re.sub(r'src="data:image/svg\+xml[^"]*"', "", response.content.decode())
    without_data = DATA.sub('<script src="" ', html)
    assert FORBIDDEN.findall(without_data) == [], path


@pytest.mark.parametrize("path", OPEN)
def test_pages_before_one_is_signed_in(path: str) -> None:
    check(Visitor().get(f"/account/{path}/"), path=path)


def test_pages_of_an_account() -> None:
    ada = person()
    ada.sign_in()
    ada.totp_add()
    for path in CLOSED:
        page = ada.get(f"/account/{path}/".replace("//", "/"))
        assert page.status_code in {200, 302}, path
        if page.status_code == 200:
            check(page, path=path)
            assert "no-store" in page.headers["Cache-Control"], path


def test_the_second_step() -> None:
    ada = person()
    ada.sign_in()
    ada.totp_add()
    again = Visitor(ada.email)
    again.sign_in()
    check(again.get("/account/2fa/authenticate/"))


def test_pages_of_the_admin() -> None:
    grace = person(operator=True)
    grace.sign_in()
    for path in ("", "people/", f"people/{ids.encode(ids.USER, grace.user.pk)}/", "tenants/", "tenants/new/", "more"):
        page = grace.get(f"/admin/{path}")
        assert page.status_code == 200
        check(page, path=path)


def test_the_documentation_of_the_api() -> None:
    check(Client().get("/api/v1/docs"))


@pytest.mark.parametrize("path", ["/nothing", "/account/nothing/"])
def test_pages_that_are_not_there(path: str) -> None:
    page = Client().get(path)
    assert page.status_code == 404
    check(page)
    assert b"Page not found" in page.content


def test_answers_that_are_no_pages_carry_none_of_it() -> None:
    answer = Client().get("/api/v1/generations")
    assert answer.status_code == 401
    assert "Content-Security-Policy" not in answer.headers
