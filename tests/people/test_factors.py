"""Second factors: setting them up, being asked for them, losing them; and the admin's door."""

from __future__ import annotations

import re

from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from pytest_django import Settings

from accounts.people import secret_box
from tests.people.visitors import PASSWORD, Visitor, code_of, extract, person, shown


def test_a_new_factor_asks_for_the_password_again() -> None:
    ada = person()
    ada.sign_in()
    for path in ("totp/activate/", "webauthn/add/", "recovery-codes/generate/"):
        assert ada.get(f"/account/2fa/{path}").headers["Location"].startswith("/account/reauthenticate/")
    assert "Incorrect password." in shown(ada.post("/account/reauthenticate/", password="wrong"))


def test_the_code_of_an_app_is_asked_for_after_the_password() -> None:
    ada = person()
    ada.sign_in()
    ada.totp_add()
    assert [mail.subject for mail in ada.mails] == ["Authenticator app turned on"]
    again = Visitor(ada.email)
    assert again.sign_in().headers["Location"] == "/account/2fa/authenticate/"
    assert not again.signed_in
    assert "Incorrect code." in shown(again.post("/account/2fa/authenticate/", code="000000"))
    code = ada.totp_code(step=1)
    assert again.post("/account/2fa/authenticate/", code=code).headers["Location"] == "/console/"
    assert again.signed_in

    third = Visitor(ada.email)
    third.sign_in()
    third.post("/account/2fa/authenticate/", code=code)
    assert not third.signed_in  # a code that was seen is of no use


def test_codes_are_tried_five_times() -> None:
    ada = person()
    ada.sign_in()
    ada.totp_add()
    again = Visitor(ada.email)
    again.sign_in()
    answers = [shown(again.post("/account/2fa/authenticate/", code="000000")) for _ in range(6)]
    assert ["Incorrect code." in answer for answer in answers] == [True] * 5 + [False]
    again.post("/account/2fa/authenticate/", code=ada.totp_code())
    assert not again.signed_in


def test_recovery_codes_are_shown_once_and_good_for_one_sign_in_each() -> None:
    ada = person()
    ada.sign_in()
    ada.totp_add()
    codes = re.findall(r"<li>(\d{8})</li>", ada.get("/account/2fa/recovery-codes/").content.decode())
    assert len(set(codes)) == 10
    again = shown(ada.get("/account/2fa/recovery-codes/"))
    assert not any(code in again for code in codes)
    assert ada.get("/account/2fa/recovery-codes/download/").status_code == 403

    for expected in (True, False):
        visitor = Visitor(ada.email)
        visitor.sign_in()
        visitor.post("/account/2fa/authenticate/", code=codes[3])
        assert visitor.signed_in is expected

    ada.post("/account/2fa/recovery-codes/generate/")
    visitor = Visitor(ada.email)
    visitor.sign_in()
    visitor.post("/account/2fa/authenticate/", code=codes[4])
    assert not visitor.signed_in


def test_a_copy_of_the_database_opens_no_factor(settings: Settings) -> None:
    ada = person()
    ada.sign_in()
    ada.totp_add()
    rows = {row.type: row.data for row in Authenticator.objects.filter(user=ada.user)}
    assert secret_box.unseal(rows["totp"]["secret"])
    assert secret_box.unseal(rows["recovery_codes"]["seed"])
    # A new key needs the old one beside it.
    old = django_settings.SECRET_KEY
    code = ada.totp_code(step=1)
    settings.SECRET_KEY = "a new one" * 8
    settings.SECRET_KEY_FALLBACKS = [old]
    assert secret_box.unseal(rows["totp"]["secret"])
    settings.SECRET_KEY_FALLBACKS = []
    assert secret_box.unseal(rows["totp"]["secret"]) is None
    again = Visitor(ada.email)
    again.sign_in()
    assert "Incorrect code." in shown(again.post("/account/2fa/authenticate/", code=code))


def test_turning_it_off_is_noted_and_mailed() -> None:
    ada = person()
    ada.sign_in()
    ada.totp_add()
    ada.post("/account/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=ada.user).exists()  # the recovery codes went with it
    assert ada.mails[-1].subject == "Authenticator app turned off"
    assert ada.audit == [
        "signed_in", "second_factor_added", "second_factor_added", "second_factor_removed", "second_factor_removed",
    ]  # fmt: skip


def test_who_is_no_operator_stays_out_of_the_admin() -> None:
    ada = person()
    assert ada.get("/admin/people/?q=x").headers["Location"] == "/account/login/?next=/admin/people/%3Fq%3Dx"
    ada.sign_in()
    for path in ("/admin/", "/admin/people/", "/admin/tenants/new/"):
        assert ada.get(path).status_code == 403
        assert ada.post(path, confirm="1").status_code == 403


def test_an_operator_lands_on_the_dashboard() -> None:
    assert person(operator=True).sign_in().headers["Location"] == "/admin/"
    assert person(operator=True).sign_in(next="/account/sessions/").headers["Location"] == "/account/sessions/"


def test_an_operator_needs_a_second_factor_in_public(settings: Settings) -> None:
    settings.ADMIN_REQUIRE_2FA = True
    grace = person(operator=True)
    grace.sign_in(next="/admin/")
    assert grace.get("/admin/").headers["Location"] == "/account/2fa/"
    assert "The admin requires two-factor authentication" in shown(grace.get("/account/2fa/"))
    grace.totp_add()
    assert grace.get("/admin/").status_code == 200

    # A session from before does not count until its owner has used the factor in it.
    elsewhere = Visitor(grace.email)
    settings.ADMIN_REQUIRE_2FA = False
    elsewhere.sign_in()
    elsewhere.post("/account/2fa/authenticate/", code=grace.totp_code(step=1))
    settings.ADMIN_REQUIRE_2FA = True
    assert elsewhere.get("/admin/").status_code == 200


def test_an_older_session_of_an_operator_is_asked_for_the_factor(settings: Settings) -> None:
    settings.ADMIN_REQUIRE_2FA = True
    grace = person(operator=True)
    old = Visitor(grace.email)
    old.sign_in()
    grace.sign_in()
    grace.totp_add()
    assert old.get("/admin/").headers["Location"] == "/account/2fa/reauthenticate/?next=/admin/"
    old.post("/account/2fa/reauthenticate/?next=/admin/", code=grace.totp_code(step=1))
    assert old.get("/admin/").status_code == 200


def test_by_default_it_is_asked_for_in_public_only() -> None:
    assert django_settings.ON_LOOPBACK
    assert not django_settings.ADMIN_REQUIRE_2FA


def test_a_qr_code_says_what_the_page_says() -> None:
    ada = person()
    ada.sign_in()
    ada.get("/account/2fa/totp/activate/")
    ada.post("/account/reauthenticate/", password=PASSWORD)
    page = ada.get("/account/2fa/totp/activate/").content.decode()
    secret = extract(r'<code class="secret">(\w+)</code>', page)
    assert 'src="data:image/svg+xml;' in page
    assert len(code_of(secret)) == 6
