"""What the platform asks of a payment provider, and the shapes of its answers. Amounts are Decimals of the currency.

A module answers with what the provider says now, never with what it expects; whatever is not known for sure raises
OutcomeUnknown. None of this is called inside a transaction of the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Progress(StrEnum):
    """How far a payment is at the provider."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class SavedMethod:
    """A card or account as the provider knows it. `type` is the provider's word: card, sepa_debit, us_bank_account."""

    reference: str
    type: str
    brand: str = ""
    last4: str = ""
    exp_month: int | None = None
    exp_year: int | None = None


@dataclass(frozen=True)
class Order:
    """What is to be paid. `id` is ours: the provider keeps it with the payment and does nothing twice for it.

    Without a method the payer chooses one on the provider's page.
    """

    id: str
    tenant_id: str
    customer: str
    amount: Decimal
    currency: str
    description: str
    method: SavedMethod | None = None


@dataclass(frozen=True)
class PaymentState:
    """A payment as it is at the provider. `taken_back` is what was refunded, and what a dispute took for now;
    None where the answer does not say."""

    reference: str
    progress: Progress
    received: Decimal
    currency: str
    order_id: str = ""
    charge_reference: str = ""
    taken_back: Decimal | None = None
    dispute: str = ""
    failure_code: str = ""
    failure_message: str = ""


@dataclass(frozen=True)
class Page:
    """A page of the provider's on which the payer pays, or saves a method."""

    reference: str
    url: str


@dataclass(frozen=True)
class PageState:
    """What became of a page. `customer` and `method` are what was saved there."""

    reference: str
    is_over: bool
    order_id: str = ""
    payment_reference: str = ""
    customer: str = ""
    method: SavedMethod | None = None


class About(StrEnum):
    """What an event is about, and with that how what it names is looked up."""

    PAYMENT = "payment"
    PAGE = "page"
    METHOD = "method"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Notice:
    """An event of the provider's: a hint that something about `object_reference` has changed."""

    reference: str
    type: str
    happened_at: datetime
    about: About
    object_reference: str = ""
    order_id: str = ""


@dataclass(frozen=True)
class Refunded:
    """How much was given back of a payment, by the ids that a refund names."""

    payment_reference: str
    charge_reference: str
    amount: Decimal


class Provider(Protocol):
    name: str
    title: str
    """How people call it: "Stripe"."""

    def amount_check(self, amount: Decimal, currency: str) -> None:
        """Raises AmountNotPayable for an amount that the provider cannot take to the last place."""

    def customer_create(self, *, tenant_id: str, name: str, email: str) -> str:
        """Returns the provider's id of the tenant; the same when it is asked again."""

    def method_attach(self, *, customer: str, token: str) -> SavedMethod:
        """Saves what the token stands for with the customer. Raises Declined, Refused."""

    def method_detach(self, reference: str) -> None:
        """Forgets a saved method; one that is unknown already is none."""

    def methods_page(self, *, customer: str, tenant_id: str, currency: str, return_url: str) -> Page:
        """Returns a page on which a method is saved."""

    def charge(self, order: Order) -> PaymentState:
        """Takes the order's amount by its saved method. Raises Declined, Refused, OutcomeUnknown."""

    def payment_page(self, order: Order, *, return_url: str) -> Page:
        """Returns a page on which the order is paid, by card or bank debit."""

    def page_close(self, reference: str) -> None:
        """Ends a page: nothing can be paid on it any more. One that is over is none."""

    def payment_cancel(self, reference: str) -> None:
        """Ends a payment that was not made. Raises Refused where it was."""

    def payment_state(self, reference: str) -> PaymentState: ...

    def payment_find(self, *, customer: str, order_id: str) -> PaymentState | None:
        """Returns the payment that was made for an order, where its answer was lost. None: there is none yet."""

    def page_state(self, reference: str) -> PageState: ...

    def refunds_newest(self) -> Sequence[Refunded]:
        """Returns sums of the latest refunds, for what no event told of."""

    def events_since(self, moment: datetime) -> Iterable[Notice]: ...

    def notice_read(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Returns the event in a webhook's body, once its signature proves whose it is. Raises NotSigned."""
