"""Where django-allauth asks us: who may sign up, whom a provider's word lets in, how mails go and secrets are kept."""

from __future__ import annotations

import logging
import secrets
from base64 import b32encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from accounts.people import secret_box
from accounts.people.session_invitation import invited_email
from cavendish.db.router import acting_as
from cavendish.mail.services import mail_queue

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whoever holds an invitation may always make the account that it is for."""
        return settings.SIGNUP == "open" or invited_email(request) is not None

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """False where somebody else took the address while the code was on its way."""
        try:
            with transaction.atomic():
                confirmed: bool = super().confirm_email(request, email_address)
                return confirmed
        except IntegrityError:
            return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queues it: how long a request takes must not tell whether there was somebody to write to.

        Mails about people belong to no tenant, so they are the operator's to write.
        """
        # Nothing of the request: it would put the Host header of whoever asks into somebody else's mail.
        values = {"base_url": settings.BASE_URL, **context, "email": email}
        subject = render_to_string(f"{template_prefix}_subject.txt", values)
        with acting_as("operator"), transaction.atomic(using="operator"):
            mail_queue(to=[email], subject=subject, template=f"{template_prefix}_message", context=values)

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.BASE_URL + path.replace("UID-KEY", key)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By address alone: with the Host header in it, as allauth has it, a second name would mean more tries."""
        return str(credentials.get("email", "")).lower()


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """OIDC. The provider is the operator's choice; an email counts only where it says `email_verified`."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """The provider's name comes from the address; PostgreSQL takes no NUL."""
        if "\0" in (provider or ""):
            return []
        found: list[Any] = super().list_apps(request, provider=provider, client_id=client_id)
        return found

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        proved = [address.email.lower() for address in sociallogin.email_addresses if address.verified]
        return settings.SIGNUP in {"oidc", "open"} or invited_email(request) in proved

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Raises OAuth2Error where the ID token is missing or speaks of somebody else than the user information."""
        said = sociallogin.account.extra_data
        subject = (said.get("id_token") or {}).get("sub")
        if not subject or subject != (said.get("userinfo") or {}).get("sub", subject):
            raise OAuth2Error("The ID token and the user information are not of one person.")

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """A person with the same verified email, never an operator: those link the provider while signed in."""
        for address in sociallogin.email_addresses:
            # Some providers send words, and "false" would count as true.
            address.verified = address.verified is True
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        if found is None or found[0].is_staff or found[0].is_superuser:
            return None
        return found

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "")[:200]
        user.email = user.email.lower()
        return user


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return secret_box.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What cannot be opened any more fits no code: its owner uses another factor, or an operator removes it."""
        opened = secret_box.open_sealed(encrypted_text)
        if opened is None:
            logger.warning("The secret of a second factor was sealed with another SECRET_KEY.")
            return b32encode(secrets.token_bytes(20)).decode()
        return opened

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the host of BASE_URL; on this machine to the one that the browser asked."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        host = entity["id"] if settings.ON_LOOPBACK else settings.BASE_HOST
        return {"id": host, "name": "Cavendish"}

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        name: str = super().generate_authenticator_name(user, type)
        return {"Master key": "My passkey", "Backup key": "Second passkey"}.get(name, name)
