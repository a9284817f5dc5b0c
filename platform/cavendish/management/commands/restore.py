from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cavendish.above.backup.contents import BackupError
from cavendish.above.backup.restore import backup_restore
from cavendish.boot.config import Config


class Command(BaseCommand):
    help = "Restores a backup into an empty CAVENDISH_DATA_DIR, or into the empty services that the settings name."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup_restore(options["folder"].resolve(), Config.load(), self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Start the platform, and compare its books: manage.py reconcile --hashes all.")
