"""`manage.py up`: the whole platform on one machine."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand

from cavendish.up.supervisor import python


class Command(BaseCommand):
    help = "Starts the whole platform on this machine. Services without a URL in the environment are embedded."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        # Settings have been checked. It lives as long as the platform and needs nothing of Django's, so not its memory.
        command = python("-m", "cavendish.up")
        os.execv(command[0], command)
