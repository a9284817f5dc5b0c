"""Earlier turns of a conversation, from what we stored, for an upstream that does not have it (any more)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from generations.work.job import Job
from generations.work.job_store import JobStore

MAX_TURNS = 64


class HistoryGone(Exception):
    """A turn of the conversation was erased; it cannot be continued."""


@dataclass(frozen=True)
class History:
    """The steps of the latest turns, oldest first: what was sent and what came, with thought signatures.

    `is_cut` where there were turns before them.
    """

    steps: list[dict[str, Any]]
    turns: int
    is_cut: bool


async def history_read(store: JobStore, job: Job) -> History:
    """Returns the earlier turns, MAX_TURNS at most. Raises HistoryGone for a turn that was erased."""
    turns: list[list[dict[str, Any]]] = []
    previous = job.spec["previous"]
    turn = UUID(previous["generation_id"]) if previous else None
    async with store.app.connection() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(job.tenant_id),))
        while turn is not None and len(turns) < MAX_TURNS:
            cursor = await connection.execute(
                """SELECT g.previous_id, g.deleted_at, c.plan->'steps' AS sent, c.steps AS came
                   FROM generations_generation g JOIN generations_generationcontent c ON c.generation_id = g.id
                   WHERE g.id = %s AND g.tenant_id = %s""",
                (turn, job.tenant_id),
            )
            row = await cursor.fetchone()
            if row is None or row["deleted_at"] is not None or not row["came"]:
                raise HistoryGone(f"turn {turn}")
            turns.append([*row["sent"], *row["came"]])
            turn = row["previous_id"]
    steps = [_sendable(step) for steps in reversed(turns) for step in steps]
    return History(steps, turns=len(turns), is_cut=turn is not None)


def _sendable(step: dict[str, Any]) -> dict[str, Any]:
    """Returns the step without our own ids, which mean nothing upstream; storage keys stay, for the body to read."""
    step = {key: value for key, value in step.items() if key not in {"error"}}
    for name in ("content", "summary"):
        if isinstance(step.get(name), list):
            step[name] = [
                {key: value for key, value in block.items() if key not in {"output_id", "file_id", "role"}}
                for block in step[name]
            ]
    return step
