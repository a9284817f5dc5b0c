"""Labels of the models' choices in the viewer's language. Models keep them in English, as the API and commands do."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, gettext_noop, ngettext_lazy, pgettext_lazy

LABELS = (
    gettext_noop("API key"), gettext_noop("Active"), gettext_noop("Admin"), gettext_noop("Adjustment"),
    gettext_noop("Adjustments"), gettext_noop("Allow"), gettext_noop("Base fee"), gettext_noop("Minimum commitment"),
    gettext_noop("Volume discount"), gettext_noop("Plan"), gettext_noop("Billing"), gettext_noop("Canceled"),
    gettext_noop("Canceling"), gettext_noop("Charge"), gettext_noop("Charged"), gettext_noop("Clean"),
    gettext_noop("Closing"), gettext_noop("Completed"), gettext_noop("Credit expired"), gettext_noop("Credit given"),
    gettext_noop("Reversed"), gettext_noop("Paid from the balance"), gettext_noop("Paid out"),
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
    gettext_noop("Automatic top-up"), gettext_noop("Being sent"), gettext_noop("Needs the payer"),
    gettext_noop("Not ours"), gettext_noop("Processed"), gettext_noop("Received"), gettext_noop("Set aside"),
    gettext_noop("Webhook"), gettext_noop("Hashes"), gettext_noop("Person"), gettext_noop("Key"),
    gettext_noop("Operator key"), gettext_noop("System"),
    gettext_noop("Found by asking"), gettext_noop("Standard or reduced rate"), gettext_noop("Zero rate"),
    gettext_noop("Exempt"), gettext_noop("Reverse charge"), gettext_noop("Exempt, within the EU"),
    gettext_noop("Free export"), gettext_noop("Outside the scope of VAT"),
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
    gettext_noop("Images not delivered"), gettext_noop("Output split missing"), gettext_noop("Over hold"),
    gettext_noop("Repeated answers"), gettext_noop("Total mismatch"), gettext_noop("Unknown kind"),
    gettext_noop("Unpriced tool use"), gettext_noop("Usage missing"), gettext_noop("over hold"),
    gettext_noop("images not delivered"), gettext_noop("output split missing"), gettext_noop("repeated answers"),
    gettext_noop("total mismatch"), gettext_noop("unknown kind"), gettext_noop("unpriced tool use"),
    gettext_noop("usage missing"),
    gettext_noop("minimal"), gettext_noop("low"), gettext_noop("medium"), gettext_noop("high"),
    gettext_noop("Aborted"), gettext_noop("Deadline exceeded"), gettext_noop("Failed precondition"),
    gettext_noop("Internal"), gettext_noop("Invalid argument"), gettext_noop("Invalid request"),
    gettext_noop("Not found"), gettext_noop("Permission denied"), gettext_noop("Resource exhausted"),
    gettext_noop("Unauthenticated"), gettext_noop("Unavailable"), gettext_noop("Unknown"),
)  # fmt: skip
"""Names of the API that pages show as words: error codes, kinds, tiers, flags, levels, codes of Google's answers."""

CONNECTIONS = (
    gettext_noop("The host could not be reached."), gettext_noop("The host did not respond in time."),
    gettext_noop("The host's certificate is not valid for its name."),
    gettext_noop("The host's name could not be resolved."), gettext_noop("The response broke off or is not HTTP."),
)  # fmt: skip
"""Why a webhook got no answer."""

REFUSED = (
    gettext_noop("A slug has up to 50 lowercase letters, digits and hyphens, and no hyphen at its ends."),
    gettext_noop("Only https:// URLs are sent to."), gettext_noop("The URL names no host."),
    gettext_noop("This is not a URL."), gettext_noop("Only port 443 is allowed."),
    gettext_noop("The URL contains a user name or password; use one without."),
    gettext_noop("The host is a loopback address, which is not sent to."),
    gettext_noop("The host is a private address, which is not sent to."),
    gettext_noop("The host is a link-local address, which is not sent to."),
    gettext_noop("The host is a reserved address, which is not sent to."),
    gettext_noop("The host is a cloud metadata address, which is not sent to."),
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
)  # fmt: skip
"""What is wrong with a slug, a URL that events are to be sent to, or a password, of which Django's Chinese lacks it."""

