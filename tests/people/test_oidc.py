"""Sign-in with a provider: whom its word lets in, and whom not. Against a provider over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings as django_settings
from pytest_django import Settings

from accounts.models import User
from cavendish.boot.config import Config, ConfigurationError
from cavendish.boot.oidc import Oidc
from tests.people.provider import CLIENT_ID, CLIENT_SECRET, Provider, serve
from tests.people.visitors import PASSWORD, Visitor, extract, person, shown


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    provider = serve()
    yield provider
    provider.server.shutdown()
    provider.server.server_close()


@pytest.fixture
def provider(running: Provider, settings: Settings) -> Provider:
    settings.OIDC = Oidc(running.issuer, CLIENT_ID, CLIENT_SECRET, "Example ID")
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [settings.OIDC.app()]}}
    settings.SIGNUP = "oidc"
    running.userinfo, running.token = {}, {}
    return running


def come(provider: Provider, visitor: Visitor, *, process: str = "", **claims: Any) -> Any:
    """The whole way: the button, the provider's page, and back."""
    left = visitor.post(f"/account/oidc/sso/login/{'?process=' + process if process else ''}")
    assert left.status_code == 200, left.content
    address = left.headers["Refresh"].removeprefix("0; url=")
    assert address.startswith(f"{provider.issuer}/authorize?")
    claims = {"sub": secrets.token_hex(6), "email": visitor.email, "email_verified": True, "name": "Ada"} | claims
    return visitor.get(provider.consent(address, **claims))


def test_the_button_says_whose_it_is(provider: Provider) -> None:
    assert "Continue with Example ID" in shown(Visitor().get("/account/login/"))


def test_a_verified_person_gets_an_account_and_comes_again(provider: Provider) -> None:
    ada = Visitor()
    assert come(provider, ada, sub="ada-1").headers["Location"] == "/console/"
    assert ada.signed_in
    user = ada.user
    assert (user.name, user.is_staff, user.has_usable_password()) == ("Ada", False, False)
    assert EmailAddress.objects.get(user=user).verified
    assert not SocialToken.objects.filter(account__user=user).exists()

    again = Visitor(ada.email)
    # Whatever their address is called there by now.
    come(provider, again, sub="ada-1", email="ada@elsewhere.example")
    assert again.signed_in
    assert SocialAccount.objects.get(uid="ada-1").user == user


def test_a_verified_email_signs_in_the_account_that_has_it(provider: Provider) -> None:
    ada = person()
    come(provider, Visitor(ada.email), sub=(sub := secrets.token_hex(6)))
    assert SocialAccount.objects.get(uid=sub).user == ada.user
    assert ada.sign_in().status_code == 302  # the password stays
    assert ada.mails[-1].subject == "A sign-in method was added to your account"


@pytest.mark.parametrize("verified", [False, None, "false", "no", 0])
def test_an_unverified_email_takes_over_no_account(provider: Provider, verified: object) -> None:
    ada, thief = person(), Visitor()
    thief.email = ada.email
    come(provider, thief, email_verified=verified)
    assert not thief.signed_in
    assert not SocialAccount.objects.filter(user=ada.user).exists()
    assert ada.mails[-1].subject == "You already have an account"


def test_an_unverified_new_person_types_a_code_first(provider: Provider) -> None:
    ada = Visitor()
    assert come(provider, ada, email_verified=False).headers["Location"] == "/account/confirm-email/"
    assert not ada.signed_in
    ada.post("/account/confirm-email/", code=ada.mailed_code)
    assert ada.signed_in


def test_an_operator_comes_in_only_when_linked_before(provider: Provider) -> None:
    grace = person(operator=True)
    stranger = Visitor(grace.email)
    come(provider, stranger, sub="grace-1")
    assert not stranger.signed_in
    assert not SocialAccount.objects.filter(user=grace.user).exists()

    grace.sign_in()
    grace.get("/account/2fa/totp/activate/")
    grace.post("/account/reauthenticate/", password=PASSWORD)
    assert come(provider, grace, process="connect", sub="grace-1").headers["Location"] == "/account/3rdparty/"
    stranger = Visitor(grace.email)
    come(provider, stranger, sub="grace-1")
    assert stranger.signed_in
    assert "provider_linked" in grace.audit


