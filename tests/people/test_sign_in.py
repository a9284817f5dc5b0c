"""Signing in by password: what it takes, what it tells, how often it may be tried."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import pytest
import redis
from django.conf import settings as django_settings
from django.contrib.auth.hashers import ScryptPasswordHasher
from pytest_django import Settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.models import User
from cavendish.db.router import acting_as
from cavendish.messaging import cache, valkey
from tests.people.visitors import PASSWORD, Visitor, person, shown

WRONG = "The email address and/or password you specified are not correct."
ENOUGH = "Too many failed login attempts. Try again later."


def test_a_person_signs_in_and_out() -> None:
    ada = person()
    before = ada.session.session_key
    page = ada.sign_in()
    assert (page.status_code, page.headers["Location"]) == (302, "/console/")
    assert ada.session.session_key != before  # what was planted before is of no use
    assert ada.signed_in
    cookie = ada.client.cookies[django_settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 14 * 24 * 3600)

    assert ada.get("/account/logout/").status_code == 200  # asks; a link ends nothing
    assert ada.signed_in
    ada.post("/account/logout/")
    assert not ada.signed_in
    assert ada.audit == ["signed_in", "signed_out"]


def test_the_email_is_compared_without_regard_to_case() -> None:
    ada = person()
    ada.email = ada.email.upper()
    assert ada.sign_in().status_code == 302


def test_a_wrong_password_and_an_unknown_person_look_the_same() -> None:
    ada, nobody = person(), Visitor()
    known, unknown = ada.sign_in("wrong password"), nobody.sign_in("wrong password")
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert WRONG in shown(known)
    assert shown(known).replace(ada.email, "") == shown(unknown).replace(nobody.email, "")


def test_they_take_the_same_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing in with a known and an unknown name, and signing up with a taken and a free one."""
    settings.SIGNUP = "open"
    monkeypatch.setattr(ScryptPasswordHasher, "work_factor", 2**14)  # Django's own, not the tests'

    def seconds(ask: Callable[[], object]) -> float:
        began = time.perf_counter()
        ask()
        return time.perf_counter() - began

    known = [person() for _ in range(3)]
    unknown = [Visitor() for _ in range(3)]
    signing_in = [median(seconds(partial(visitor.sign_in, "wrong")) for visitor in group) for group in (known, unknown)]
    taken = [Visitor(visitor.email) for visitor in known]
    signing_up = [median(seconds(visitor.sign_up) for visitor in group) for group in (taken, unknown)]
    # Hashing is most of it; without it a name would be told by an answer in a tenth of the time.
    for visitor, other in (signing_in, signing_up):
        assert 0.4 < visitor / other < 2.5


def test_a_closed_account_is_told_so_only_with_its_password() -> None:
    ada = person()
    with acting_as("operator"):
        User.objects.filter(email=ada.email).update(is_active=False)
    assert WRONG in shown(ada.sign_in("wrong password"))
    assert ada.sign_in().headers["Location"] == "/account/inactive/"
    assert not ada.signed_in


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_host(target: str) -> None:
    assert person().sign_in(next=target).headers["Location"] == "/console/"


def test_a_page_that_was_wanted_comes_after() -> None:
    ada = person()
    answer = ada.get("/account/sessions/")
    assert answer.headers["Location"] == "/account/login/?next=/account/sessions/"
    assert ada.sign_in(next="/account/sessions/").headers["Location"] == "/account/sessions/"


@pytest.mark.parametrize("known", [True, False])
def test_an_account_is_tried_five_times_whoever_tries(known: bool) -> None:
    """From any address and under any host name; the right password is then refused as well."""
    email = person().email if known else Visitor().email
    answers = []
    for host in ("127.0.0.1", "localhost", "127.0.0.1", "[::1]", "127.0.0.1", "localhost"):
        visitor = Visitor(email)
        answers.append(shown(visitor.post("/account/login/", login=email, password="wrong", headers={"Host": host})))
    assert [WRONG in answer for answer in answers] == [True] * 5 + [False]
    assert ENOUGH in answers[-1]
    assert ENOUGH in shown(Visitor(email).sign_in())


def test_an_address_tries_twenty_names() -> None:
    address = Visitor().address
    answers = [Visitor(address=address).sign_in("wrong") for _ in range(21)]
    assert [WRONG in shown(answer) for answer in answers] == [True] * 20 + [False]


def test_signing_in_does_not_use_up_the_tries() -> None:
    ada = person()
    for _ in range(6):
        assert ada.sign_in().status_code == 302
        ada.post("/account/logout/")


def test_without_valkey_people_sign_in_and_tries_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(valkey, "client", lambda: away)
    monkeypatch.setattr(cache.SharedCache, "_paused_until", 0.0)
    ada = person()
    assert ada.sign_in().status_code == 302
    victim = person().email
    answers = [shown(Visitor(victim).sign_in(secrets.token_hex(8))) for _ in range(6)]
    assert [WRONG in answer for answer in answers] == [True] * 5 + [False]
    monkeypatch.setattr(cache.SharedCache, "_paused_until", 0.0)


def test_forms_without_their_token_are_refused() -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    for path in ("/account/login/", "/account/signup/", "/account/logout/", "/account/password/reset/"):
        answer = client.post(path, {"login": "a@example.com", "password": PASSWORD})
        assert answer.status_code == 403
        assert b"This page has expired" in answer.content
