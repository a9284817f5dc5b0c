"""What stands in the rail of the console, and at the foot of a phone."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles.permissions import Permission, may


@dataclass(frozen=True)
class Item:
    """A page of the rail. `view` is its name in the address book, `key` what a page says of itself to be current.

    Who lacks `permission` does not see it; None is for every member. `letter` goes there after "g".
    """

    key: str
    label: str | Promise
    icon: str
    view: str
    permission: Permission | None
    letter: str

    @property
    def address(self) -> str:
        return reverse(f"console:{self.view}")


ITEMS = (
    Item("playground", _("Playground"), "wand", "playground", Permission.READ, "p"),
    Item("gallery", _("Gallery"), "picture", "gallery", Permission.READ, "i"),
    Item("jobs", _("Jobs"), "jobs", "jobs", Permission.READ, "j"),
    Item("usage", _("Usage"), "bars", "usage", Permission.BILLING, "u"),
    Item("billing", _("Billing"), "card", "billing", Permission.BILLING, "b"),
    Item("settings", _("Settings"), "settings", "settings", None, "s"),
)


def items_for(role: str) -> list[Item]:
    """Returns the items that a role sees, in the rail's order."""
    return [item for item in ITEMS if item.permission is None or may(role, item.permission)]
