"""`manage.py prepare`: what `up` does before it starts its servers, in one process."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrates the database, then prints the demo data as JSON; what migrate says goes to standard error."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", database="owner", interactive=False, verbosity=1, skip_checks=True, stdout=self.stderr)
        call_command("demo", stdout=self.stdout)
