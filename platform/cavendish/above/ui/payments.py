"""States of payments at the provider, as pages of tenants and operators show them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import PaymentMethod, ProviderPayment
from cavendish.above.ui import formats
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import in_brackets

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
    return _words(OFF, code)


DISPUTES: dict[str, str | Promise] = {
    "warning_needs_response": gettext_lazy("may come, and wants an answer"),
    "warning_under_review": gettext_lazy("may come, the bank looks at it"),
    "warning_closed": gettext_lazy("did not come"),
    "needs_response": gettext_lazy("wants an answer"),
    "under_review": gettext_lazy("the bank looks at it"),
    "won": gettext_lazy("won"),
    "lost": gettext_lazy("lost"),
}
"""States of a dispute by the provider's word; another one is shown without its underscores."""


def dispute_text(word: str) -> str:
    return _words(DISPUTES, word)


FAILURES: dict[str, str | Promise] = {
    "page_expired": gettext_lazy("Nobody paid on the provider's page."),
    "provider_unavailable": gettext_lazy("The payment provider did not answer; nothing was charged."),
    "other_currency": gettext_lazy("It came in another currency and was given back."),
    "closed_by_operator": gettext_lazy("The operator of this platform closed it."),
}
"""Why a payment failed, where it is the platform that says so; else it is in the provider's words."""


PROBLEMS: dict[str, str | Promise] = {
    "other_currency": gettext_lazy("it came in another currency"),
    "internal": gettext_lazy("a mistake of this platform"),
    "balance_too_large": gettext_lazy("the balance would be larger than the books can hold"),
    "APIConnectionError": gettext_lazy("the payment provider was not reached"),
    "AuthenticationError": gettext_lazy("the payment provider refused the platform's key"),
    "PermissionError": gettext_lazy("the platform's key may not read this"),
    "RateLimitError": gettext_lazy("the payment provider was asked too often"),
}
"""Why something cannot be booked, to operators."""


def problem_text(code: str, detail: str = "") -> str:
    """Returns why something is not booked, in words; of a mistake of ours with its kind."""
    if detail and code not in PROBLEMS:
        return detail
    words = _words(PROBLEMS, code)
    return in_brackets(words, detail) if code == "internal" and detail else words


def _words(known: Mapping[str, str | Promise], code: str) -> str:
    return str(known.get(code) or code.replace("_", " "))


KINDS = {"sepa_debit": "SEPA", "us_bank_account": "ACH", "bacs_debit": "Bacs", "au_becs_debit": "BECS"}
"""Bank debits by the name that people know; cards have their brand."""


def method_text(method: PaymentMethod) -> str:
    """Returns a method as people know it: "Visa ···· 4242, 12/2034"."""
    name = method.brand.title() or KINDS.get(method.type) or method.type.replace("_", " ").capitalize()
    text = f"{name} ···· {method.last4}" if method.last4 else name
    return f"{text}, {method.exp_month:02}/{method.exp_year}" if method.exp_month and method.exp_year else text


def payment_state(row: ProviderPayment) -> SafeString:
    """Returns the state; with why it failed, and what was taken back."""
    state = formats.status(TONES[Status(row.status)], label(row.get_status_display()))
    if row.status == Status.FAILED and row.failure_message:
        why = FAILURES.get(row.failure_code, row.failure_message)
        return format_html('{} <span class="quiet small">{}</span>', state, why)
    if row.status in ProviderPayment.OPEN and row.problem:
        return format_html(
            '{} <span class="quiet small">{}</span>', state, _("It came; your operator has yet to book it.")
        )
    if row.taken_back:
        text = _("%s taken back") % formats.money(row.taken_back, row.currency)
        return format_html('{} <span class="quiet small">{}</span>', state, text)
    return state
