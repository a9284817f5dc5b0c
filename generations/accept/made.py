"""A job that was accepted a moment ago, and how it stands then, without asking PostgreSQL for what was just written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from billing.models import Hold
from cavendish.db.storable import as_stored
from generations.contracts import Handed, Queued, Submission, Submitted
from generations.models import Generation, GenerationContent, Status
from generations.selectors import GenerationDetail, estimated_seconds


@dataclass(frozen=True)
class Made:
    """`submission` is what was sent of it, `answer` what came back; of an item of a batch nothing does."""

    id: UUID
    submission: Submission
    answer: Submitted | None

    def head(self) -> GenerationDetail:
        """Returns what of it is known without asking PostgreSQL anything; nothing of its request, hold and turn."""
        sent, answer = self.submission, self._answer
        handed = cast(Handed, answer) if "worker" in answer else None
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
        content = GenerationContent(generation_id=self.id, notices=as_stored(sent["notices"]))
        return GenerationDetail(generation, content, [], None, None, None, None, [])

    def detail(self) -> GenerationDetail:
        """Returns it as reading it would show it. How long it may take is asked for, now and then."""
        sent, answer, head = self.submission, self._answer, self.head()
        head.content.request = as_stored(sent["request"])
        hold = Hold(generation_id=self.id, amount=Decimal(answer["amount"]), currency=sent["hold"]["currency"])
        queued = cast(Queued, answer) if "position" in answer else None
        position = queued["position"] if queued else None
        seconds = estimated_seconds(
            head.generation,
            position=position,
            running=queued["running"] if queued else 0,
            limit=queued["limit"] if queued else 1,
        )
        return replace(head, hold=hold, position=position, estimated_seconds=seconds)

    @property
    def _answer(self) -> Submitted:
        assert self.answer is not None
        return self.answer
