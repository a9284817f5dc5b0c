"""`manage.py bench_seed`: fills a database with the books of many tenants, for benchmarks."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cavendish.above.seeding import Refused, Size, seed

RECORDS_A_MONTH = 1_000_000


def month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ArgumentTypeError("use YYYY-MM, for example 2026-10") from None


class Command(BaseCommand):
    help = "Writes usage records with their jobs, charges, ledger and wallets, for benchmarks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--records", type=int, default=1_000_000, help="usage records (%(default)s)")
        parser.add_argument("--tenants", type=int, default=1000, help="number of tenants (%(default)s)")
        parser.add_argument("--months", type=int, help="number of months; by default one per million records")
        parser.add_argument(
            "--until", type=month, metavar="YYYY-MM", help="the last month; by default the previous one"
        )
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same rows (%(default)s)")
        parser.add_argument(
            "--other-jobs", type=int, default=0, help="jobs without usage, holds and charges beside them (%(default)s)"
        )
        parser.add_argument("--kept", action="store_true", help="jobs are listed, although they have no contents")
        parser.add_argument(
            "--beside-real-tenants",
            action="store_true",
            help="seed a database that has tenants; the books are locked until it is done",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        records, tenants = options["records"], options["tenants"]
        months = options["months"] or max(-(-records // RECORDS_A_MONTH), 1)
        if not (1 <= tenants <= 100_000 and 1 <= months <= 120 and 100 * months <= records <= 10**9):
            raise CommandError("Use 1 to 100000 tenants, 1 to 120 months, and at least 100 records a month.")
        until = options["until"] or (date.today().replace(day=1) - timedelta(days=1)).replace(day=1)
        size = Size(
            records=records,
            tenants=tenants,
            months=months,
            until=until,
            seed=options["seed"],
            other_jobs=options["other_jobs"],
            kept=options["kept"],
        )
        try:
            written = seed(size, beside_others=options["beside_real_tenants"], report=self.stdout.write)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{written} usage records of {tenants} tenants, {size.first:%Y-%m} to {until:%Y-%m}.")
