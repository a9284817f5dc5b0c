"""`manage.py up`: the whole platform on one machine."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from cavendish.boot.config import Config
from cavendish.up.runner import run


class Command(BaseCommand):
    help = "Starts the whole platform on this machine. Services without a URL in the environment are embedded."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(run(Config.load()))
