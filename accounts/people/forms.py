"""django-allauth's forms where they do not fit: sign-up by invitation, and passkeys."""

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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.people.session_invitation import invited_email
from accounts.roles.names import MAX_NAME_CHARS, validate_name


class SignupForm(allauth.SignupForm):  # type: ignore[misc]
    """Sign-up with name, email and password. The email of an invitation counts as verified, since it arrived there."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=MAX_NAME_CHARS,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    field_order = ("name", "email", "password1")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        invited = invited_email(context.request)
        if settings.SIGNUP != "open" and email != invited:
            raise forms.ValidationError(_("Use %s, the address that was invited.").replace("%s", invited or ""))
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            # As long as for a new account: otherwise the time would reveal that one exists.
            make_password(self.cleaned_data["password1"])
        elif self.cleaned_data["email"] == invited_email(request):
            # allauth reads an address from there that was verified in another way.
            request.session["account_verified_email"] = self.cleaned_data["email"]
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved


# What fido2's parsers raise for malformed credentials, besides what allauth catches.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error)


class UsePasskeyForm(webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second factor. A malformed credential is refused like a wrong passkey."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_code") from None


class LoginPasskeyForm(UsePasskeyForm, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey as the only factor."""


class ConfirmPasskeyForm(UsePasskeyForm, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey to confirm access before something sensitive."""


class AddPasskeyForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, which signs in without a password unless its owner clears the box."""

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_code") from None
        return cleaned

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("passwordless"):
            field.initial = True
            field.label = _("Use this passkey to sign in without a password")
            field.label_suffix = ""
            field.help_text = _(
                "Your device asks for a fingerprint, face or PIN each time. "
                "Otherwise the passkey is only used as a second factor."
            )
