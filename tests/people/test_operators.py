"""What operators do about people in the admin, and what the clock tidies up."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.people.services import people_tidy
from cavendish.db.router import acting_as
from tests.people.visitors import Visitor, person, shown


def act(operator: Visitor, action: str, *people: Visitor) -> str:
    ids = [str(visitor.user.pk) for visitor in people]
    path, chosen = "/admin/accounts/user/", {"action": action, "_selected_action": ids}
    asking = shown(operator.post(path, **chosen))
    assert all(str(visitor.user) in asking for visitor in people if visitor is not operator)
    assert "Enter a reason." in shown(operator.post(path, **chosen, confirm="1", reason=" "))
    operator.post(path, **chosen, confirm="1", reason="asked by phone")
    return shown(operator.get("/admin/accounts/user/"))


def test_somebody_lost_all_their_factors() -> None:
    grace, ada = person(operator=True), person()
    grace.sign_in()
    ada.sign_in()
    ada.totp_add()
    assert "Reset two-factor authentication for 1 of 1 people." in act(grace, "factors_remove", ada)
    assert not Authenticator.objects.filter(user=ada.user).exists()
    assert not ada.signed_in
    assert Visitor(ada.email).sign_in().headers["Location"] == "/account/"
    assert "second_factors_removed" in ada.audit
    assert "Reset two-factor authentication for 0 of 1 people." in act(grace, "factors_remove", ada)


def test_an_account_is_closed_and_opened_again() -> None:
    grace, ada = person(operator=True), person()
    grace.sign_in()
    ada.sign_in()
    assert "Deactivated 1 of 1 people." in act(grace, "close", ada)
    assert not ada.signed_in
    assert ada.sign_in().headers["Location"] == "/account/inactive/"
    assert "This account is deactivated" in shown(ada.get("/account/inactive/"))
    act(grace, "close", grace)
    assert grace.signed_in  # nobody locks themselves out
    assert "Reactivated 1 of 1 people." in act(grace, "reopen", ada)
    ada.sign_in()
    assert ada.signed_in
    assert ada.audit[:4] == ["signed_in", "closed", "reopened", "signed_in"]


def test_sessions_are_ended_from_outside() -> None:
    grace, ada = person(operator=True), person()
    grace.sign_in()
    ada.sign_in()
    act(grace, "sessions_end", ada)
    assert not ada.signed_in


def test_the_admin_has_no_form_past_the_services() -> None:
    grace = person(operator=True)
    grace.sign_in()
    page = shown(grace.get("/admin/"))
    for table in ("account", "mfa", "socialaccount", "usersessions"):
        assert f"/admin/{table}/" not in page
        assert grace.get(f"/admin/{table}/").status_code == 404
    assert grace.get("/admin/accounts/user/add/").status_code == 403
    assert grace.post(f"/admin/accounts/user/{grace.user.pk}/change/", email="x@example.com").status_code == 403


def test_what_is_over_is_tidied_up(settings: Settings) -> None:
    settings.SIGNUP = "open"
    squatter, late, ada = Visitor(), Visitor(), person()
    squatter.sign_up()
    late.sign_up()
    ada.sign_in()
    key = ada.session.session_key
    with acting_as("operator"):
        long_ago = timezone.now() - timedelta(days=8)
        User.objects.filter(email__in=[squatter.email, ada.email]).update(created_at=long_ago, last_login=None)
        Session.objects.filter(session_key=key).update(expire_date=long_ago)
    assert people_tidy() >= 1
    assert not User.objects.filter(email=squatter.email).exists()
    assert not EmailAddress.objects.filter(email=squatter.email).exists()
    assert User.objects.filter(email=late.email).exists()
    assert User.objects.filter(email=ada.email).exists()
    assert not Session.objects.filter(session_key=key).exists()
    assert not UserSession.objects.filter(session_key=key).exists()
