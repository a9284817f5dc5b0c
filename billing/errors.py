"""Errors of billing.

BillingError
├── ValuesInvalid        values that cannot go into the books, each with its place
├── BooksRefuse          what the state of the books does not allow
├── PriceMissing         a kind that a request may use has no price in its plan
├── ModelNotInPlan       the tenant's plan does not offer the model
├── BudgetExceeded       a hard budget leaves no room for the worst case
├── BudgetInvalid        values of a budget that is made or changed are wrong
├── BudgetNotYours       an operator set the budget
├── TooManyBudgets       a tenant, key or member has as many as it may
├── InsufficientBalance  the wallet leaves no room for the worst case
└── InvoiceRefused       an invoice is not in the state for what was asked
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cavendish.http.problems import FieldError


class BillingError(Exception):
    """Base of what billing refuses."""


class ValuesInvalid(BillingError):
    """`errors` name every wrong value; nothing was written."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(" ".join(error.detail for error in errors))
        self.errors = list(errors)


class BooksRefuse(BillingError):
    """`code` says what is in the way, for programs; the message for people. Nothing was written."""

    def __init__(self, code: str, message: str, *, status: int = 409) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class PriceMissing(BillingError):
    def __init__(self, *, model: str, kinds: Sequence[str]) -> None:
        super().__init__(f"No price is set for {', '.join(kinds)} of {model}.")
        self.model = model
        self.kinds = list(kinds)


class ModelNotInPlan(BillingError):
    def __init__(self, *, model: str, allowed: Sequence[str]) -> None:
        super().__init__(f"The plan does not offer {model}; it offers {', '.join(allowed) or 'no model'}.")
        self.model = model
        self.allowed = list(allowed)


class BudgetExceeded(BillingError):
    """`refusal` names the budget, its use and when it resets (see hold_reserve)."""

    def __init__(self, refusal: Mapping[str, Any]) -> None:
        super().__init__("A budget has no room for this generation.")
        self.refusal = dict(refusal)


class BudgetInvalid(BillingError):
    """`errors` name every wrong value."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors[0].detail)
        self.errors = list(errors)


class BudgetNotYours(BillingError):
    def __init__(self) -> None:
        super().__init__("The operator of this platform set this budget; only the operator can change or delete it.")


class TooManyBudgets(BillingError):
    def __init__(self, most: int) -> None:
        super().__init__(f"A tenant, key or member has at most {most} budgets; change or delete one of them.")
        self.most = most


class InsufficientBalance(BillingError):
    def __init__(self, refusal: Mapping[str, Any]) -> None:
        super().__init__("The balance does not cover this generation.")
        self.refusal = dict(refusal)


class InvoiceRefused(BillingError):
    """`code` says why to programs, the message to people, `facts` are the numbers in it (billing.invoices.refusals)."""

    def __init__(self, code: str, message: str, facts: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code = code
        self.facts = dict(facts)
