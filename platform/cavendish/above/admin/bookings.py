"""Acts that book money: what they show before is found by booking it, and taking that back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import SYSTEM, Actor
from billing.oversight import BookingPreview, Row, booking_preview
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.formats import STATES, money

NAMES: dict[str, str | Promise] = {
    "wallet.balance": _("Balance"),
    "wallet.held": _("Held"),
    "wallet.credits": _("Of it given as credit"),
    "wallet.paid_money": _("Of it paid in"),
    "wallet.credit_limit": _("Credit limit"),
    "wallet.tax_kept": _("Kept back for tax"),
    "wallet.free": _("Free to spend"),
    "charge.amount": _("Charged"),
    "charge.refunded": _("Given back of this charge"),
    "charge.left": _("Left of this charge"),
    "charge.decided": _("Decision"),
    "invoice.status": _("Invoice"),
    "invoice.total": _("Total"),
    "invoice.due": _("Due"),
    "invoice.paid": _("Paid"),
    "invoice.credited": _("Credited"),
    "invoice.left": _("Left to pay"),
}
"""The figures of `booking_preview` as people read them, in the order of a page."""


@dataclass(frozen=True)
class Subject:
    """Whose money moves, and the charge or invoice that it is about."""

    tenant_id: UUID
    livemode: bool = True
    generation_id: UUID | None = None
    invoice_id: UUID | None = None


class BookingAct(Act):
    """An act whose preview is its own booking.

    `book` is the one place that calls the service: for the preview, whose transaction is rolled back, and in earnest.
    `always` are the figures that stand in the preview even where they stay; `digits` are places of its amounts, by
    default those of the coins.
    """

    always: tuple[str, ...] = ("wallet.balance", "wallet.held", "wallet.free")
    digits: int | None = None

    def subject(self) -> Subject:
        raise NotImplementedError

    def book(self, actor: Actor) -> object:
        """Calls the service with what the valid form says. Raises Problem."""
        raise NotImplementedError

    def notes(self) -> list[str]:
        """Returns sentences that stand below the figures."""
        return []

    def preview(self) -> Preview:
        of = self.subject()
        booked = booking_preview(
            lambda: self.book(SYSTEM),
            tenant_id=of.tenant_id,
            livemode=of.livemode,
            generation_id=of.generation_id,
            invoice_id=of.invoice_id,
        )
        return Preview(self._lines(booked), self.notes(), gettext("What will be booked"))

    def _lines(self, booked: BookingPreview) -> list[Change]:
        rows = {row.name: row for row in booked.rows}
        shown = [row for name in NAMES if (row := rows.get(name)) and (name in self.always or row.changes)]
        return [
            Change(str(NAMES[row.name]), self._text(row.now, booked), self._text(row.after, booked))
            for row in shown
            if not _is_nothing(row)
        ]

    def _text(self, value: Decimal | str | None, booked: BookingPreview) -> str:
        if value is None:
            return "–"
        if isinstance(value, Decimal):
            return money(value, booked.currency, digits=self.digits)
        return str(STATES[value][1]) if value in STATES else value


def _is_nothing(row: Row) -> bool:
    """Returns whether a row says nothing: a limit that there is not, money paid in where the credits stand above."""
    return row.name == "wallet.paid_money" or (
        row.name in {"wallet.credit_limit", "wallet.tax_kept"} and not row.now and not row.after
    )
