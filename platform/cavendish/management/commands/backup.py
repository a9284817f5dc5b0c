from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cavendish.above.backup.contents import BackupError
from cavendish.above.backup.services import backup_write


class Command(BaseCommand):
    help = "Writes the database, all objects and the secrets into an empty folder, each with its checksum."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = backup_write(options["folder"].resolve())
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{options['folder']}: the database and {made.objects} objects, {made.bytes} bytes.")
        self.stdout.write("It holds SECRET_KEY and everything that tenants made: keep it as you keep those.")
