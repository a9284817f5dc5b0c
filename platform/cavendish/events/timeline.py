"""Whether new events come behind all that are there: after a restore a server may have counted less far."""

from __future__ import annotations

import logging

from django.db import Error, connections

logger = logging.getLogger(__name__)

_BEHIND = """
SELECT coalesce((SELECT xid::text::bigint FROM events_event ORDER BY xid DESC LIMIT 1), -1)
       >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
          + coalesce(pg_sequence_last_value('public.events_xid_base'::regclass), 0)
"""


def timeline_is_behind(*, using: str) -> bool:
    """Returns whether new events would come before old ones, so that streams stand still. Not inside a transaction."""
    with connections[using].cursor() as cursor:
        cursor.execute(_BEHIND)
        return bool(cursor.fetchone()[0])


def timeline_warn(*, using: str) -> None:
    """Says at the start of a process what `manage.py restore-check` mends. A database that is away is asked later."""
    try:
        behind = timeline_is_behind(using=using)
    except Error:
        return
    finally:
        connections[using].close()
    if behind:
        logger.error(
            "PostgreSQL's count of transactions lies behind the events that a restore has brought, so streams of events"
            " stand still. Run manage.py restore-check, which mends it."
        )
