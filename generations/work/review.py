"""Answers that guard rules are asked about before they count. Who asks stands above, and registers itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from generations.contracts import GenerationResult


@dataclass(frozen=True)
class Review:
    """An answer on its way, and the rules that are asked about it."""

    tenant_id: UUID
    generation_id: UUID
    rules: Sequence[str]
    result: GenerationResult


@dataclass(frozen=True)
class Refused:
    """A rule refuses the answer. It is charged all the same where the rule is the tenant's own."""

    message: str
    is_charged: bool


Reviewer = Callable[[Review], Awaitable[Refused | None]]
"""Raises what PostgreSQL raises when it is away."""

_reviewers: list[Reviewer] = []


def reviewer_register(reviewer: Reviewer) -> None:
    _reviewers[:] = [reviewer]


async def reviewed(review: Review) -> Refused | None:
    """Returns the refusal of the first rule that refuses; None where none does."""
    return await _reviewers[0](review)
