"""What a plan does about invoices that are not paid in time: reminders by mail, then no more live jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cavendish.http.problems import FieldError

MOST_DAYS, MOST_REMINDERS = 365, 12


@dataclass(frozen=True)
class Dunning:
    """Days after the due date. Without `suspend_after_days` live jobs are never stopped."""

    remind_after_days: tuple[int, ...] = ()
    suspend_after_days: int | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Dunning:
        stored = stored or {}
        return cls(tuple(stored.get("remind_after_days") or ()), stored.get("suspend_after_days"))

    @property
    def is_on(self) -> bool:
        return bool(self.remind_after_days) or self.suspend_after_days is not None

    def stored(self) -> dict[str, Any]:
        """Returns it as versions keep it: every step once, in order."""
        return {
            "remind_after_days": sorted(set(self.remind_after_days)),
            "suspend_after_days": self.suspend_after_days,
        }


def no_dunning() -> dict[str, Any]:
    return Dunning().stored()


def dunning_errors(dunning: Dunning) -> list[FieldError]:
    """Returns what is wrong with it."""
    detail = f"Use a whole number of days from 1 to {MOST_DAYS}: an invoice is overdue on the day after its due date."
    errors = [
        FieldError(f"/dunning/remind_after_days/{index}", "out_of_range", detail)
        for index, days in enumerate(dunning.remind_after_days)
        if not 1 <= days <= MOST_DAYS
    ]
    if len(dunning.remind_after_days) > MOST_REMINDERS:
        errors.append(FieldError("/dunning/remind_after_days", "too_many", f"Use at most {MOST_REMINDERS} reminders."))
    if dunning.suspend_after_days is not None and not 1 <= dunning.suspend_after_days <= MOST_DAYS:
        errors.append(FieldError("/dunning/suspend_after_days", "out_of_range", detail))
    return errors
