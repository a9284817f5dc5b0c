"""Settings of the section "Invoices" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.kinds import Flag, TimeOfDay, Whole
from cavendish.boot.declared.setting import SCHEDULER, Setting

SECTION = "Invoices"
SETTINGS = [
    Setting(
        name="INVOICE_GRACE_HOURS",
        kind=Whole(0, 720),
        default="6",
        about="Hours after a month's end that its invoice stays a draft",
        meaning=(
            "How long after a month's end, in the tenant's time zone, its invoice stays a draft. Jobs that "
            "were accepted in the month and end by then belong to it; what ends later goes into the next "
            "month"
        ),
        read_by=SCHEDULER,
    ),
    Setting(
        name="ANOMALY_MINIMUM",
        kind=Whole(0, 1_000_000_000),
        default="10",
        about="Least amount above the usual that makes a day's spend unusual; 0 is none",
        meaning=(
            "A day of a tenant or key is [out of its pattern](money.md#days-out-of-a-pattern) only from so much above "
            "what is usual, in the tenant's currency (a hundred times as much where it has no cents); `0` for never"
        ),
        read_by=SCHEDULER,
    ),
    Setting(
        name="ABSORBED_ALERT",
        kind=Whole(0, 1_000_000_000),
        default="10",
        about="Amount absorbed for a tenant on a day that is mailed to operators; 0 is none",
        meaning=(
            "Operators get a mail when what they absorb for a tenant on a day is worth more, in the tenant's "
            "currency; `0` for none"
        ),
        read_by=SCHEDULER,
    ),
    Setting(
        name="RECONCILE_AT",
        kind=TimeOfDay(),
        default="03:00",
        about="Time of day in UTC at which everything is reconciled",
        meaning=(
            "The time of day, in UTC, at which the scheduler [reconciles](operations.md#reconciliation) "
            "everything and keeps the result; `never` for not at all"
        ),
        read_by=SCHEDULER,
    ),
    Setting(
        name="RECONCILE_MINUTES",
        kind=Whole(0, 10_080),
        default="60",
        about="How often what is recent is reconciled; 0 is never",
        meaning=(
            "How often, in minutes, the scheduler [reconciles](operations.md#reconciliation) what was written since "
            "the last run that found nothing; `0` for not at all"
        ),
        read_by=SCHEDULER,
    ),
    Setting(
        name="INVOICE_EMPTY_MONTHS",
        kind=Flag(),
        default="false",
        about="Whether a month without use gets an invoice",
        meaning="Whether a month in which nothing was used gets an invoice too",
        read_by=SCHEDULER,
    ),
]
