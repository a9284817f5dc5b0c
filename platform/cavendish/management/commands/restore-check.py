from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from cavendish.db.call import call
from cavendish.db.migrated import migrations_missing
from cavendish.events.timeline import timeline_is_behind


class Command(BaseCommand):
    help = (
        "Says whether a restored database can go on, and mends that new events would come before old ones. Needs"
        " DATABASE_OWNER_URL. Status 1 where migrations are missing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            missing = migrations_missing("owner")
            if missing:
                self.stdout.write(f"{missing} migrations missing: run manage.py migrate --database owner.")
                sys.exit(1)
            if timeline_is_behind(using="owner"):
                call("event_timeline_continue", using="owner")
                self.stdout.write(
                    "The server's count of transactions lay behind that of the events, so that streams stood still."
                    " Mended: events go on behind those that are there."
                )
            else:
                self.stdout.write("New events come behind those that are there: nothing to mend.")
        except OperationalError as error:
            raise CommandError(f"DATABASE_OWNER_URL: PostgreSQL cannot be reached ({type(error).__name__}).") from None
