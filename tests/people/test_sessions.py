"""Where one is signed in: listed, and ended one by one or all others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.people.devices import device_of
from accounts.people.sessions import session_key_of
from tests.people.visitors import PASSWORD, Visitor, person, shown


def test_they_are_listed_and_ended_one_by_one() -> None:
    ada = person()
    ada.sign_in()
    phone, laptop = Visitor(ada.email), Visitor(ada.email)
    phone.client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Safari/604.1"
    phone.sign_in()
    laptop.sign_in()
    page = shown(ada.get("/account/sessions/"))
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert all(visitor.address in page for visitor in (ada, phone, laptop))

    [session] = UserSession.objects.filter(user=ada.user, ip=phone.address)
    ada.post(f"/account/sessions/{session.pk}/end/")
    assert "Signed out of Safari on iPhone." in shown(ada.get("/account/sessions/"))
    assert (ada.signed_in, phone.signed_in, laptop.signed_in) == (True, False, True)
    assert not Session.objects.filter(session_key=session.session_key).exists()
    assert ada.audit[-1] == "session_ended"


def test_all_others_end_at_once() -> None:
    ada = person()
    ada.sign_in()
    others = [Visitor(ada.email) for _ in range(3)]
    for other in others:
        other.sign_in()
    ada.post("/account/sessions/end-others/")
    assert ada.signed_in
    assert not any(other.signed_in for other in others)


def test_a_new_password_ends_all_others() -> None:
    ada = person()
    ada.sign_in()
    other = Visitor(ada.email)
    other.sign_in()
    new = "another walk, another beach"
    ada.post("/account/password/change/", oldpassword=PASSWORD, password1=new, password2=new)
    assert (ada.signed_in, other.signed_in) == (True, False)
    assert len(UserSession.objects.purge_and_list(ada.user)) == 1
    assert ada.mails[-1].subject == "Your password was changed"


def test_nobody_ends_or_changes_what_is_another_persons() -> None:
    """Another person's ids answer like those that do not exist."""
    ada, thief = person(), person()
    ada.sign_in()
    ada.totp_add()
    thief.sign_in()
    thief.totp_add()
    session = UserSession.objects.get(user=ada.user)
    factor = Authenticator.objects.get(user=ada.user, type="totp")
    for path in ("sessions/{}/end/", "2fa/webauthn/keys/{}/remove/", "2fa/webauthn/keys/{}/edit/"):
        foreign = session.pk if path.startswith("sessions") else factor.pk
        for asked in (thief.post, thief.get):
            answers = [asked(f"/account/{path.format(number)}") for number in (foreign, 10**9)]
            assert {answer.status_code for answer in answers} <= {404, 405}
            assert shown(answers[0]) == shown(answers[1])
    assert ada.signed_in
    assert Authenticator.objects.filter(pk=factor.pk).exists()


def test_last_seen_is_written_once_a_minute() -> None:
    ada = person()
    ada.sign_in()
    [session] = UserSession.objects.filter(user=ada.user)
    long_ago = timezone.now() - timedelta(hours=2)
    UserSession.objects.filter(pk=session.pk).update(last_seen_at=long_ago, ip="192.0.2.1")
    ada.get("/account/")
    seen = UserSession.objects.get(pk=session.pk)
    assert (seen.ip, seen.last_seen_at > long_ago) == (ada.address, True)
    ada.get("/account/")
    assert UserSession.objects.get(pk=session.pk).last_seen_at == seen.last_seen_at


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605.1", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.9.1", "curl"),
        ("<script>alert(1)</script>", "Unknown device"),
        ("", "Unknown device"),
    ],
)  # fmt: skip
def test_devices_have_names_that_people_use(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


def test_the_database_opens_no_session() -> None:
    """What is in it is the hash of the cookie's secret."""
    ada = person()
    ada.sign_in()
    secret = ada.client.cookies[settings.SESSION_COOKIE_NAME].value
    [row] = UserSession.objects.filter(user=ada.user)
    assert Session.objects.filter(session_key=row.session_key).exists()
    assert row.session_key == session_key_of(secret)
    assert secret not in str([Session.objects.values_list(), UserSession.objects.values_list()])
    thief = Visitor()
    thief.client.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
    assert not thief.signed_in
    assert ada.signed_in


@pytest.mark.parametrize("cookie", ["", "x", "a" * 40, "ü", "a" * 4000])
def test_a_cookie_that_is_none_is_no_session(cookie: str) -> None:
    visitor = Visitor()
    visitor.client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    assert not visitor.signed_in


def test_a_session_is_another_one_after_signing_in() -> None:
    """What somebody planted before is of no use to them."""
    ada = person()
    ada.get("/account/login/")
    ada.client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    ada.sign_in()
    assert ada.client.cookies[settings.SESSION_COOKIE_NAME].value != "a" * 32
