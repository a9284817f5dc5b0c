"""django-allauth's adapters: who may sign up, whom a provider signs in, how mails are sent and secrets are stored."""

from __future__ import annotations

import logging
import secrets
from base64 import b32encode
from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.db import IntegrityError, router, transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.people import secret_box
from accounts.people.mails import letter_of
from accounts.people.session_invitation import invited_email
from cavendish.db.router import acting_as
from cavendish.mail.services import mail_queue

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Returns whether this visitor may sign up. An invitation always allows the account that it is for."""
        return settings.SIGNUP == "open" or invited_email(request) is not None

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Returns where a sign-in leads that was headed nowhere: operators to the admin, others to their account."""
        user = request.user
        if isinstance(user, User) and user.is_staff:
            return settings.ADMIN_URL
        url: str = super().get_login_redirect_url(request)
        return url

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        # Mails that no page sends are in it too. The platform's own needs no choice, and leaves it to the browser.
        if (language := get_language()) != settings.LANGUAGE_CODE:
            user.language = language or ""
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirms the address. Returns False where somebody else took it while the code was on its way."""
        try:
            # A savepoint of the role that writes it: else the failed write takes the page's whole transaction with it.
            with transaction.atomic(using=router.db_for_write(EmailAddress)):
                confirmed: bool = super().confirm_email(request, email_address)
                return confirmed
        except IntegrityError:
            return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queues the mail, because the time of a request must not reveal whether an account exists.

        Mails about people belong to no tenant, so the operator's role writes them.
        """
        # Nothing of the request: it would put the Host header of one visitor into somebody else's mail.
        letter = partial(letter_of, template_prefix, {**context, "email": email})
        with acting_as("operator"), transaction.atomic(using="operator"):
            # Whoever has chosen no language reads the page that this comes from.
            mail_queue(to=[email], letter=letter, language=get_language() or "")

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.BASE_URL + path.replace("UID-KEY", key)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Returns a key of the address alone: allauth's includes the Host header, which would give more attempts."""
        return str(credentials.get("email", "")).lower()


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Sign-in by OIDC. The operator chooses the provider; an email only counts with its `email_verified`."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """Returns the provider's settings. The name comes from the request's path, and PostgreSQL accepts no NUL."""
        if "\0" in (provider or ""):
            return []
        apps: list[Any] = super().list_apps(request, provider=provider, client_id=client_id)
        return apps

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        verified = [address.email.lower() for address in sociallogin.email_addresses if address.verified]
        return settings.SIGNUP in {"oidc", "open"} or invited_email(request) in verified

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Raises OAuth2Error where the ID token is missing or names somebody else than the user information."""
        claims = sociallogin.account.extra_data
        subject = (claims.get("id_token") or {}).get("sub")
        if not subject or subject != (claims.get("userinfo") or {}).get("sub", subject):
            raise OAuth2Error("The ID token and the user information are not of one person.")

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Returns the person with the same verified email, but no operator: those link the provider while signed in."""
        for address in sociallogin.email_addresses:
            # Some providers send strings, and "false" would count as true.
            address.verified = address.verified is True
        match: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        if match is None or match[0].is_staff:
            return None
        return match

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "")[:200]
        user.email = user.email.lower()
        return user


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return secret_box.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Returns the secret; a random one where it was sealed with an unknown key, so that no code matches.

        Its owner then uses another factor, or an operator resets two-factor authentication.
        """
        plain = secret_box.unseal(encrypted_text)
        if plain is None:
            logger.warning("The secret of a second factor was sealed with another SECRET_KEY.")
            return b32encode(secrets.token_bytes(20)).decode()
        return plain

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Returns whom passkeys are for: the host of BASE_URL, on a loopback address the host that the browser uses."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        host = entity["id"] if settings.ON_LOOPBACK else settings.BASE_HOST
        return {"id": host, "name": "Cavendish"}

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        name: str = super().generate_authenticator_name(user, type)
        known = Authenticator.objects.filter(user=user, type=type).count()
        return [_("My passkey"), _("Second passkey")][known] if known < 2 else name
