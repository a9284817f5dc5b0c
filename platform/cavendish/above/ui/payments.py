"""States of payments at the provider, as pages of tenants and operators show them."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

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


def payment_state(row: ProviderPayment) -> SafeString:
    """Returns the state; with why it failed, and what was taken back."""
    state = formats.status(TONES[Status(row.status)], label(row.get_status_display()))
    if row.status == Status.FAILED and row.failure_message:
        return format_html('{} <span class="quiet small">{}</span>', state, row.failure_message)
    if row.taken_back:
        text = _("%s taken back") % formats.money(row.taken_back, row.currency)
        return format_html('{} <span class="quiet small">{}</span>', state, text)
    return state
