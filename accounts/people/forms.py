from __future__ import annotations

import struct
from typing import Any

from allauth.account import forms as allauth
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.people.session_invitation import invited_email


class SignupForm(allauth.SignupForm):  # type: ignore[misc]
    """Name, email, password. With an invitation the email is the invited one and counts as verified: it came there."""

    name = forms.CharField(
        label="Your name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    field_order = ("name", "email", "password1")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        invited = invited_email(context.request)
        if settings.SIGNUP != "open" and email != invited:
            raise forms.ValidationError(f"The invitation is for {invited}.")
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            # As long as for a new account: else the time would tell that there is one.
            make_password(self.cleaned_data["password1"])
        elif self.cleaned_data["email"] == invited_email(request):
            # allauth takes it from there for an address that was proved otherwise.
            request.session["account_verified_email"] = self.cleaned_data["email"]
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved


# What fido2's parsers raise for what is no credential, besides what allauth catches.
RUBBISH = (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error)


class UsePasskeyForm(webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """As a second factor. Rubbish is a wrong passkey, and no error of ours."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except RUBBISH:
            raise get_adapter().validation_error("incorrect_code") from None


class LoginPasskeyForm(UsePasskeyForm, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    """Alone."""


class ConfirmPasskeyForm(UsePasskeyForm, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """Once more, before something is changed."""


class AddPasskeyForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A passkey signs in alone, unless its owner says otherwise."""

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except RUBBISH:
            raise get_adapter().validation_error("incorrect_code") from None
        return cleaned

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("passwordless"):
            field.initial = True
            field.label = "Sign in with it alone"
            field.label_suffix = ""
            field.help_text = (
                "Without email and password. The device then asks for a fingerprint, a face or a PIN each time. "
                "Off, it only stands in for the second factor."
            )
