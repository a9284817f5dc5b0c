from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.audit.services import audit_add
from billing.charges.selectors import charge_remainder
from billing.errors import ChangeRefused, ValuesInvalid
from billing.ledger.services import Account, Kind, Side, amount_valid, movement_add, movement_audit, wallet_lock
from billing.models import Charge, Credit, FlagResolution, LedgerTransaction
from billing.money import amount_text
from billing.wallets.services import wallet_adjust
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.http.problems import FieldError, not_found


def charge_refund(
    *, tenant_id: UUID, generation_id: UUID, amount: Decimal | None, reason: str, actor: Actor
) -> LedgerTransaction:
    """Refunds a charge, whole or in part (None is what is left of it), and never more than it was, with what credit
    notes of its invoice gave back of it.

    It goes back to where it came from, paid money first; into a credit that has expired it comes and goes. Raises
    ValuesInvalid, ChangeRefused.
    """
    amount = amount_valid(amount) if amount is not None else None
    with transaction.atomic(using=current_alias()):
        charge = charge_of(tenant_id, generation_id)
        wallet = wallet_lock(tenant_id=tenant_id, livemode=charge.livemode)
        if charge.currency != wallet.currency:
            raise ChangeRefused(
                "currency_differs", f"The charge is in {charge.currency}, the wallet in {wallet.currency}."
            )
        remainder = charge_remainder(charge)
        left = remainder.amount
        refund = left if amount is None else amount
        if not left:
            raise ChangeRefused("nothing_to_refund", gettext_noop("Nothing of this charge is left to give back."))
        if refund > left:
            detail = f"Of this charge {amount_text(left)} {charge.currency} is left to give back."
            raise ValuesInvalid([FieldError("/amount", "too_large", detail)])
        movement = movement_add(
            wallet,
            kind=Kind.REFUND,
            account=Account.REFUNDS,
            sides=_shares(remainder.parts, refund),
            reason=reason,
            actor=actor,
            generation_id=generation_id,
            kept=remainder.kept_after(refund),
        )
        movement_audit(
            movement,
            actor=actor,
            action="charge.refunded",
            amount=refund,
            currency=wallet.currency,
            reason=reason,
            generation_id=ids.encode(ids.GENERATION, generation_id),
        )
    return movement


def flagged_charge_resolve(
    *, tenant_id: UUID, generation_id: UUID, note: str, adjustment: Decimal, actor: Actor
) -> FlagResolution:
    """Stores once what was decided about a flagged charge; `adjustment` corrects the wallet, unless it is zero.

    Raises ValuesInvalid, ChangeRefused.
    """
    with transaction.atomic(using=current_alias()):
        # The lock lets one of two operators decide; the other is refused.
        charge = charge_of(tenant_id, generation_id)
        if not charge.flags:
            raise ChangeRefused("not_flagged", gettext_noop("This charge was never flagged."))
        wallet_lock(tenant_id=tenant_id, livemode=charge.livemode)
        if FlagResolution.objects.filter(charge_id=generation_id).exists():
            raise ChangeRefused("already_resolved", gettext_noop("This flagged charge has been decided about."))
        if adjustment:
            wallet_adjust(
                tenant_id=tenant_id,
                amount=adjustment,
                reason=note[:300],
                actor=actor,
                livemode=charge.livemode,
                generation_id=generation_id,
            )
        resolution: FlagResolution = FlagResolution.objects.create(
            charge_id=generation_id, tenant_id=tenant_id, note=note, adjustment=adjustment, actor=str(actor)[:300]
        )
        audit_add(
            actor=actor,
            action="charge.resolved",
            tenant_id=tenant_id,
            target="charge",
            target_id=generation_id,
            after={"note": note, "adjustment": adjustment, "flags": charge.flags},
        )
    return resolution


def charge_of(tenant_id: UUID, generation_id: UUID) -> Charge:
    charge: Charge | None = Charge.objects.filter(tenant_id=tenant_id, generation_id=generation_id).first()
    if charge is None:
        raise not_found()
    return charge


def _shares(spent: list[tuple[Decimal, Credit | None]], amount: Decimal) -> list[Side]:
    """Splits an amount over what was spent, in its order."""
    sides = []
    for part, credit in spent:
        share = min(part, amount)
        if share:
            sides.append(Side(share, credit))
        amount -= share
    return sides
