"""`manage.py activity_rebuild`: counts the jobs of past hours anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generations.upkeep.activity import activity_rebuild


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Counts the jobs of past hours anew for the operator's pages, which the scheduler does for five weeks alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=day, required=True, metavar="YYYY-MM-DD", help="the first day, in UTC")
        parser.add_argument("--until", type=day, metavar="YYYY-MM-DD", help="the last day; by default today")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        until = min(options["until"] + timedelta(days=1, microseconds=-1), now) if options["until"] else now
        if until < options["since"]:
            raise CommandError(f"--since has to be a day up to {until:%Y-%m-%d}.")
        changed = activity_rebuild(since=options["since"], until=until)
        self.stdout.write(f"{changed} rows changed.")
