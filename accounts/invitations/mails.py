"""The mail that invites somebody."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Role
from cavendish.mail.letters import Letter, Link, moment_text


def invitation_letter(*, tenant: str, role: str, by: str, url: str, expires_at: datetime) -> Letter:
    """Returns the letter in the active language. `by` is who invites, empty where that is no person."""
    text = (
        _("{by} invited you to join “{tenant}” on Cavendish as {role}.")
        if by
        else _("You are invited to join “{tenant}” on Cavendish as {role}.")
    )
    until = _(
        "The link works once, for this address, until {moment}. If you did not expect this invitation, you can ignore "
        "this email."
    )
    return Letter(
        subject=_("You are invited to join “{tenant}” on Cavendish").format(tenant=tenant),
        title=_("Join {tenant}").format(tenant=tenant),
        text=[text.format(by=by, tenant=tenant, role=_(Role(role).label).lower())],
        button=Link(_("Accept the invitation"), url),
        after=[until.format(moment=moment_text(expires_at))],
    )
