"""Which turn of its conversation a job is."""

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
