#!/usr/bin/env python
"""Django's command line; `manage.py up` starts the whole platform on this machine."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
    from django.core.management import execute_from_command_line

    from cavendish.boot import clock
    from cavendish.boot.config import Config

    clock.follow(Config.load(), sys.argv)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
