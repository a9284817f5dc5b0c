"""A conversation as a tree of its turns: a turn may have been continued more than once. In a tenant's context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from generations.models import Generation, Output

MOST_TURNS = 200
MOST_BACK = 1000

# Back to the first turn, then on along the index of what continues what; UNION ends also where rows are in a ring.
_FIRST = """
    WITH RECURSIVE before AS (
        SELECT id, previous_id, 0 AS back FROM generations_generation WHERE id = %s
        UNION
        SELECT g.id, g.previous_id, b.back + 1 FROM before b
        JOIN generations_generation g ON g.id = b.previous_id WHERE b.back < %s
    )
    SELECT id FROM before ORDER BY back DESC LIMIT 1
"""
_ALL = """
    WITH RECURSIVE turns AS (
        SELECT id, 1 AS turn FROM generations_generation WHERE id = %s
        UNION
        SELECT g.id, t.turn + 1 FROM turns t JOIN generations_generation g ON g.previous_id = t.id WHERE t.turn < %s
    )
    SELECT id, turn FROM turns LIMIT %s
"""
_PLACES = """
    WITH RECURSIVE before AS (
        SELECT id AS of, previous_id, 1 AS turn FROM generations_generation WHERE id = ANY (%s)
        UNION
        SELECT b.of, g.previous_id, b.turn + 1 FROM before b
        JOIN generations_generation g ON g.id = b.previous_id WHERE b.turn < %s
    )
    SELECT of, max(turn) FROM before GROUP BY of
"""


@dataclass
class Turn:
    """A turn, its first picture (None where it has none, or was erased), and the turns that continue it."""

    generation: Generation
    number: int
    picture: Output | None
    next: list[Turn] = field(default_factory=list)

    @property
    def is_erased(self) -> bool:
        return self.generation.deleted_at is not None


@dataclass(frozen=True)
class Conversation:
    """The first turn, and how many there are; `is_cut`: of a longer one than MOST_TURNS the latest are left out."""

    first: Turn
    turns: int
    is_cut: bool


def conversation_tree(generation_id: UUID) -> Conversation | None:
    """Returns the conversation that a generation belongs to; None for one that is alone."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [generation_id, MOST_BACK])
        first = cursor.fetchone()
        if first is None:
            return None
        cursor.execute(_ALL, [first[0], MOST_BACK, MOST_TURNS + 1])
        numbers = dict(cursor.fetchall())
    if len(numbers) < 2:
        return None
    is_cut = len(numbers) > MOST_TURNS
    # What was made first is read first, so that a cut leaves out the latest; a turn is younger than the one before it.
    rows = list(Generation.objects.filter(id__in=list(numbers)).order_by("id")[:MOST_TURNS])
    outputs = Output.objects.filter(generation__in=[row.id for row in rows], part=Output.Part.OUTPUT)
    pictures: dict[UUID, Output] = {}
    for output in outputs.order_by("generation_id", "index"):
        pictures.setdefault(output.generation_id, output)
    turns = {row.id: Turn(row, numbers[row.id], pictures.get(row.id)) for row in rows}
    for turn in turns.values():
        before = turns.get(turn.generation.previous_id) if turn.generation.previous_id else None
        if before is not None and before is not turn:
            before.next.append(turn)
    return Conversation(turns[first[0]], len(turns), is_cut)


def turn_numbers(generation_ids: Iterable[UUID], *, most: int = 100) -> dict[UUID, int]:
    """Returns which turn of its conversation each generation is: 1 for a first one, at most `most`."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [list(generation_ids), most])
        return dict(cursor.fetchall())
