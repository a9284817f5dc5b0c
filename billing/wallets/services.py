from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add, changes
from accounts.members.languages import tenant_language
from billing.errors import ChangeRefused
from billing.invoices.mails import recipients
from billing.ledger.references import MANUAL, reference_check
from billing.ledger.selectors import top_up_left
from billing.ledger.services import (
    Account,
    Kind,
    Side,
    amount_valid,
    low_balance_rearm,
    movement_add,
    movement_audit,
    tax_kept,
    wallet_lock,
)
from billing.models import LedgerTransaction, Wallet
from billing.money import ZERO, amount_text
from billing.wallets.mails import low_balance_letter
from billing.wallets.selectors import credits_sum
from cavendish.db import ids
from cavendish.db.each import each_done
from cavendish.db.router import acting_as, current_alias
from cavendish.db.tenancy import tenant_work
from cavendish.events.services import event_add
from cavendish.http.problems import not_found
from cavendish.mail.services import mail_queue

AT_ONCE = 200
Terms = Mapping[str, Decimal | None]


def wallet_top_up(
    *,
    tenant_id: UUID,
    amount: Decimal,
    reason: str,
    actor: Actor,
    livemode: bool = True,
    reference: str = "",
    method: str = MANUAL,
) -> LedgerTransaction:
    """Books money paid in. A reference, of the bank or of a receipt, is booked once, over the tenant's payments too.

    A payment provider's module names itself as `method` and its id of the payment as `reference`: one that is known
    already is returned as it is. Raises ValuesInvalid for an amount that is not positive, not finite or finer than nine
    places; ChangeRefused (`reference_used`) for a reference that was booked by hand.
    """
    amount, reference = amount_valid(amount), reference.strip()
    if method != MANUAL:
        reference = f"{method} {reference}"
    with transaction.atomic(using=current_alias()):
        wallet = wallet_lock(tenant_id=tenant_id, livemode=livemode)
        if method != MANUAL and (known := _of_provider(reference, tenant_id=tenant_id, livemode=livemode)):
            return known
        if reference:
            reference_check(reference, tenant_id=tenant_id, livemode=livemode)
        movement = movement_add(
            wallet,
            kind=Kind.TOP_UP,
            account=Account.FUNDING,
            sides=[Side(amount)],
            reason=reason,
            reference=reference,
            actor=actor,
        )
        movement_audit(
            movement, actor=actor, action="wallet.topped_up", amount=amount, currency=wallet.currency, reason=reason
        )
    return movement


def _of_provider(reference: str, *, tenant_id: UUID, livemode: bool) -> LedgerTransaction | None:
    rows = LedgerTransaction.objects.filter(tenant_id=tenant_id, livemode=livemode, kind=Kind.TOP_UP)
    known: LedgerTransaction | None = rows.filter(reference=reference).first()
    return known


def top_up_reverse(
    *, tenant_id: UUID, transaction_id: UUID, amount: Decimal | None, reason: str, actor: Actor
) -> LedgerTransaction:
    """Takes back a top-up, or a part of it: it was mistyped, or the bank took it back. No invoice shows it.

    None is all that is left of it. What was spent of it already is owed, within the credit limit. Raises Problem 404
    for what is no top-up of the tenant's, ValuesInvalid, ChangeRefused (`already_reversed`, `insufficient_balance`).
    """
    amount = None if amount is None else amount_valid(amount)
    with transaction.atomic(using=current_alias()):
        top_up = LedgerTransaction.objects.filter(tenant_id=tenant_id, id=transaction_id, kind=Kind.TOP_UP).first()
        if top_up is None:
            raise not_found()
        wallet = wallet_lock(tenant_id=tenant_id, livemode=top_up.livemode)
        left = top_up_left(top_up)
        amount = left if amount is None else amount
        if not left or amount > left:
            booked = f"{amount_text(left)} {wallet.currency} of this top-up is left to take back."
            raise ChangeRefused("already_reversed", booked if left else "This top-up was taken back whole already.")
        _require_paid(wallet, amount)
        movement = movement_add(
            wallet,
            kind=Kind.REVERSAL,
            account=Account.FUNDING,
            sides=[Side(-amount)],
            reason=reason,
            reverses_id=top_up.id,
            actor=actor,
        )
        movement_audit(
            movement, actor=actor, action="wallet.top_up_reversed", amount=-amount, currency=wallet.currency,
            reason=reason, top_up=ids.encode(ids.LEDGER_TRANSACTION, top_up.id),
        )  # fmt: skip
    return movement


def wallet_pay_out(*, tenant_id: UUID, amount: Decimal, reason: str, actor: Actor) -> LedgerTransaction:
    """Books money that was paid back to the tenant's bank: no credit, nothing that is held, owed, or kept for tax.

    No invoice shows it, for it is no sale. Raises ValuesInvalid, ChangeRefused.
    """
    amount = amount_valid(amount)
    with transaction.atomic(using=current_alias()):
        wallet = wallet_lock(tenant_id=tenant_id, livemode=True)
        own = wallet.balance - wallet.held - tax_kept(wallet) - credits_sum(tenant_id=tenant_id, livemode=True)
        if amount > own:
            detail = f"{amount_text(amount)} cannot be paid out: {amount_text(max(own, ZERO))} was paid in and is free."
            raise ChangeRefused("insufficient_balance", detail)
        movement = movement_add(
            wallet, kind=Kind.PAYOUT, account=Account.FUNDING, sides=[Side(-amount)], reason=reason, actor=actor
        )
        movement_audit(
            movement, actor=actor, action="wallet.paid_out", amount=-amount, currency=wallet.currency, reason=reason
        )
    return movement


