"""Requests to hooks: what they are told, how it is signed, and what counts as an answer.

A hook is asked through the guarded egress (cavendish.egress): pinned addresses, no redirects, limits of time and size.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.webhooks.signing import request_headers
from cavendish.egress import Download, DownloadPool, EgressBusy, EgressError, EgressFailed, PoolLimits
from cavendish.egress.posting import Posted, post
from cavendish.http.problems import unavailable
from cavendish.http.slots import slot_given_up
from cavendish.http.times import moment
from generations.errors import FETCH_SECONDS, TooManyHooks
from generations.guard.rules import Rule
from generations.models import GuardFallback, GuardStage

MAX_ANSWER_BYTES = 16 * 1024
MAX_REASON_CHARS = 200
REQUESTS_PER_TENANT = 16
"""Per process: so many requests of a tenant wait for its hooks at once."""
LIMITS = PoolLimits(downloads=128, downloads_per_owner=32, groups=64, groups_per_owner=REQUESTS_PER_TENANT)


@dataclass(frozen=True)
class Message:
    """A signed request to a hook."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What a hook decided. `is_default` says that it gave no answer, and that its rule decided; `reason` says why."""

    allows: bool
    reason: str = ""
    is_default: bool = False


def hook_message(rule: Rule, stage: GuardStage, data: Mapping[str, Any], *, message_id: str) -> Message:
    """`message_id` is the same each time that the same thing is asked."""
    now = timezone.now()
    content = {"stage": stage.value, "rule_id": rule.public_id, **data}
    body = json.dumps(
        {"type": f"guard.{stage.value}", "timestamp": moment(now), "data": content}, ensure_ascii=False
    ).encode("utf-8", "replace")
    headers = request_headers(message_id=message_id, at=now, body=body, keys=rule.signing_keys())
    return Message(rule.row.url, headers, body)


async def hook_ask(rule: Rule, message: Message, *, seconds: float | None = None) -> Answer:
    """Returns the hook's decision, or the rule's own where none came in time (or within `seconds`)."""
    timeout = rule.row.timeout_seconds if seconds is None else min(rule.row.timeout_seconds, seconds)
    try:
        posted = await post(
            message.url,
            body=message.body,
            headers=message.headers,
            timeout=timeout,
            max_bytes=MAX_ANSWER_BYTES,
        )
    except EgressError as error:
        return default_answer(rule, error.reason)
    return _answer(rule, posted)


def default_answer(rule: Rule, reason: str) -> Answer:
    """Returns what the rule says for a hook that gave no answer, and why there is none."""
    return Answer(rule.row.on_error == GuardFallback.ALLOW, f"the hook gave no answer: {reason}", is_default=True)


def hooks_ask(tenant_id: UUID, questions: Sequence[tuple[Rule, Message]]) -> list[Answer]:
    """Returns the answers in the order of the questions, which are asked at once, in threads of their own.

    Blocks for as long as the slowest may take, without a slot of Django's and without a database connection, so it is
    no step of a transaction. Raises TooManyHooks where the tenant has too many requests that wait, Problem 503 where
    all together have.
    """
    seconds = max(rule.row.timeout_seconds for rule, _ in questions)
    work: list[Download[Answer]] = [partial(_ask_in_thread, rule, message) for rule, message in questions]
    try:
        with slot_given_up():
            return _pool().run(tenant_id, work, seconds=seconds)
    except EgressBusy as busy:
        if busy.own:
            raise TooManyHooks(REQUESTS_PER_TENANT) from None
        raise unavailable("Too many requests wait for hooks; try again.", retry_after=FETCH_SECONDS) from None
    except EgressFailed as failed:
        # The threads were busy until the time was over.
        return [default_answer(rule, failed.reason) for rule, _ in questions]


def _ask_in_thread(rule: Rule, message: Message, seconds: float) -> Answer:
    return asyncio.run(hook_ask(rule, message, seconds=seconds))


@cache
def _pool() -> DownloadPool:
    return DownloadPool(LIMITS)


def _answer(rule: Rule, posted: Posted) -> Answer:
    if not 200 <= posted.status < 300:
        return default_answer(rule, f"It responded with status {posted.status}.")
    if posted.truncated:
        return default_answer(rule, f"Its response is larger than {MAX_ANSWER_BYTES} bytes.")
    try:
        body = json.loads(posted.body)
    except (ValueError, RecursionError):
        return default_answer(rule, "Its response is not JSON.")
    decision = body.get("decision") if isinstance(body, dict) else None
    if decision not in ("allow", "refuse"):
        return default_answer(rule, 'Its response has no "decision" that is "allow" or "refuse".')
    reason = body.get("reason")
    text = "".join(char for char in reason if char.isprintable()) if isinstance(reason, str) else ""
    return Answer(decision == "allow", text[:MAX_REASON_CHARS].strip())
