"""A process of its own that takes from a counter: `python -m tests.limits.taker <counter> <limit> <times>`.

It says `ready`, waits for a line, and prints how many of its takings were admitted.
"""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")


def main() -> None:
    django.setup()
    from accounts.limits.counters import Counter
    from accounts.limits.shared import Shared
    from cavendish.messaging import valkey

    client = valkey.client(5.0)
    assert client is not None
    shared, counter = Shared(client, 60), Counter(sys.argv[1], 1, int(sys.argv[2]))
    client.ping()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    answers = [shared.take([counter]) for _ in range(int(sys.argv[3]))]
    sys.stdout.write(f"{sum(answer is not None and answer.taken for answer in answers)}\n")


if __name__ == "__main__":
    main()
