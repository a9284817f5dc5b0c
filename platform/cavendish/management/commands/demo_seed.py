"""`manage.py demo_seed`: gives the demo's tenants three months of life, once."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cavendish.above.demo import DemoRefused, is_seeded, refuse_elsewhere, refuse_unless_own, seed
from cavendish.db.router import acting_as

FILE = "demo.json"


def factor(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.01 <= number <= 20:
        raise ArgumentTypeError("use a number from 0.01 to 20")
    return number


class Command(BaseCommand):
    help = (
        "Fills the database with three months of life of twelve demo tenants, for looking around; never beside others."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tenants", type=int, default=12, choices=range(2, 13), metavar="N", help="2 to 12 (%(default)s)"
        )
        parser.add_argument("--days", type=int, default=91, help="how far back it goes (%(default)s)")
        parser.add_argument("--scale", type=factor, default=1.0, help="1 is about 46,000 generations in 91 days")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 2 <= options["days"] <= 400:
            raise CommandError("Use 2 to 400 days.")
        try:
            refuse_elsewhere()
            if is_seeded():
                self.stdout.write("The demo is there already; nothing was seeded.")
                return
            with acting_as("owner"):
                refuse_unless_own(self._made())
            call_command("demo", stdout=StringIO())
            seeded = seed(
                scale=options["scale"],
                days=options["days"],
                tenants=options["tenants"],
                taken_over=self._made(),
                report=lambda text: self.stderr.write(text),
            )
        except DemoRefused as refused:
            raise CommandError(str(refused)) from None
        demo = json.loads(self._path().read_text())
        operator, tenant = demo["operator"], demo["tenants"][0]
        self.stdout.write(
            f"{seeded.tenants} tenants, {seeded.jobs} generations, {seeded.records} usage records, "
            f"{seeded.pictures} pictures.\n"
            f"Operator  {operator['email']}   {operator['password']}\n"
            f"{tenant['slug']:<9} {tenant['email']}   {tenant['password']}   live key {tenant['api_key']}\n"
            f"All others sign in with {seeded.password}"
        )

    def _path(self) -> Path:
        return Path(settings.DATA_DIR) / FILE

    def _made(self) -> frozenset[str]:
        """Returns the slugs of the tenants that `manage.py demo` has made."""
        try:
            demo = json.loads(self._path().read_text())
        except FileNotFoundError:
            return frozenset()
        return frozenset(tenant["slug"] for tenant in demo["tenants"])
