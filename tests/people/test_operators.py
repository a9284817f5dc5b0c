"""What operators do about people in the admin, and what the clock tidies up."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from accounts.models import OperatorRole, User
from accounts.people.services import people_tidy
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.admin.acting import act_done
from tests.people.visitors import Visitor, person, shown


def act(operator: Visitor, name: str, ada: Visitor) -> str:
    path = f"/admin/people/{ids.encode(ids.USER, ada.user.pk)}/{name}/"
    assert str(ada.user.name) in shown(operator.get(path))
    assert "This field is required." in shown(operator.post(path, confirm="1", reason=" "))
    return act_done(operator, path, reason="asked by phone")


def test_somebody_lost_all_their_factors() -> None:
    grace, ada = person(operator=True), person()
    grace.sign_in()
    ada.sign_in()
    ada.totp_add()
    assert "Two-factor authentication was reset." in act(grace, "reset-factors", ada)
    assert not Authenticator.objects.filter(user=ada.user).exists()
    assert not ada.signed_in
    assert Visitor(ada.email).sign_in().headers["Location"] == "/console/"
    assert "second_factors_removed" in ada.audit


def test_an_account_is_closed_and_opened_again() -> None:
    grace, ada = person(operator=True), person()
    grace.sign_in()
    ada.sign_in()
    assert "The account is deactivated." in act(grace, "deactivate", ada)
    assert not ada.signed_in
    assert ada.sign_in().headers["Location"] == "/account/inactive/"
    assert "This account is deactivated" in shown(ada.get("/account/inactive/"))
    own = ids.encode(ids.USER, grace.user.pk)
    assert grace.post(f"/admin/people/{own}/deactivate/", confirm="1", reason="x").status_code == 404
    assert grace.signed_in  # nobody locks themselves out
    assert "The account is active again." in act(grace, "reactivate", ada)
    ada.sign_in()
    assert ada.signed_in
    assert ada.audit[:4] == ["signed_in", "closed", "reopened", "signed_in"]


def test_sessions_are_ended_from_outside() -> None:
    grace, ada = person(operator=True), person()
    grace.sign_in()
    ada.sign_in()
    act(grace, "end-sessions", ada)
    assert not ada.signed_in


def test_support_helps_members_and_leaves_operators_alone() -> None:
    grace, chief, ada = person(operator=True, role=OperatorRole.SUPPORT), person(operator=True), person()
    grace.sign_in()
    act(grace, "end-sessions", ada)
    path = f"/admin/people/{ids.encode(ids.USER, chief.user.pk)}"
    assert grace.get(f"{path}/").status_code == 200
    assert grace.post(f"{path}/reset-factors/", confirm="1", reason="x").status_code == 403


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
