"""What stands in the column of settings, in groups."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles.permissions import Permission, may


@dataclass(frozen=True)
class Setting:
    """A page of settings. `key` is what a page says of itself to be current; None is for every member.

    `text` says in a line what is decided there.
    """

    key: str
    label: str | Promise
    icon: str
    view: str
    permission: Permission | None
    text: str | Promise

    @property
    def address(self) -> str:
        return reverse(f"console:{self.view}")


GROUPS: tuple[tuple[str | Promise, tuple[Setting, ...]], ...] = (
    (
        _("People"),
        (
            Setting(
                "members", _("Members"), "people", "members", Permission.MEMBERS, _("People and their roles.")
            ),
            Setting(
                "security", _("Security"), "shield", "security", None, _("Second factors for you and your team.")
            ),
        ),
    ),
    (
        _("Integrations"),
        (
            Setting("keys", _("API keys"), "key", "keys", Permission.KEYS, _("What programs sign in with.")),
            Setting(
                "webhooks", _("Webhooks"), "link", "webhooks", Permission.WEBHOOKS, _("Where events are sent.")
            ),
            Setting(
                "origins", _("Origins"), "globe", "origins", Permission.READ, _("Sites that may use the API.")
            ),
            Setting(
                "guard", _("Guard rules"), "lock", "guard_rules", Permission.SETTINGS,
                _("What requests may not ask for."),
            ),
        ),
    ),
    (
        _("Tenant"),
        (
            Setting("general", _("General"), "settings", "general", Permission.READ, _("Name, time zone, limits.")),
            Setting(
                "data", _("Data and storage"), "storage", "data", Permission.READ,
                _("How long things are kept, and how much is stored."),
            ),
            Setting("policy", _("Use policy"), "check", "use_policy", None, _("What may be generated.")),
            Setting("audit", _("Audit log"), "note", "audit", Permission.AUDIT, _("Who changed what.")),
            Setting(
                "leaving", _("Export and close"), "download", "leaving", Permission.CLOSE,
                _("Export everything, or close the tenant."),
            ),
        ),
    ),
)  # fmt: skip


def groups_for(role: str) -> list[tuple[str | Promise, list[Setting]]]:
    """Returns the groups that a role sees, without those that would be empty."""
    shown = [
        (heading, [item for item in items if item.permission is None or may(role, item.permission)])
        for heading, items in GROUPS
    ]
    return [(heading, items) for heading, items in shown if items]
