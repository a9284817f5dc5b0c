"""What billing refuses, each with its status and its stable code; the API answers them as they are.

Problem
└── Refusal
    └── BillingRefused
        ├── ValuesInvalid        422  values that cannot be stored, each with its place
        ├── ChangeRefused        409  what the state of plans, charges or the ledger does not allow
        ├── InvoiceRefused       409  what an invoice is not in the state for; 404 where there is none
        ├── EInvoiceIncomplete   409  what an e-invoice needs and an issued invoice lacks
        ├── TooManyBudgets       409  a tenant, key or member has as many as it may
        ├── BudgetNotYours       403  an operator set the budget
        ├── BudgetExceeded       403  a hard budget leaves no room for the worst case
        ├── ModelNotInPlan       403  the tenant's plan does not offer the model
        ├── InsufficientBalance  402  the wallet leaves no room for the worst case
        └── PriceMissing         503  a kind that a request may use has no price in its plan
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.utils.translation import gettext_noop

from billing.contracts import BudgetRefusal, WalletRefusal
from billing.quantities import PERIOD_WORDS, SCOPE_WORDS, quantity_json, quantity_text, scope_text
from cavendish.db import ids
from cavendish.http.problems import FieldError, Problem, Refusal, first_of, invalid
from cavendish.http.times import moment

Quantity = Literal["limit", "used", "held", "wanted"]
QUANTITIES: tuple[Quantity, ...] = ("limit", "used", "held", "wanted")


class BillingRefused(Refusal):
    """Base of what billing refuses; nothing was written."""


class ValuesInvalid(BillingRefused):
    """`errors` name every wrong value."""

    status_code, code_name = 422, "invalid_request"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(invalid(errors).detail, errors=errors)


class ChangeRefused(BillingRefused):
    """`code` says what is in the way, for programs; the detail for people."""

    def __init__(self, code: str, detail: str) -> None:
        Problem.__init__(self, self.status_code, code, detail)


class PriceMissing(BillingRefused):
    status_code, code_name = 503, "price_missing"

    def __init__(self, *, model: str, kinds: Sequence[str]) -> None:
        super().__init__(f"No price is set for {', '.join(kinds)} of {model}.")


class ModelNotInPlan(BillingRefused):
    status_code, code_name = 403, "model_not_allowed"

    def __init__(self, *, model: str, allowed: Sequence[str]) -> None:
        names = first_of(allowed, see="/api/v1/models", word="and") if allowed else "no model"
        detail = f"The plan does not offer {model}; it offers {names}."
        super().__init__(detail, errors=[FieldError("/model", self.code_name, detail)])


class BudgetExceeded(BillingRefused):
    """`refusal` names the budget, its use and when it resets."""

    status_code, code_name = 403, "budget_exceeded"

    def __init__(self, refusal: BudgetRefusal) -> None:
        super().__init__(_budget_text(refusal), extra={"budget": _budget_json(refusal)})
        self.refusal = refusal


class BudgetNotYours(BillingRefused):
    status_code, code_name = 403, "set_by_operator"

    def __init__(self) -> None:
        super().__init__(
            gettext_noop("The operator of this platform set this budget; only the operator can change or delete it.")
        )


class TooManyBudgets(BillingRefused):
    code_name = "too_many_budgets"

    def __init__(self, most: int) -> None:
        super().__init__(f"A tenant, key or member has at most {most} budgets; change or delete one of them.")


class InsufficientBalance(BillingRefused):
    """`refusal` holds the wallet's amounts as texts."""

    status_code, code_name = 402, "insufficient_balance"

    def __init__(self, refusal: WalletRefusal) -> None:
        wallet = {name: value for name, value in refusal.items() if name != "code"}
        tax = f" {refusal['tax_kept']} is kept back for tax." if Decimal(refusal["tax_kept"]) else ""
        super().__init__(
            f"The wallet does not cover the worst case of {wallet['wanted']}; {wallet['held']} is held already.{tax}",
            extra={"wallet": wallet},
        )
        self.refusal = refusal


INVOICE_DETAILS = {
    "not_found": gettext_noop("There is no such resource."),
    "not_draft": gettext_noop("Invoice {number} is {status}; only a draft can be finalised, and once."),
    "period_open": gettext_noop("The period is still open; it ends at {ends_at}."),
    "waiting": gettext_noop("Late jobs are waited for until {until}."),
    "no_legal_entity": gettext_noop(
        "No legal entity issues this tenant's invoices: name one, or make one the default."
    ),
    "empty": gettext_noop("Nothing was used in this month, so there is no invoice."),
    "draft": gettext_noop("The invoice is a draft; finalise it first."),
    "void": gettext_noop("Invoice {number} is void."),
    "not_void": gettext_noop("Invoice {number} is not void, so it has no cancellation."),
    "paid": gettext_noop("Invoice {number} is paid."),
    "settled": gettext_noop(
        "Payments or credit notes stand against invoice {number}; take it back with a credit note instead."
    ),
    "balance_too_low": gettext_noop(
        "The balance has been used since; take the invoice back with a credit note instead."
    ),
    "payment_known": gettext_noop("This reference is recorded already for invoice {number}."),
    "nothing_left": gettext_noop("Invoice {number} has been credited in full, or its charges were refunded."),
    "credit_exceeded": gettext_noop(
        "Of invoice {number} only {left} {currency} are left to credit, before tax; refunds of its charges count too."
    ),
    "line_unknown": gettext_noop("Invoice {number} has no line {line}."),
    "line_exceeded": gettext_noop("Of line {line} of invoice {number} only {left} {currency} are left to credit."),
    "nobody_to_send_to": gettext_noop("The tenant has no billing emails, no owner and no billing member."),
    "not_invoiced": gettext_noop("This tenant gets no invoices: its profile says so."),
}
INVOICE_STATES = {"draft", "void", "paid", "settled", "empty", "not_draft", "not_void"}
"""Reasons that only name a state: their code says that it is the invoice's."""