LINES = (
    gettext_noop("Text input"), gettext_noop("Image input"), gettext_noop("Video input"), gettext_noop("Cached input"),
    gettext_noop("Text output"), gettext_noop("Images"), gettext_noop("Thoughts"), gettext_noop("Searches"),
    gettext_noop("Paid by credits"), gettext_noop("Paid by the plan's credit"),
    gettext_noop("Beyond the quoted maximum, not charged"), gettext_noop("tokens"), gettext_noop("searches"),
    gettext_noop("images"), gettext_noop("token"), gettext_noop("search"), gettext_noop("image"),
    gettext_noop("Credits and corrections"), gettext_noop("Standard or reduced rate"), gettext_noop("Zero rate"),
    gettext_noop("Exempt"), gettext_noop("Reverse charge"), gettext_noop("Exempt, within the EU"),
    gettext_noop("Free export"), gettext_noop("Outside the scope of VAT"),
)  # fmt: skip
"""Lines of an invoice without a description of their own; the PDF is in English."""

FIELDS = (
    gettext_noop("accepted by"), gettext_noop("adjustment"), gettext_noop("alerts"), gettext_noop("allowed models"),
    gettext_noop("allowed sizes"), gettext_noop("amount"), gettext_noop("concurrency limit"),
    gettext_noop("credit limit"), gettext_noop("description"), gettext_noop("email"), gettext_noop("expires at"),
    gettext_noop("expires on"), gettext_noop("flags"), gettext_noop("generation id"), gettext_noop("hard"),
    gettext_noop("invoice id"), gettext_noop("ip ranges"), gettext_noop("images per minute"),
    gettext_noop("jobs in flight"), gettext_noop("limit"), gettext_noop("metric"), gettext_noop("model"),
    gettext_noop("name"), gettext_noop("note"), gettext_noop("number"), gettext_noop("output retention days"),
    gettext_noop("input retention days"), gettext_noop("period"), gettext_noop("plan"), gettext_noop("policy"),
    gettext_noop("price"), gettext_noop("queue limit"), gettext_noop("received on"), gettext_noop("to balance"),
    gettext_noop("requests per minute"), gettext_noop("role"), gettext_noop("scope"), gettext_noop("scopes"),
    gettext_noop("slug"), gettext_noop("starts on"), gettext_noop("status"), gettext_noop("tenant id"),
    gettext_noop("threshold"), gettext_noop("timezone"), gettext_noop("url"), gettext_noop("version"),
    gettext_noop("reason"), gettext_noop("reference"), gettext_noop("currency"), gettext_noop("livemode"),
    gettext_noop("prefix"), gettext_noop("actor"), gettext_noop("allowed origins"),
    gettext_noop("enabled"), gettext_noop("events"), gettext_noop("frame origins"), gettext_noop("languages"),
    gettext_noop("max amount"), gettext_noop("max image size"), gettext_noop("member id"),
    gettext_noop("previous expires at"), gettext_noop("requires two factor"), gettext_noop("revoked at"),
    gettext_noop("stages"), gettext_noop("test keys enabled"), gettext_noop("type"), gettext_noop("words"),
)  # fmt: skip
"""Values of the audit log, as its sentences name them."""


_AMBIGUOUS: dict[str, Promise] = {
    **PERIODS,
    "Money": pgettext_lazy("what a budget counts", "Money"),
    "google search": gettext_lazy("Google Search"),
}


def label(text: str | Promise) -> str:
    """Returns a label of a choice in the viewer's language, and any other text as it is."""
    return str(_translated(str(text))) if text else ""


def _translated(text: str) -> str | Promise:
    return _AMBIGUOUS[text] if text in _AMBIGUOUS else gettext_lazy(text)


def period(text: str) -> str:
    """Returns a budget's period by its label."""
    return str(PERIODS.get(text, text))


def labelled(choices: Iterable[tuple[str, str | Promise]]) -> list[tuple[str, str | Promise]]:
    """Returns choices for a field of a form with labels in the viewer's language, whoever that will be."""
    return [(value, _translated(str(text))) for value, text in choices]