def test_the_second_factor_is_asked_for_all_the_same(provider: Provider) -> None:
    ada = person()
    ada.sign_in()
    ada.totp_add()
    again = Visitor(ada.email)
    assert come(provider, again).headers["Location"] == "/account/2fa/authenticate/"
    assert not again.signed_in
    again.post("/account/2fa/authenticate/", code=ada.totp_code(step=1))
    assert again.signed_in


def test_who_is_new_stays_out_where_signing_up_is_closed(provider: Provider, settings: Settings) -> None:
    settings.SIGNUP = "closed"
    ada = Visitor()
    assert "By invitation only" in shown(come(provider, ada))
    assert not User.objects.filter(email=ada.email).exists()


@pytest.mark.parametrize(
    "token",
    [
        {"sub": "somebody-else"},
        {"sub": None},
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"exp": 1},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_us_lets_nobody_in(provider: Provider, token: dict[str, Any]) -> None:
    provider.token = token
    ada = Visitor()
    assert "Sign-in failed" in shown(come(provider, ada))
    assert not ada.signed_in
    assert not User.objects.filter(email=ada.email).exists()


def test_an_answer_that_we_did_not_ask_for_is_refused(provider: Provider) -> None:
    """Another browser's state, a code without its proof, a state that was used."""
    ada, thief = Visitor(), Visitor()
    address = ada.post("/account/oidc/sso/login/").headers["Refresh"].removeprefix("0; url=")
    claims = {"sub": "ada-2", "email": ada.email, "email_verified": True}
    assert "Sign-in failed" in shown(thief.get(provider.consent(address, **claims)))
    forged = provider.consent(address, **claims)
    provider.codes[extract(r"code=([\w-]+)", forged)]["code_challenge"] = "another"
    assert "Sign-in failed" in shown(ada.get(forged))
    assert not thief.signed_in
    assert not ada.signed_in


def test_a_provider_that_is_away_is_said(provider: Provider, settings: Settings) -> None:
    settings.OIDC = Oidc("http://127.0.0.1:1", CLIENT_ID, CLIENT_SECRET, "Example ID")
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [settings.OIDC.app()]}}
    assert "Sign-in failed" in shown(Visitor().post("/account/oidc/sso/login/"))


def test_turning_back_is_no_error(provider: Provider) -> None:
    ada = Visitor()
    address = ada.post("/account/oidc/sso/login/").headers["Refresh"]
    state = extract(r"state=(\w+)", address)
    ada.get(f"/account/oidc/sso/login/callback/?error=access_denied&state={state}")
    assert ada.page.headers["Location"] == "/account/3rdparty/login/cancelled/"
    assert "You canceled sign-in" in shown(ada.get("/account/3rdparty/login/cancelled/"))


def test_a_half_configured_provider_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(**values: str) -> Oidc | None:
        for name in ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME"):
            monkeypatch.setenv(name, values.get(name, ""))
        return Oidc.of(Config(django_settings.DATA_DIR))

    assert read() is None
    whole = {"OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b"}
    found_one = read(OIDC_ISSUER="https://id.example/realms/one/", **whole)
    assert found_one == Oidc("https://id.example/realms/one", "a", "b", "id.example")
    with pytest.raises(ConfigurationError, match="OIDC_CLIENT_ID"):
        read(OIDC_ISSUER="https://id.example")
    with pytest.raises(ConfigurationError, match="https"):
        read(OIDC_ISSUER="http://id.example", **whole)


def test_the_account_says_whether_it_is_linked(provider: Provider) -> None:
    ada, grace = Visitor(), person()
    come(provider, ada)
    grace.sign_in()
    assert ">Linked</span>" in shown(ada.get("/account/"))
    assert ">Not linked</span>" in shown(grace.get("/account/"))


@pytest.mark.parametrize("path", ["%00/login/", "%00/login/callback/", "unknown/login/", "unknown/login/callback/"])
def test_a_provider_that_is_none_is_not_found(django_db_setup: None, path: str) -> None:
    assert Visitor().get(f"/account/oidc/{path}").status_code == 404
