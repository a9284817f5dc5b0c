"""Upkeep of idempotency keys."""

from __future__ import annotations

import time

from django.db import connections

from cavendish.db.router import acting_as

AT_ONCE = 10_000
SECONDS = 5.0


def idempotency_keys_expire() -> int:
    """Deletes keys whose day is over, for the scheduler; returns how many it came to in SECONDS.

    Where several schedulers do so at once, each takes rows that no other has.
    """
    until = time.monotonic() + SECONDS
    count = 0
    with acting_as("operator"), connections["operator"].cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(
                """DELETE FROM accounts_idempotencykey WHERE id = ANY (ARRAY(
                       SELECT id FROM accounts_idempotencykey WHERE expires_at < now()
                       ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))""",
                [AT_ONCE],
            )
            count += cursor.rowcount
            if cursor.rowcount < AT_ONCE:
                break
    return count
