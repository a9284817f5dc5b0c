"""What django-allauth's mails say: codes, links, and what was changed in an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.people.devices import device_name
from cavendish.mail.letters import Fact, Letter, Link, link, moment_text

Context = Mapping[str, Any]


def letter_of(template_prefix: str, context: Context) -> Letter:
    """Returns the letter that stands for one of allauth's templates, in the active language. Raises KeyError."""
    return LETTERS[template_prefix](context)


def _code(context: Context) -> Letter:
    return Letter(
        subject=_("Your Cavendish verification code"),
        title=_("Verify your email address"),
        text=[_("Enter this code to verify your email address for Cavendish:")],
        code=str(context["code"]),
        after=[_("The code is valid for 15 minutes. If you did not request it, you can ignore this email.")],
    )


def _reset(context: Context) -> Letter:
    return Letter(
        subject=_("Reset your password"),
        text=[
            _("We received a request to reset the password of your account. Choose a new password within three hours.")
        ],
        button=Link(_("Choose a new password"), context["password_reset_url"]),
        after=[_("If you did not request this, you can ignore this email: your password stays the same.")],
    )


def _no_account(context: Context) -> Letter:
    text = _(
        "We received a request to reset the password for {email}, but there is no account with this address. You may "
        "have signed up with another address, or sign in with a provider."
    )
    return Letter(
        subject=_("No account with this email address"),
        text=[text.format(email=context["email"])],
        after=[_("If you did not request this, you can ignore this email: nothing has changed.")],
    )


def _account_exists(context: Context) -> Letter:
    return Letter(
        subject=_("You already have an account"),
        text=[_("Someone tried to create an account with this email address, but you already have one.")],
        button=link(_("Sign in"), "/account/login/"),
        after=[_("If this was not you, you can ignore this email: nothing has changed.")],
        links=[link(_("Reset your password"), "/account/password/reset/")],
    )


def _changed(subject: Callable[[], str], text: Callable[[Context], str]) -> Callable[[Context], Letter]:
    """Returns a notice of a change: when and from where it was made, and what to do if it was somebody else."""

    def letter(context: Context) -> Letter:
        return Letter(
            subject=subject(),
            text=[text(context)],
            facts=[
                Fact(_("When"), moment_text(context["timestamp"])),
                Fact(_("Where"), str(context["ip"])),
                Fact(_("Device"), device_name(str(context["user_agent"]))),
            ],
            after=[_("If this was not you, reset your password and sign out all other sessions right away.")],
            links=[
                link(_("Reset your password"), "/account/password/reset/"),
                link(_("Sessions"), "/account/sessions/"),
            ],
        )

    return letter


def _email_changed(context: Context) -> str:
    text = _("The email address of your account was changed from {old} to {new}.")
    return text.format(old=context["from_email"], new=context["to_email"])


LETTERS: dict[str, Callable[[Context], Letter]] = {
    "account/email/email_confirmation": _code,
    "account/email/email_confirmation_signup": _code,
    "account/email/password_reset_key": _reset,
    "account/email/unknown_account": _no_account,
    "account/email/account_already_exists": _account_exists,
    "account/email/password_changed": _changed(
        lambda: _("Your password was changed"), lambda context: _("Your password was changed.")
    ),
    "account/email/password_set": _changed(
        lambda: _("A password was added to your account"), lambda context: _("A password was added to your account.")
    ),
    "account/email/password_reset": _changed(
        lambda: _("Your password was reset"),
        lambda context: _("Your password was reset with a link that we sent to this address."),
    ),
    "account/email/email_changed": _changed(lambda: _("Your email address was changed"), _email_changed),
    "account/email/email_confirm": _changed(
        lambda: _("Your email address was confirmed"),
        lambda context: _("Your email address {email} was confirmed.").format(email=context["email"]),
    ),
    "account/email/email_deleted": _changed(
        lambda: _("An email address was removed from your account"),
        lambda context: _("The email address {email} was removed from your account.").format(
            email=context["deleted_email"]
        ),
    ),
    "mfa/email/totp_activated": _changed(
        lambda: _("Authenticator app turned on"),
        lambda context: _("Two-factor authentication with an authenticator app was turned on for your account."),
    ),
    "mfa/email/totp_deactivated": _changed(
        lambda: _("Authenticator app turned off"),
        lambda context: _("The authenticator app was turned off for your account. Its codes no longer work."),
    ),
    "mfa/email/webauthn_added": _changed(
        lambda: _("A passkey was added"), lambda context: _("A passkey was added to your account.")
    ),
    "mfa/email/webauthn_removed": _changed(
        lambda: _("A passkey was removed"), lambda context: _("A passkey was removed from your account.")
    ),
    "mfa/email/recovery_codes_generated": _changed(
        lambda: _("New recovery codes were generated"),
        lambda context: _("New recovery codes were generated for your account. The old codes no longer work."),
    ),
    "socialaccount/email/account_connected": _changed(
        lambda: _("A sign-in method was added to your account"),
        lambda context: _("{provider} was added to your account as a sign-in method.").format(
            provider=context["provider"].name
        ),
    ),
    "socialaccount/email/account_disconnected": _changed(
        lambda: _("A sign-in method was removed from your account"),
        lambda context: _("{provider} was removed from your account as a sign-in method.").format(
            provider=context["provider"].name
        ),
    ),
}
"""By the prefix of allauth's template: each of those that the platform's settings let it send."""
