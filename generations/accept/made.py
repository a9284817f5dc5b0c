"""A job that was accepted a moment ago, and how it stands then, without asking PostgreSQL for what was just written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from billing.models import Hold
from generations.contracts import Handed, Queued, Submission, Submitted
from generations.models import Generation, GenerationContent, Status
from generations.selectors import GenerationDetail, estimated_seconds


@dataclass(frozen=True)
class Made:
    """`submission` is what was sent of it, `answer` what came back; of an item of a batch nothing does."""

    id: UUID
    submission: Submission
    answer: Submitted | None

    def detail(self) -> GenerationDetail:
        """Returns it as reading it would show it."""
        sent, answer = self.submission, self.answer
        assert answer is not None
        handed = cast(Handed, answer) if "worker" in answer else None
        queued = cast(Queued, answer) if handed is None else None
        generation = Generation(
            id=self.id,
            tenant_id=UUID(sent["tenant_id"]),
            api_key_id=UUID(sent["api_key_id"]),
            livemode=sent["livemode"],
            status=Status.QUEUED if handed is None else Status.RUNNING,
            model=sent["model"],
            tier=sent["tier"],
            priority=sent["priority"],
            previous_id=UUID(sent["previous_id"]) if sent["previous_id"] else None,
            group_id=UUID(sent["group_id"]) if sent["group_id"] else None,
            metadata=as_stored(sent["metadata"]),
            image_size=sent["image_size"],
            created_at=datetime.fromisoformat(answer["created_at"]),
            started_at=datetime.fromisoformat(handed["started_at"]) if handed else None,
            deadline_at=datetime.fromisoformat(answer["deadline_at"]),
            attempts=1 if handed else 0,
        )
        content = GenerationContent(
            generation_id=self.id, request=as_stored(sent["request"]), notices=as_stored(sent["notices"])
        )
        hold = Hold(generation_id=self.id, amount=Decimal(answer["amount"]), currency=sent["hold"]["currency"])
        position = queued["position"] if queued else None
        seconds = estimated_seconds(
            generation,
            position=position,
            running=queued["running"] if queued else 0,
            limit=queued["limit"] if queued else 1,
        )
        return GenerationDetail(generation, content, [], hold, None, position, seconds, [])


def as_stored(value: Any) -> Any:
    """Returns JSON with its names in the order in which jsonb keeps them, by length and then by bytes."""
    if isinstance(value, dict):
        order = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: as_stored(value[name]) for name in order}
    return [as_stored(inner) for inner in value] if isinstance(value, list | tuple) else value
