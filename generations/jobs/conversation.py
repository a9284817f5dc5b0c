"""Which turn of its conversation a job is, and the turns around it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connections

from cavendish.db.router import current_alias
from generations.models import Generation

MOST_TURNS = 1000

# Back to the first turn along `previous_id`, then on along the index of what continues what.
_CONVERSATION = """
    WITH RECURSIVE before AS (
        SELECT id, previous_id, 0 AS back FROM generations_generation WHERE id = %(id)s AND tenant_id = %(tenant)s
        UNION ALL
        SELECT g.id, g.previous_id, b.back + 1 FROM before b
        JOIN generations_generation g ON g.id = b.previous_id AND g.tenant_id = %(tenant)s WHERE b.back < %(most)s
    ), first AS (
        SELECT id, back FROM before ORDER BY back DESC LIMIT 1
    ), turns AS (
        SELECT id, 1 AS turn FROM first
        UNION ALL
        SELECT g.id, t.turn + 1 FROM turns t
        JOIN generations_generation g ON g.previous_id = t.id AND g.tenant_id = %(tenant)s WHERE t.turn < %(most)s
    )
    SELECT first.id, first.back + 1, (SELECT max(turn) FROM turns) FROM first
"""

# Back to the first turn, and on along the newest that continues each.
_TURNS = """
    WITH RECURSIVE before AS (
        SELECT id, previous_id, 0 AS place FROM generations_generation WHERE id = %(id)s AND tenant_id = %(tenant)s
        UNION ALL
        SELECT g.id, g.previous_id, b.place - 1 FROM before b
        JOIN generations_generation g ON g.id = b.previous_id AND g.tenant_id = %(tenant)s
        WHERE b.place > -%(most)s
    ), after AS (
        SELECT id, 0 AS place FROM generations_generation WHERE id = %(id)s AND tenant_id = %(tenant)s
        UNION ALL
        SELECT newest.id, a.place + 1 FROM after a
        CROSS JOIN LATERAL (
            SELECT g.id FROM generations_generation g
            WHERE g.previous_id = a.id AND g.tenant_id = %(tenant)s AND g.deleted_at IS NULL
            ORDER BY g.id DESC LIMIT 1
        ) newest
        WHERE a.place < %(most)s
    )
    SELECT id, place FROM before UNION ALL SELECT id, place FROM after WHERE place > 0 ORDER BY place
"""


def turns_around(generation_id: UUID, *, tenant_id: UUID, most: int) -> list[UUID]:
    """Returns the turns of a conversation in their order: those before a turn, itself, and what continues it.

    At most `most` in each direction; where several continue one, it goes on with the newest. Needs the tenant's
    context, or the operator's.
    """
    values: dict[str, UUID | int] = {"id": generation_id, "tenant": tenant_id, "most": most}
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(_TURNS, values)
        return [row[0] for row in cursor.fetchall()]


def conversation_of(job: Generation) -> tuple[UUID | None, int, int]:
    """Returns the first turn, which one the job is, and how many there are in a row; of a job alone (None, 1, 1).

    Call it as the operator.
    """
    values: dict[str, UUID | int] = {"id": job.id, "tenant": job.tenant_id, "most": MOST_TURNS}
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(_CONVERSATION, values)
        row: Any = cursor.fetchone()
    if row is None or row[2] == 1:
        return None, 1, 1
    return row[0], row[1], max(row[1], row[2])
