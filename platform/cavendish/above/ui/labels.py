"""Labels of the models' choices in the viewer's language. Models keep them in English, as the API and commands do."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, gettext_noop, pgettext_lazy

LABELS = (
    gettext_noop("API key"), gettext_noop("Active"), gettext_noop("Admin"), gettext_noop("Adjustment"),
    gettext_noop("Adjustments"), gettext_noop("Allow"), gettext_noop("Billing"), gettext_noop("Canceled"),
    gettext_noop("Canceling"), gettext_noop("Charge"), gettext_noop("Charged"), gettext_noop("Clean"),
    gettext_noop("Closing"), gettext_noop("Completed"), gettext_noop("Credit expired"), gettext_noop("Credit given"),
    gettext_noop("Credit note"), gettext_noop("Credit used"), gettext_noop("Developer"), gettext_noop("Differences"),
    gettext_noop("Disabled"), gettext_noop("Disabled by the tenant"), gettext_noop("Done"), gettext_noop("Draft"),
    gettext_noop("Enabled"), gettext_noop("Erased"), gettext_noop("Expired"), gettext_noop("Failed"),
    gettext_noop("Finalised"), gettext_noop("Finance"), gettext_noop("Full"), gettext_noop("Funding"),
    gettext_noop("Granted"), gettext_noop("Held"), gettext_noop("Images"), gettext_noop("In progress"),
    gettext_noop("Included in the plan"), gettext_noop("Invoice"), gettext_noop("It failed for days"),
    gettext_noop("Member"), gettext_noop("Native"), gettext_noop("Not charged"), gettext_noop("Operator"),
    gettext_noop("Output"), gettext_noop("Owner"), gettext_noop("Paid"), gettext_noop("Payment"),
    gettext_noop("Pending"), gettext_noop("Promotions"), gettext_noop("Queued"), gettext_noop("Read-only"),
    gettext_noop("Ready"), gettext_noop("Receivable"), gettext_noop("Refund"), gettext_noop("Refunds"),
    gettext_noop("Released"), gettext_noop("Requests"), gettext_noop("Revenue"), gettext_noop("Rounding"),
    gettext_noop("Running"), gettext_noop("Sending"), gettext_noop("Sent"), gettext_noop("Settled"),
    gettext_noop("Succeeded"), gettext_noop("Support"), gettext_noop("Suspended"), gettext_noop("Tax"),
    gettext_noop("Tenant"), gettext_noop("The receiver answered 410"), gettext_noop("Thought"),
    gettext_noop("Tokens"), gettext_noop("Top-up"), gettext_noop("Usage"), gettext_noop("Viewer"),
    gettext_noop("Void"), gettext_noop("Waiting"), gettext_noop("Wallet"),
)  # fmt: skip
"""Every label that a page of the admin shows."""

PERIODS = {
    "Day": pgettext_lazy("budget period", "Day"),
    "Week": pgettext_lazy("budget period", "Week"),
    "Month": pgettext_lazy("budget period", "Month"),
    "Total": pgettext_lazy("budget period", "Total"),
}
"""A budget's periods: "Month" also heads a column, where Chinese has another word."""

SCOPES = {
    "generate": pgettext_lazy("scope of a key", "Generate"),
    "read": pgettext_lazy("scope of a key", "Read"),
    "files": pgettext_lazy("scope of a key", "Files"),
    "billing": pgettext_lazy("scope of a key", "Billing"),
    "keys": pgettext_lazy("scope of a key", "Keys"),
    "webhooks": pgettext_lazy("scope of a key", "Webhooks"),
    "members": pgettext_lazy("scope of a key", "Members"),
    "settings": pgettext_lazy("scope of a key", "Settings"),
    "audit": pgettext_lazy("scope of a key", "Audit"),
}
"""What a key's scopes are called beside their boxes."""

WORDS = (
    gettext_noop("batch"), gettext_noop("blocklist"), gettext_noop("cached input"), gettext_noop("canceled"),
    gettext_noop("deadline exceeded"), gettext_noop("guard refused"), gettext_noop("image input"),
    gettext_noop("image output"), gettext_noop("image search"), gettext_noop("internal"), gettext_noop("language"),
    gettext_noop("max output tokens"), gettext_noop("no image"), gettext_noop("prohibited content"),
    gettext_noop("rate limited"), gettext_noop("recitation"), gettext_noop("safety"), gettext_noop("safety blocked"),
    gettext_noop("search query"), gettext_noop("sensitive data"), gettext_noop("standard"),
    gettext_noop("storage full"), gettext_noop("text input"), gettext_noop("text output"),
    gettext_noop("thought output"), gettext_noop("upstream rate limited"), gettext_noop("upstream rejected"),
    gettext_noop("upstream unavailable"), gettext_noop("video input"), gettext_noop("web search"),
)  # fmt: skip
"""Names of the API that pages show as words: error codes, kinds, tiers, tools, flags."""


def label(text: str | Promise) -> str:
    """Returns a label of a choice in the viewer's language, and any other text as it is."""
    return gettext(str(text)) if text else ""


def period(text: str) -> str:
    """Returns a budget's period by its label."""
    return str(PERIODS.get(text, text))


def labelled(choices: Iterable[tuple[str, str | Promise]]) -> list[tuple[str, str | Promise]]:
    """Returns choices for a field of a form with labels in the viewer's language, whoever that will be."""
    return [(value, gettext_lazy(str(text))) for value, text in choices]
