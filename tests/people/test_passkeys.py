"""Passkeys, with a device in software: added, used alone and as a second factor, and bound to the platform's host."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from pytest_django import Settings

from tests.people.passkeys import Device
from tests.people.visitors import PASSWORD, Visitor, extract, person, shown


def options(page: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(extract(r'<script id="js_data" type="application/json">(.*?)</script>', page))
    return data


def added(ada: Visitor, *, host: str = "testserver") -> Device:
    device = Device(host)
    ada.get("/account/2fa/webauthn/add/")
    if ada.page.status_code == 302:
        ada.post("/account/reauthenticate/", password=PASSWORD)
        ada.get("/account/2fa/webauthn/add/")
    credential = device.create(options(ada.page.content.decode())["creation_options"])
    ada.post("/account/2fa/webauthn/add/", name="My phone", passwordless="on", credential=credential)
    assert ada.page.status_code == 302, ada.page.content.decode()
    return device


def asked(visitor: Visitor) -> dict[str, Any]:
    request_options = visitor.get("/account/2fa/webauthn/login/", accept="application/json").json()["request_options"]
    assert isinstance(request_options, dict)
    return request_options


def test_a_passkey_signs_in_alone() -> None:
    ada = person()
    ada.sign_in()
    device = added(ada)
    assert "My phone" in shown(ada.get("/account/2fa/webauthn/"))
    assert ada.mails[-1].subject == "A passkey was added"

    again = Visitor(ada.email)
    credential = device.get(asked(again))
    assert again.post("/account/2fa/webauthn/login/", credential=credential).headers["Location"] == "/console/"
    assert again.signed_in
    # What was sent once opens nothing again.
    third = Visitor(ada.email)
    asked(third)
    third.post("/account/2fa/webauthn/login/", credential=credential)
    assert not third.signed_in


def test_it_is_the_second_factor_after_a_password() -> None:
    ada = person()
    ada.sign_in()
    device = added(ada)
    again = Visitor(ada.email)
    assert again.sign_in().headers["Location"] == "/account/2fa/authenticate/"
    request_options = options(again.get("/account/2fa/authenticate/").content.decode())["request_options"]
    assert again.post("/account/2fa/authenticate/", credential=device.get(request_options)).status_code == 302
    assert again.signed_in


def test_another_device_and_a_removed_one_open_nothing() -> None:
    ada = person()
    ada.sign_in()
    device = added(ada)
    again = Visitor(ada.email)
    stranger = Device("testserver")
    stranger.id, stranger.user = device.id, device.user
    again.post("/account/2fa/webauthn/login/", credential=stranger.get(asked(again)))
    assert not again.signed_in

    row = Authenticator.objects.get(user=ada.user, type="webauthn")
    ada.post(f"/account/2fa/webauthn/keys/{row.pk}/remove/")
    again.post("/account/2fa/webauthn/login/", credential=device.get(asked(again)))
    assert not again.signed_in
    assert Visitor(ada.email).sign_in().headers["Location"] == "/console/"


def sent(**response: str) -> str:
    """A credential of the right shape with nothing in it."""
    whole = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response, "clientExtensionResults": {}}
    return json.dumps(whole)


MALFORMED = [
    "", "{}", "[]", "null", "x", "1", '{"id": 1}', sent(),
    sent(clientDataJSON="!", authenticatorData="AA", signature="AA", userHandle="AAAA"),
    sent(clientDataJSON="e30", attestationObject="oA"),
]  # fmt: skip


@pytest.mark.parametrize("credential", MALFORMED)
def test_rubbish_is_refused(credential: str) -> None:
    ada = person()
    ada.sign_in()
    added(ada)
    again = Visitor(ada.email)
    asked(again)
    assert again.post("/account/2fa/webauthn/login/", credential=credential).status_code in {200, 302}
    again.sign_in()
    assert again.post("/account/2fa/authenticate/", credential=credential).status_code in {200, 302}
    assert not again.signed_in
    assert ada.post("/account/2fa/webauthn/reauthenticate/", credential=credential).status_code in {200, 302}
    assert ada.post("/account/2fa/webauthn/add/", credential=credential).status_code == 200
    assert Authenticator.objects.filter(user=ada.user, type="webauthn").count() == 1


def test_in_public_it_belongs_to_the_host_of_base_url(settings: Settings) -> None:
    settings.ON_LOOPBACK = False
    settings.BASE_HOST = "images.example.com"
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    ada = person()
    ada.sign_in()
    ada.get("/account/2fa/webauthn/add/")
    ada.post("/account/reauthenticate/", password=PASSWORD)
    request_options = options(ada.get("/account/2fa/webauthn/add/").content.decode())["creation_options"]
    assert request_options["publicKey"]["rp"] == {"id": "images.example.com", "name": "Cavendish"}
    for host in ("testserver", "evil.example"):
        device = Device(host)
        ada.post("/account/2fa/webauthn/add/", name="x", passwordless="on", credential=device.create(request_options))
        assert not Authenticator.objects.filter(user=ada.user).exists()
