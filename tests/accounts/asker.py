"""A process of its own that asks for a principal without a pause: `python -m tests.accounts.asker <secret>`.

It prints a line with the time (Unix) at the start and at each change of the answer: `<time> works` or `<time> refused`.
"""

from __future__ import annotations

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")


def main() -> None:
    django.setup()
    from accounts.authentication.principal import principal_of

    before = None
    while True:
        answer = "works" if principal_of(sys.argv[1]) is not None else "refused"
        if answer != before:
            sys.stdout.write(f"{time.time()} {answer}\n")
            sys.stdout.flush()
        before = answer
        time.sleep(0.02)


if __name__ == "__main__":
    main()
