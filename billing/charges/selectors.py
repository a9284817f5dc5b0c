"""Reads of charges, as the operator: what of one is left to give back, and all that a decision about it needs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from accounts.models import Tenant
from billing.ledger.services import Account, Kind, available
from billing.models import (
    Charge,
    Credit,
    CreditNote,
    FlagResolution,
    Hold,
    Invoice,
    LedgerEntry,
    LedgerTransaction,
    Wallet,
)
from billing.money import LINE, SHARE, ZERO
from billing.months import month_first
from cavendish.db.call import call_row

FLAGS = {
    "over_hold": _("The answer was worth more than was held; the tenant pays what was held, the rest is absorbed."),
    "images_not_delivered": _("More pictures came than were paid for; the others were not given out."),
    "repeated_answers": _("An answer was thrown away and bought again; its cost is the operator's."),
    "usage_missing": _("The upstream reported no usage; the pictures count by the token table."),
    "output_split_missing": _(
        "The upstream did not say which output tokens are pictures; they count by the token table."
    ),
    "unknown_kind": _("The upstream reported tokens of a kind that has no price here; they are not billed."),
    "unpriced_tool_use": _("A tool used tokens that have no price here; they are not billed."),
    "total_mismatch": _("The reported parts do not add up to the reported total."),
}
UNPRICED = "unpriced_"


def flag_text(flag: str) -> str:
    """Returns what a flag says, as a sentence for people."""
    if flag in FLAGS:
        return FLAGS[flag]
    if flag.startswith(UNPRICED):
        return f"There was no price for {flag.removeprefix(UNPRICED).replace('_', ' ')}; it is not billed."
    return flag.replace("_", " ").capitalize() + "."


@dataclass(frozen=True)
class ChargeLeft:
    """What of a charge was neither refunded nor credited, by where it came from: paid money, then credits.

    Credits stand in the order of the refund, those that last longest first. `kept_after` says how much of the charge a
    refund leaves, where credit notes count beside refunds; without them it follows from the amounts.
    """

    parts: list[tuple[Decimal, Credit | None]]
    kept: Decimal
    worth: Decimal
    is_credited: bool

    @property
    def amount(self) -> Decimal:
        return sum((part for part, _ in self.parts), ZERO)

    def kept_after(self, refund: Decimal) -> Decimal | None:
        if not self.is_credited:
            return None
        if refund == self.amount:
            return ZERO
        return (self.kept - refund / self.worth).quantize(SHARE, rounding=ROUND_DOWN)


def charge_remainder(charge: Charge) -> ChargeLeft:
    """Returns what is left of a charge: refunds of it and credit notes of its invoice share it."""
    parts = _unrefunded(charge)
    row = call_row("charge_left", charge.tenant_id, charge.generation_id)
    assert row is not None
    if row["paid"] is None:
        return ChargeLeft(parts, row["kept"], row["worth"], is_credited=False)
    # twelve places first: a share is no whole number of the ninth
    left = (row["kept"] * row["worth"]).quantize(Decimal("1e-12")).quantize(LINE, rounding=ROUND_DOWN)
    limits = [row["paid"] if source is None else part for part, source in parts]
    shares: list[tuple[Decimal, Credit | None]] = []
    for (part, source), limit in zip(parts, limits, strict=True):
        share = min(part, limit, left)
        if share > 0:
            shares.append((share, source))
            left -= share
    return ChargeLeft(shares, row["kept"], row["worth"], is_credited=True)


def charge_left(charge: Charge) -> Decimal:
    """Returns what of a charge can still be refunded, which is what `charge_refund` refunds without an amount."""
    return charge_remainder(charge).amount


def _unrefunded(charge: Charge) -> list[tuple[Decimal, Credit | None]]:
    """Returns what of a charge was not refunded yet: paid money, then credits, those that last longest first."""
    entries = LedgerEntry.objects.filter(
        tenant_id=charge.tenant_id,
        account=Account.WALLET,
        transaction__generation_id=charge.generation_id,
        transaction__kind__in=(Kind.CHARGE, Kind.REFUND),
    )
    sums: dict[UUID | None, Decimal] = {}
    for credit_id, amount in entries.values_list("credit_id", "amount"):
        sums[credit_id] = sums.get(credit_id, ZERO) - amount
    credits = {credit.id: credit for credit in Credit.objects.filter(id__in=[key for key in sums if key])}
    order = sorted(credits.values(), key=lambda credit: (credit.expires_at is None, credit.expires_at, credit.id))
    sources: list[Credit | None] = [None, *reversed(order)]
    parts = [(sums.get(source.id if source else None, ZERO), source) for source in sources]
    return [(part, source) for part, source in parts if part > 0]


def flagged_charges(
    *,
    tenant_id: UUID | None = None,
    flag: str | None = None,
    resolved: bool | None = False,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Charge]:
    """Returns charges that somebody should look at with their tenants and decisions, the newest generation first.

    `resolved` None is both; `before` is the last generation of the page before. As the operator.
    """
    rows = Charge.objects.filter(~Q(flags=[])).select_related("tenant", "resolution").order_by("-generation_id")
    if tenant_id is not None:
        rows = rows.filter(tenant_id=tenant_id)
    if flag is not None:
        rows = rows.filter(flags__contains=[flag])
    if resolved is not None:
        rows = rows.filter(resolution__isnull=not resolved)
    if before is not None:
        rows = rows.filter(generation_id__lt=before)
    return list(rows[:limit])


@dataclass(frozen=True)
class Correction:
    """A refund or adjustment of a generation: `amount` is what the wallet got."""

    transaction: LedgerTransaction
    amount: Decimal


@dataclass(frozen=True)
class ChargeInSight:
    """All that a refund or a decision about a flag is made from. `cost` is in USD."""

    tenant: Tenant
    charge: Charge
    hold: Hold | None
    flags: list[tuple[str, str]]
    """Each flag with its sentence."""
    resolution: FlagResolution | None
    corrections: list[Correction]
    """Refunds and adjustments of this generation, the oldest first."""
    refunded: Decimal
    credited: Decimal
    """Its part of what credit notes took of its invoice."""
    left: Decimal
    wallet: Wallet
    free: Decimal
    """What is neither spent nor held, credit limit included."""
    invoice: Invoice | None
    """The one that the charge is billed on, once it is drafted; None before."""
    credit_notes: list[CreditNote]
    """Of that invoice: what they took of it counts against this charge."""


def charge_in_sight(generation_id: UUID) -> ChargeInSight | None:
    """Returns what is known of a generation's charge; None where it has none."""
    charge: Charge | None = (
        Charge.objects.filter(generation_id=generation_id).select_related("tenant", "resolution").first()
    )
    if charge is None:
        return None
    tenant_id = charge.tenant_id
    wallet: Wallet = Wallet.objects.get(tenant_id=tenant_id, livemode=charge.livemode)
    corrections = _corrections(charge)
    refunds = [row.amount for row in corrections if row.transaction.kind == Kind.REFUND]
    invoice: Invoice | None = None
    if charge.livemode:
        month = month_first(charge.billing_date)
        invoices = Invoice.objects.filter(tenant_id=tenant_id, month=month).exclude(status=Invoice.Status.VOID)
        invoice = invoices.first()
    refunded, left = sum(refunds, ZERO), charge_left(charge)
    notes = CreditNote.objects.filter(tenant_id=tenant_id, invoice=invoice).order_by("id") if invoice else []
    return ChargeInSight(
        tenant=charge.tenant,
        charge=charge,
        hold=Hold.objects.filter(generation_id=generation_id).first(),
        flags=[(flag, flag_text(flag)) for flag in charge.flags],
        resolution=getattr(charge, "resolution", None),
        corrections=corrections,
        refunded=refunded,
        credited=charge.amount - refunded - left,
        left=left,
        wallet=wallet,
        free=available(wallet),
        invoice=invoice,
        credit_notes=list(notes),
    )


def _corrections(charge: Charge) -> list[Correction]:
    # tenant and kinds first: there is an index of these few (ledger_corrections)
    rows = LedgerTransaction.objects.filter(
        tenant_id=charge.tenant_id, kind__in=(Kind.REFUND, Kind.ADJUSTMENT), generation_id=charge.generation_id
    )
    found = []
    for transaction in rows.prefetch_related("entries").order_by("id"):
        wallet = [entry.amount for entry in transaction.entries.all() if entry.account == Account.WALLET]
        found.append(Correction(transaction, sum(wallet, ZERO)))
    return found
