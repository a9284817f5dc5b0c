"""Settings of the section "Invoices" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.kinds import AccountNumber, Flag, Listed, TimeOfDay, Whole
from cavendish.boot.declared.setting import SCHEDULER, Process, Setting

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
        name="JOURNAL_ACCOUNTS",
        kind=Listed(AccountNumber(), "pairs like revenue=8200"),
        shown="SKR 03",
        about="Numbers of the ledger's accounts in the journal",
        meaning=(
            "What the ledger's accounts are called in the bookkeeping, like `wallet=1710,revenue=8200`: "
            "[the journal](money.md#out-of-the-books). Those that are not named have the numbers of SKR 03"
        ),
        read_by=(Process.WEB,),
    ),
    Setting(
        name="DATEV_CONSULTANT",
        kind=Whole(1, 9_999_999),
        default="1001",
        about="Consultant's number in DATEV's files",
        meaning="The number of the tax consultant (Beraternummer) in DATEV's files",
        read_by=(Process.WEB,),
    ),
    Setting(
        name="DATEV_CLIENT",
        kind=Whole(1, 99_999),
        default="1",
        about="Client's number in DATEV's files",
        meaning="The number of the client (Mandantennummer) in DATEV's files",
        read_by=(Process.WEB,),
    ),
    Setting(
        name="DATEV_ACCOUNT_DIGITS",
        kind=Whole(4, 8),
        default="4",
        about="Digits of account numbers in DATEV's files",
        meaning="How many digits the numbers of accounts have in DATEV's files (Sachkontenlänge)",
        read_by=(Process.WEB,),
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