def _require_paid(wallet: Wallet, amount: Decimal) -> None:
    """Raises ChangeRefused where less than this is paid money, or may be owed: credits are not touched."""
    paid = wallet.balance + wallet.credit_limit - credits_sum(tenant_id=wallet.tenant_id, livemode=wallet.livemode)
    if amount > paid:
        detail = f"{amount_text(amount)} cannot be taken: without credits {amount_text(paid)} is there."
        raise ChangeRefused("insufficient_balance", detail)


def wallet_adjust(
    *,
    tenant_id: UUID,
    amount: Decimal,
    reason: str,
    actor: Actor,
    livemode: bool = True,
    generation_id: UUID | None = None,
) -> LedgerTransaction:
    """Corrects a balance by hand: gives when the amount is positive, takes when negative, but nothing that is held.

    Credits are not touched: what is taken is paid money, or owed within the credit limit. Raises ValuesInvalid,
    ChangeRefused.
    """
    amount = amount_valid(amount, negative=True)
    with transaction.atomic(using=current_alias()):
        wallet = wallet_lock(tenant_id=tenant_id, livemode=livemode)
        if amount < 0:
            _require_paid(wallet, -amount)
        movement = movement_add(
            wallet,
            kind=Kind.ADJUSTMENT,
            account=Account.ADJUSTMENTS,
            sides=[Side(amount)],
            reason=reason,
            actor=actor,
            generation_id=generation_id,
        )
        movement_audit(
            movement, actor=actor, action="wallet.adjusted", amount=amount, currency=wallet.currency, reason=reason
        )
    return movement


def wallet_credit_limit_set(*, tenant_id: UUID, credit_limit: Decimal, actor: Actor, livemode: bool = True) -> Wallet:
    """Sets how far the balance may fall below zero. A limit below what is owed and held becomes that.

    Raises ValuesInvalid.
    """
    with transaction.atomic(using=current_alias()):
        wallet = wallet_lock(tenant_id=tenant_id, livemode=livemode)
        before = {"credit_limit": wallet.credit_limit}
        wallet.credit_limit = max(
            amount_valid(credit_limit, zero=True, pointer="/credit_limit"), wallet.held - wallet.balance
        )
        _save(wallet, actor, "wallet.credit_limit_changed", before, {"credit_limit": wallet.credit_limit})
    return wallet


def wallet_threshold_set(*, tenant_id: UUID, threshold: Decimal | None, actor: Actor, livemode: bool = True) -> Wallet:
    """Sets below which rest of the money people get a mail, once until it has risen above again; None sends none.

    The tenant or the operator may call it. Raises ValuesInvalid.
    """
    with tenant_work(tenant_id):
        wallet = wallet_lock(tenant_id=tenant_id, livemode=livemode, moves=False)
        before = {"low_balance_threshold": wallet.low_balance_threshold}
        if threshold is not None:
            threshold = amount_valid(threshold, zero=True, pointer="/low_balance_threshold")
        wallet.low_balance_threshold = threshold
        after = {"low_balance_threshold": wallet.low_balance_threshold}
        _save(wallet, actor, "wallet.threshold_changed", before, after)
    return wallet


def wallets_watch() -> int:
    """Mails of balances that fell below their threshold, each once; returns how many. The scheduler calls it."""
    with acting_as("operator"):
        left = F("balance") + F("credit_limit")
        low = Wallet.objects.filter(low_balance_threshold__gt=left, low_balance_told_at=None)
        wallets = list(low.values_list("tenant_id", "livemode")[:AT_ONCE])
        return each_done(wallets, lambda wallet: _notify(*wallet), name="wallets_watch")


def _notify(tenant_id: UUID, livemode: bool) -> bool:
    """Returns False when somebody else was first, or money has come."""
    with transaction.atomic(using=current_alias()):
        wallet = wallet_lock(tenant_id=tenant_id, livemode=livemode, moves=False)
        left = wallet.balance + wallet.credit_limit
        threshold = wallet.low_balance_threshold
        if threshold is None or wallet.low_balance_told_at is not None or left >= threshold:
            return False
        Wallet.objects.filter(tenant_id=tenant_id, livemode=livemode).update(low_balance_told_at=timezone.now())
        numbers = {"left": amount_text(left), "threshold": amount_text(threshold), "currency": wallet.currency}
        event_add(
            tenant_id=tenant_id, subject=tenant_id, type="wallet.low_balance", data={"livemode": livemode, **numbers}
        )
        if contacts := recipients(tenant_id):
            letter = partial(
                low_balance_letter,
                tenant=wallet.tenant.name,
                left=left,
                threshold=threshold,
                currency=wallet.currency,
            )
            mail_queue(to=contacts, letter=letter, language=tenant_language(tenant_id), tenant_id=tenant_id)
    return True


def _save(wallet: Wallet, actor: Actor, action: str, before: Terms, after: Terms) -> None:
    was, becomes = changes(before, after)
    if not becomes:
        return
    Wallet.objects.filter(tenant_id=wallet.tenant_id, livemode=wallet.livemode).update(**after)
    low_balance_rearm(wallet)
    audit_add(
        actor=actor,
        action=action,
        tenant_id=wallet.tenant_id,
        target="wallet",
        target_id=wallet.tenant_id,
        before=was,
        after={**becomes, "livemode": wallet.livemode},
    )
    event_add(tenant_id=wallet.tenant_id, subject=wallet.tenant_id, type=action, data={"livemode": wallet.livemode})
