"""The JSON that passes between Python and the SQL functions of billing. Amounts are decimals as text.

tests/db/test_contracts.py compares the keys with those that the SQL reads and writes.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class KindPrice(TypedDict):
    """The price of a kind as a hold keeps it: the tenant's, and what the upstream charges, by another unit perhaps."""

    unit: str
    price: str
    cost: str
    cost_unit: NotRequired[str]


class ChargeLine(TypedDict):
    """A line of a charge, as people see it."""

    kind: str
    quantity: int
    unit: str
    unit_price: str
    amount: str


class UsageRecordValues(TypedDict):
    """A usage record to be written: `quantity` in tokens (queries, pictures of a plan) whatever is billed.

    `pieces` are the pictures that a price per picture bills; None where it is the quantity that is billed.
    """

    kind: str
    quantity: int
    pieces: int | None
    unit: str
    unit_price: str
    amount: str
    cost: str


class Settlement(TypedDict):
    """The end of a generation's money: its charge, usage records, and what its budgets count."""

    status: Literal["charged", "not_charged"]
    reason: str | None
    amount: str
    cost: str
    absorbed: str
    lines: list[ChargeLine]
    usage: dict[str, Any]
    flags: list[str]
    records: list[UsageRecordValues]
    images: int
    tokens: int
    requests: int


class SettlementOfJob(Settlement):
    """`charge_settle(p)`: with what the function that ends the generation adds from its row."""

    attempt: int
    api_key_id: str
    member_id: str | None
    model: str
    image_size: str
    tier: str
    metadata: dict[str, str]


class BudgetRefusal(TypedDict):
    """Why `hold_reserve` held nothing: a hard budget has no room. `notify`: its 100 % has to be told."""

    code: Literal["budget_exceeded"]
    budget_id: str
    scope: Literal["tenant", "key", "member"]
    scope_id: str
    metric: Literal["money", "images", "tokens", "requests"]
    period: Literal["day", "week", "month", "total"]
    limit: str
    used: str
    held: str
    wanted: str
    resets_at: str | None
    currency: str | None
    set_by_operator: bool
    notify: bool


class WalletRefusal(TypedDict):
    """Why `hold_reserve` held nothing: the wallet has no room. Without a wallet in the currency the sums are None."""

    code: Literal["insufficient_balance"]
    balance: str | None
    held: str | None
    credit_limit: str | None
    tax_kept: str
    currency: str | None
    wanted: str


HoldRefusal = BudgetRefusal | WalletRefusal


class PostalAddress(TypedDict, total=False):
    """An address in its parts; empty where nobody gave them. `country` is of ISO 3166."""

    line1: str
    line2: str
    postal_code: str
    city: str
    region: str
    country: str


class TaxExchange(TypedDict):
    """The rate by which VAT is in the currency in which a company owes it: what one of the invoice's currency is."""

    currency: str
    rate: str
    on: str
    source: str


class Issuer(TypedDict):
    """Who issues an invoice, as it is kept on it; empty while no company is set."""

    name: str
    address: str
    postal_address: PostalAddress
    tax_id: str
    email: str
    contact_name: str
    phone: str
    iban: str
    bic: str
    bank_details: str
    footer: str
    tax_exchange: TaxExchange | None


class Customer(TypedDict):
    """To whom an invoice goes, as it is kept on it."""

    name: str
    address: str
    postal_address: PostalAddress
    tax_id: str
    email: str
    reference: str
    buyer_reference: str
    tax_category: str
    tax_exemption_code: str
    payment_terms_days: int


class Finalised(TypedDict):
    """`invoice_finalise` has given the invoice its number."""

    code: Literal["finalised"]
    number: str


class NotFinalised(TypedDict):
    """`invoice_finalise`: there is no such invoice, no company to issue it, or nothing in it."""

    code: Literal["not_found", "no_legal_entity", "empty"]


class NoDraft(TypedDict):
    """`invoice_finalise`: the invoice is no draft any more."""

    code: Literal["not_draft"]
    status: str
    number: str | None


class PeriodOpen(TypedDict):
    """`invoice_finalise`: the month is not over. RFC 3339."""

    code: Literal["period_open"]
    ends_at: str


class InGraceTime(TypedDict):
    """`invoice_finalise`: jobs of the month may still end. RFC 3339."""

    code: Literal["waiting"]
    until: str


Finalisation = Finalised | NotFinalised | NoDraft | PeriodOpen | InGraceTime
