"""Why what a provider said of a payment cannot be booked: kept on its row until it is booked, or set aside."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from billing.models import ProviderPayment
from billing.providers.errors import ProviderError
from billing.providers.interface import PaymentState, Progress
from cavendish.http.problems import Problem

OTHER_CURRENCY = "other_currency"
INTERNAL = "internal"
CHECK_EVERY = timedelta(seconds=20)
"""How often an open payment is asked for, beside what events tell."""
LONGEST_PAUSE = timedelta(minutes=5)
MOST_TRIES = 30_000
"""What the column can count."""


def reason_of(error: Exception) -> tuple[str, str]:
    """Returns a code and words for an operator. Of a mistake of ours only its kind: its text may hold anything."""
    if isinstance(error, Problem):
        return error.code[:64], str(error.detail)[:200]
    if isinstance(error, ProviderError):
        return error.code, error.message[:200]
    return INTERNAL, type(error).__name__[:200]


def next_check(tries: int) -> datetime:
    """Returns when a payment is looked at again after so many tries in vain."""
    pause: timedelta = min(CHECK_EVERY * 2 ** min(max(tries - 1, 0), 6), LONGEST_PAUSE)
    return timezone.now() + pause


def put_off(row: ProviderPayment) -> None:
    """Counts a try in vain under the payment's lock; the next one comes after a longer pause."""
    row.tries = min(row.tries + 1, MOST_TRIES)
    row.check_at = next_check(row.tries)
    row.save(update_fields=["tries", "check_at"])


def is_stuck(row: ProviderPayment) -> bool:
    """Returns whether it cannot be booked and nobody has decided about it; `selectors.STUCK` says the same in SQL."""
    return bool(row.problem) and row.set_aside_at is None


def payment_owed(row: ProviderPayment) -> Decimal:
    """Returns what was taken back and the wallet has not given, without what was waived; negative for what came back.
    Nothing is taken back of what is not booked.
    """
    owed: Decimal = row.taken_back - row.reversed - row.waived
    return owed


def is_decided(row: ProviderPayment) -> bool:
    """Returns whether an operator set aside the money that came: it is booked by nobody any more."""
    return row.booked_at is None and row.set_aside_at is not None and row.came is not None


def trouble_note(row: ProviderPayment, code: str, detail: str = "", *, state: PaymentState | None = None) -> None:
    """Notes under the payment's lock why it cannot be booked. What an operator set aside before is open again: it was
    decided of something else.
    """
    if code != row.problem:
        row.problem, row.problem_at = code, timezone.now()
    row.problem_detail, row.set_aside_at = detail, None
    if state is not None and state.progress is Progress.SUCCEEDED and row.booked_at is None:
        row.came, row.came_currency = state.received, state.currency
    row.save(update_fields=["problem", "problem_at", "problem_detail", "set_aside_at", "came", "came_currency"])


def trouble_gone(row: ProviderPayment) -> None:
    """Forgets it under the payment's lock: it was booked, or nothing is left to book. The audit log has what was."""
    if not row.problem and row.came is None and (row.set_aside_at is None or row.waived):
        return
    row.problem, row.problem_detail, row.problem_at = "", "", None
    row.came, row.came_currency = None, ""
    if not row.waived:
        row.set_aside_at, row.set_aside_by, row.set_aside_note = None, "", ""
    row.save(
        update_fields=[
            "problem", "problem_detail", "problem_at", "came", "came_currency", "set_aside_at", "set_aside_by",
            "set_aside_note",
        ]
    )  # fmt: skip
