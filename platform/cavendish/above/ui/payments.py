"""States of payments at the provider, as pages of tenants and operators show them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import ProviderPayment
from cavendish.above.ui import formats
from cavendish.above.ui.labels import label

Status = ProviderPayment.Status
TONES = {
    Status.CREATED: "waiting",
    Status.PENDING: "waiting",
    Status.REQUIRES_ACTION: "waiting",
    Status.SUCCEEDED: "good",
    Status.FAILED: "bad",
}


OFF: dict[str, str | Promise] = {
    "payment_method_missing": gettext_lazy("no payment method is the default"),
    "balance_too_large": gettext_lazy("the balance would be larger than the books can hold"),
    "payment_failed": gettext_lazy("payments failed"),
    "provider_unavailable": gettext_lazy("the payment provider did not answer"),
    "authentication_required": gettext_lazy("the bank wants to ask the payer"),
    "generic_decline": gettext_lazy("the card was declined"),
    "card_declined": gettext_lazy("the card was declined"),
    "insufficient_funds": gettext_lazy("the card has not enough money"),
    "expired_card": gettext_lazy("the card has expired"),
}


def off_reason(code: str) -> str:
    """Returns why the platform switched the automatic top-up off; a provider's code that is not known without its
    underscores.
    """
    return str(OFF.get(code) or code.replace("_", " "))


def payment_state(row: ProviderPayment) -> SafeString:
    """Returns the state; with why it failed, and what was taken back."""
    state = formats.status(TONES[Status(row.status)], label(row.get_status_display()))
    if row.status == Status.FAILED and row.failure_message:
        return format_html('{} <span class="quiet small">{}</span>', state, row.failure_message)
    if row.taken_back:
        text = _("%s taken back") % formats.money(row.taken_back, row.currency)
        return format_html('{} <span class="quiet small">{}</span>', state, text)
    return state
