"""What roles and permissions allow, as people would say it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, Scope
from accounts.roles.permissions import scopes_of_mode
from cavendish.above.ui import formats
from cavendish.above.ui.labels import SCOPES, label
from cavendish.above.ui.marks import listed

ROLES: dict[str, str | Promise] = {
    Role.OWNER: _("May do everything, including owners, the use policy and closing the tenant."),
    Role.ADMIN: _("May do everything except manage owners, accept the use policy and close the tenant."),
    Role.DEVELOPER: _("Generates pictures, and manages API keys and webhooks. Sees no money and no members."),
    Role.BILLING: _("Sees usage, invoices and the balance, and sets budgets. Sees no pictures."),
    Role.VIEWER: _("Sees jobs and pictures. Changes nothing."),
}

PERMISSIONS: dict[str, str | Promise] = {
    Scope.GENERATE: _("Generate pictures; cancel and erase jobs"),
    Scope.READ: _("See jobs, pictures, files, models and quotes"),
    Scope.FILES: _("Upload and delete files"),
    Scope.BILLING: _("See usage, invoices and the balance; manage budgets"),
    Scope.KEYS: _("Manage API keys, never with more than its own permissions"),
    Scope.WEBHOOKS: _("Manage webhooks and see their deliveries"),
    Scope.MEMBERS: _("Invite, change and remove members, except owners"),
    Scope.SETTINGS: _("Change settings and guard rules"),
    Scope.AUDIT: _("Read the audit log"),
}


def explained(word: Any, text: Any, *, below: bool = False) -> Any:
    """Returns a choice's label: its word, and what it means below. With `below` it is part of the choice before."""
    look = "choice choice-below" if below else "choice"
    return format_html('<span class="{}"><b>{}</b><small>{}</small></span>', look, word, text)


def roles_explained(roles: Iterable[str]) -> Any:
    """Returns what each of these roles may do, a line for each."""
    lines = ((label(Role(role).label), ROLES[role]) for role in roles)
    return format_html('<span class="explained">{}</span>', format_html_join("", "<span><b>{}</b> {}</span>", lines))


def may_do(scopes: Collection[str], livemode: bool) -> str:
    """Returns what a key may do in a line: "Everything", "Generate, Read", "Nothing"."""
    if not scopes:
        return str(_("Nothing"))
    if set(scopes_of_mode(livemode)) <= set(scopes):
        return str(_("Everything"))
    return listed(SCOPES[scope] for scope in SCOPES if scope in scopes)


def numbered(text: str, number: int) -> str:
    """Returns a text of ngettext with its number, which its singular may leave out."""
    return text.replace("%d", formats.count(number))