class InvoiceRefused(BillingRefused):
    """`reason` is of INVOICE_DETAILS, `facts` are the values in its sentence; the code tells programs the reason."""

    def __init__(self, reason: str, /, **facts: Any) -> None:
        status = 404 if reason == "not_found" else self.status_code
        code = f"invoice_{reason}" if reason in INVOICE_STATES else reason
        Problem.__init__(self, status, code, INVOICE_DETAILS[reason].format(**facts))
        self.reason = reason
        self.facts = facts


class EInvoiceIncomplete(BillingRefused):
    """`lacks` are fields of the invoice like "customer.postal_address"."""

    code_name = "e_invoice_incomplete"

    def __init__(self, *, number: str, lacks: Sequence[str]) -> None:
        super().__init__(
            f"{number} lacks what an e-invoice needs: {', '.join(lacks)}. It says for ever what the company and the "
            "billing profile said when it was issued; complete them, and the next one has it.",
            errors=[FieldError(f"/{name.replace('.', '/')}", "required", E_INVOICE_FIELDS[name]) for name in lacks],
        )


E_INVOICE_FIELDS = {
    "issuer.postal_address": gettext_noop("The company's address in its parts, with the country."),
    "issuer.postal_address.postal_code": gettext_noop("The postal code of the company's address."),
    "issuer.postal_address.city": gettext_noop("The city of the company's address."),
    "issuer.tax_id": gettext_noop("The company's VAT id (with its country before it) or tax number."),
    "issuer.email": gettext_noop("The company's address of mail."),
    "customer.postal_address": gettext_noop("The customer's address in its parts, with the country."),
    "customer.postal_address.postal_code": gettext_noop("The postal code of the customer's address."),
    "customer.postal_address.city": gettext_noop("The city of the customer's address."),
    "customer.tax_id": gettext_noop("The customer's VAT id, with its country before it."),
    "customer.tax_category": gettext_noop("The VAT category of the billing profile."),
    "customer.tax_exemption_code": gettext_noop("Why no VAT is due: a code of the list VATEX, or the note on tax."),
    "customer.emails": gettext_noop("An address of mail of the customer, or a VAT id of the EU."),
    "customer.buyer_reference": gettext_noop("The buyer's reference, for example a Leitweg-ID, or else `reference`."),
    "currency": gettext_noop("EN 16931 knows no currency with three decimal places."),
}


def _budget_json(refusal: BudgetRefusal) -> dict[str, Any]:
    metric, scope = refusal["metric"], refusal["scope"]
    return {
        "id": ids.encode(ids.BUDGET, UUID(refusal["budget_id"])),
        "scope": scope,
        "scope_id": scope_text(scope, UUID(refusal["scope_id"])),
        "period": refusal["period"],
        "metric": metric,
        "currency": refusal["currency"],
        **{name: quantity_json(metric, Decimal(refusal[name])) for name in QUANTITIES},
        "resets_at": moment(_reset(refusal)),
        "set_by_operator": refusal["set_by_operator"],
    }


def _budget_text(refusal: BudgetRefusal) -> str:
    """Returns one sentence each on the budget, its use, and what helps."""

    def text(name: Quantity) -> str:
        return quantity_text(refusal["metric"], Decimal(refusal[name]), refusal["currency"])

    public = ids.encode(ids.BUDGET, UUID(refusal["budget_id"]))
    limit, used, held, needed = (Decimal(refusal[name]) for name in QUANTITIES)
    running = f" and {text('held')} held by running requests" if held else ""
    detail = (
        f"The {PERIOD_WORDS[refusal['period']]} budget of {SCOPE_WORDS[refusal['scope']]} ({public}) has no room for "
        f"this request: {text('used')} of {text('limit')} are used{running}; this one may need up to {text('wanted')}."
    )
    if needed > limit:
        detail += " That is more than the whole budget."
    elif held and used + needed <= limit:
        detail += " Running requests may leave room when they end."
    reset = _reset(refusal)
    return detail + (f" It resets at {reset:%Y-%m-%dT%H:%M:%SZ}." if reset else " It does not reset.")


def _reset(refusal: BudgetRefusal) -> datetime | None:
    at = refusal["resets_at"]
    return datetime.fromisoformat(at).astimezone(UTC) if at else None
