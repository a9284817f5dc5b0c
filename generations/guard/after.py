"""Answers, shown to the hooks of their tenant before they count. Runs on the event loop of a worker."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from django.db import Error, connections

from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.times import moment
from generations.contracts import GenerationResult, OutputValues
from generations.guard.hooks import REQUESTS_PER_TENANT, hook_ask, hook_message
from generations.guard.refusals import refusal_note, refusal_text
from generations.guard.rules import Rule
from generations.guard.texts import spec_texts
from generations.models import Generation, GenerationContent, GuardRule, GuardStage, Output, PlatformGuardRule
from generations.models.guard_rule import GuardRuleFields
from generations.show.signed_urls import url_sign
from generations.work.review import Refused, Review

URL_SECONDS = 900
"""How long a hook may read the pictures."""

T = TypeVar("T")


@dataclass(frozen=True)
class Picture:
    """A picture that belongs to no output yet, as its signed address names it."""

    key: str
    mime_type: str
    bytes: int
    sha256: str

    @property
    def token(self) -> str:
        content = json.dumps([self.key, self.mime_type, self.bytes, self.sha256])
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> Picture:
        """`token` is one whose signature was checked: that of the address is over it."""
        return cls(*json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))


async def answer_review(review: Review) -> Refused | None:
    """Returns the refusal of the first rule that refuses the answer, all hooks being asked at once.

    Rules that are gone or disabled by now are not asked. Of one tenant, REQUESTS_PER_TENANT answers are asked about at
    once, in one process; the others wait for their turn.
    """
    rules, generation = await _in_database(lambda: _read(review))
    if not rules:
        return None
    data = {"generation": generation, **_answer_told(review.result)}
    messages = [
        hook_message(rule, GuardStage.AFTER, data, message_id=f"guard_{review.generation_id.hex}_{rule.row.id.hex}")
        for rule in rules
    ]
    async with _turn(review.tenant_id):
        answers = await asyncio.gather(*map(hook_ask, rules, messages))
    for rule, answer in zip(rules, answers, strict=True):
        if not answer.allows:
            await asyncio.to_thread(_guarded, lambda rule=rule: refusal_note(rule, GuardStage.AFTER))
            text = refusal_text(rule, answer.reason, noun="result")
            return Refused(text, is_charged=not rule.is_operators)
    return None


def _read(review: Review) -> tuple[list[Rule], dict[str, Any]]:
    """Returns the rules that are in force still, the operator's first, and the generation as hooks are told of it."""
    wanted = [UUID(rule) for rule in review.rules]
    with tenant_context(review.tenant_id):
        rows: list[GuardRuleFields] = list(PlatformGuardRule.objects.filter(id__in=wanted, enabled=True))
        rows += GuardRule.objects.filter(id__in=wanted, enabled=True).order_by("-set_by_operator", "id")
        generation = Generation.objects.get(id=review.generation_id)
        content = GenerationContent.objects.only("job_spec").get(generation_id=review.generation_id)
    return list(map(Rule.of, rows)), _generation_told(generation, content.job_spec)


def _generation_told(generation: Generation, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.GENERATION, generation.id),
        "model": generation.model,
        "livemode": generation.livemode,
        "api_key_id": ids.encode(ids.API_KEY, generation.api_key_id),
        "member_id": ids.encode(ids.USER, generation.member_id) if generation.member_id else None,
        "batch_id": ids.encode(ids.BATCH, generation.batch_id) if generation.batch_id else None,
        "group_id": ids.encode(ids.GENERATION_GROUP, generation.group_id) if generation.group_id else None,
        "image_size": generation.image_size or None,
        "aspect_ratio": generation.aspect_ratio or None,
        "texts": spec_texts(spec),
        "metadata": generation.metadata,
        "created_at": moment(generation.created_at),
    }


def _answer_told(result: GenerationResult) -> dict[str, Any]:
    texts = [block["text"] for block in result["content"] if block["type"] == "text"]
    outputs = [output for output in result["outputs"] if output["part"] == Output.Part.OUTPUT]
    return {"text": "\n".join(texts) or None, "outputs": [_output_told(output) for output in outputs]}


def _output_told(output: OutputValues) -> dict[str, Any]:
    public = ids.encode(ids.OUTPUT, UUID(output["id"]))
    picture = Picture(output["storage_key"], output["mime_type"], output["bytes"], output["sha256"])
    url, expires_at = url_sign(f"/api/v1/outputs/{public}/review/{picture.token}", seconds=URL_SECONDS)
    return {
        "id": public,
        "index": output["index"],
        "mime_type": output["mime_type"],
        "width": output["width"],
        "height": output["height"],
        "bytes": output["bytes"],
        "sha256": output["sha256"],
        "url": url,
        "url_expires_at": moment(expires_at),
    }


_turns: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()


def _turn(tenant_id: UUID) -> asyncio.Semaphore:
    turn = _turns.get(tenant_id)
    if turn is None:
        turn = _turns[tenant_id] = asyncio.Semaphore(REQUESTS_PER_TENANT)
    return turn


async def _in_database(work: Callable[[], T]) -> T:
    """Runs it in a thread. Raises psycopg's errors, as all that waits for PostgreSQL here knows them."""
    try:
        return await asyncio.to_thread(_guarded, work)
    except Error as error:
        raise error.__cause__ or error from None


def _guarded(work: Callable[[], T]) -> T:
    """Runs it, and gives the thread's connections back."""
    try:
        return work()
    finally:
        connections.close_all()
