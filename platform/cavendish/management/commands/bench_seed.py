"""`manage.py bench_seed`: fills an empty database with the books of a thousand tenants, for benchmarks."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cavendish.management.seeding import Refused, Size, seed

RECORDS_A_MONTH = 1_000_000


def month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ArgumentTypeError("a month is written like 2026-10") from None


class Command(BaseCommand):
    help = "Writes usage records with all that belongs to them, jobs to wallets; the same for the same seed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--records", type=int, default=1_000_000, help="usage records (%(default)s)")
        parser.add_argument("--tenants", type=int, default=1000, help="(%(default)s)")
        parser.add_argument("--months", type=int, help="over so many; by default a million records each")
        parser.add_argument(
            "--until", type=month, metavar="YYYY-MM", help="the last of them; by default the last month"
        )
        parser.add_argument("--seed", type=int, default=1, help="another one gives other numbers (%(default)s)")
        parser.add_argument(
            "--beside-real-tenants", action="store_true", help="also where others are; the books are locked meanwhile"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        records, tenants = options["records"], options["tenants"]
        months = options["months"] or max(-(-records // RECORDS_A_MONTH), 1)
        if not (1 <= tenants <= 100_000 and 1 <= months <= 120 and 100 * months <= records <= 10**9):
            raise CommandError("It takes 1 to 100000 tenants, 1 to 120 months, and at least 100 records a month.")
        until = options["until"] or (date.today().replace(day=1) - timedelta(days=1)).replace(day=1)
        size = Size(records=records, tenants=tenants, months=months, until=until, seed=options["seed"])
        try:
            made = seed(size, beside_others=options["beside_real_tenants"], say=self.stdout.write)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{made} usage records of {tenants} tenants, {size.first:%Y-%m} to {until:%Y-%m}.")
