"""What stands in the rail: groups of pages, in the order of a day's work."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Item:
    """A page of the rail. `view` is its name in the address book, `key` what a page says of itself to be current."""

    key: str
    label: str | Promise
    icon: str
    view: str

    @property
    def address(self) -> str:
        return reverse(f"admin:{self.view}")


@dataclass(frozen=True)
class Group:
    label: str | Promise
    items: tuple[Item, ...]


HOME = Item("home", _("Home"), "home", "home")
GROUPS = (
    Group(_("Work"), (
        Item("jobs", _("Jobs"), "jobs", "jobs"),
        Item("batches", _("Batches"), "batches", "batches"),
        Item("outputs", _("Outputs"), "picture", "outputs"),
    )),
    Group(_("Tenants"), (
        Item("tenants", _("Tenants"), "tenants", "tenants"),
        Item("people", _("People"), "people", "people"),
        Item("keys", _("API keys"), "key", "keys"),
    )),
    Group(_("Money"), (
        Item("charges", _("Charges"), "money", "charges"),
        Item("invoices", _("Invoices"), "invoice", "invoices"),
        Item("ledger", _("Ledger"), "ledger", "ledger"),
        Item("prices", _("Prices and plans"), "price", "prices"),
        Item("reconcile", _("Reconcile"), "check", "reconcile"),
    )),
    Group(_("Platform"), (
        Item("models", _("Models"), "model", "models"),
        Item("workers", _("Workers"), "workers", "workers"),
        Item("webhooks", _("Webhooks"), "link", "webhooks"),
        Item("mail", _("Mail"), "mail", "mail"),
        Item("storage", _("Storage"), "storage", "storage"),
        Item("audit", _("Audit"), "shield", "audit"),
        Item("settings", _("Settings"), "settings", "settings"),
    )),
)  # fmt: skip
TABS = (
    HOME,
    Item("jobs", _("Jobs"), "jobs", "jobs"),
    Item("tenants", _("Tenants"), "tenants", "tenants"),
    Item("charges", _("Money"), "money", "charges"),
    Item("more", _("More"), "more", "more"),
)
"""What stands at the foot of a phone; `more` lists the rest."""
