"""Before and after of a booking, found by doing it: the service itself runs, and its transaction is rolled back.

So a page states what will be booked by the same rule, whatever the service checks or splits. Services do nothing
outside of the database before they commit, and what they leave for `on_commit` is dropped with the transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Max

from billing.charges.selectors import charge_left
from billing.invoices.ledger_entries import settled_of
from billing.ledger.services import available, tax_kept
from billing.models import Charge, FlagResolution, Invoice, LedgerEntry, Wallet
from billing.wallets.selectors import credits_sum
from cavendish.db.router import current_alias

Value = Decimal | str | None


@dataclass(frozen=True)
class Row:
    """A figure as it is and as it would be. Names: `wallet.` balance, held, credits, paid_money,
    credit_limit, tax_kept, free;
    `charge.` amount, refunded, left, decided; `invoice.` status, total, due, paid, credited, left.
    """

    name: str
    now: Value
    after: Value

    @property
    def changes(self) -> bool:
        return self.now != self.after


@dataclass(frozen=True)
class BookedEntry:
    """An entry that the ledger would get; those of one transaction sum to zero."""

    transaction_kind: str
    account: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class BookingPreview:
    """`rows` in the order of a page: wallet, charge, invoice."""

    currency: str
    rows: list[Row]
    entries: list[BookedEntry]

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)


def booking_preview(
    act: Callable[[], object],
    *,
    tenant_id: UUID,
    livemode: bool = True,
    generation_id: UUID | None = None,
    invoice_id: UUID | None = None,
) -> BookingPreview:
    """Returns what `act`, a call of a service, would book for a tenant; as the operator. Nothing of it stays.

    With a generation or an invoice their figures are among the rows. Raises what the act raises: a booking that would
    be refused is refused here, with the same words. Whoever books meanwhile waits for some milliseconds.
    """
    alias = current_alias()
    with transaction.atomic(using=alias):
        last = LedgerEntry.objects.filter(tenant_id=tenant_id).aggregate(last=Max("id"))["last"] or 0
        before = _figures(tenant_id, livemode, generation_id, invoice_id)
        act()
        with connections[alias].cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what COMMIT would refuse is refused now
        after = _figures(tenant_id, livemode, generation_id, invoice_id)
        entries = LedgerEntry.objects.filter(tenant_id=tenant_id, id__gt=last).select_related("transaction")
        booked = [
            BookedEntry(entry.transaction.kind, entry.account, entry.amount, entry.currency)
            for entry in entries.order_by("id")
        ]
        currency: str = Wallet.objects.values_list("currency", flat=True).get(tenant_id=tenant_id, livemode=livemode)
        transaction.set_rollback(True, using=alias)
    rows = [Row(name, value, after[name]) for name, value in before.items()]
    return BookingPreview(currency, rows, booked)


def _figures(tenant_id: UUID, livemode: bool, generation_id: UUID | None, invoice_id: UUID | None) -> dict[str, Value]:
    wallet: Wallet = Wallet.objects.get(tenant_id=tenant_id, livemode=livemode)
    credits = credits_sum(tenant_id=tenant_id, livemode=livemode)
    figures: dict[str, Value] = {
        "wallet.balance": wallet.balance,
        "wallet.held": wallet.held,
        "wallet.credits": credits,
        "wallet.paid_money": wallet.balance - credits,
        "wallet.credit_limit": wallet.credit_limit,
        "wallet.tax_kept": tax_kept(wallet),
        "wallet.free": available(wallet),
    }
    if generation_id is not None:
        charge = Charge.objects.get(tenant_id=tenant_id, generation_id=generation_id)
        left = charge_left(charge)
        note = FlagResolution.objects.filter(charge_id=generation_id).values_list("note", flat=True).first()
        figures |= {
            "charge.amount": charge.amount,
            "charge.refunded": charge.amount - left,
            "charge.left": left,
            "charge.decided": note,
        }
    if invoice_id is not None:
        figures |= _invoice_figures(Invoice.objects.filter(tenant_id=tenant_id, id=invoice_id).first())
    return figures


def _invoice_figures(invoice: Invoice | None) -> dict[str, Value]:
    """Returns nothing but Nones for a draft that was dropped, as one without lines is when it is finalised."""
    if invoice is None:
        return dict.fromkeys(f"invoice.{name}" for name in ("status", "total", "due", "paid", "credited", "left"))
    settled = settled_of(invoice)
    return {
        "invoice.status": invoice.status,
        "invoice.total": invoice.total,
        "invoice.due": invoice.amount_due,
        "invoice.paid": settled.paid,
        "invoice.credited": settled.credited,
        "invoice.left": settled.left,
    }
