"""What is kept of the calls that a job made upstream: how long each took and what came, never what was said in it."""

from __future__ import annotations

import re

from billing.usage.upstream import usage_parse
from cavendish.gemini.client import BrokenAnswer, GeminiError, Interaction, TimedOut, Try, Unavailable
from cavendish.telemetry.tracing import span_done
from generations.contracts import UpstreamCalls, UpstreamTry
from generations.models import UpstreamCall
from generations.work import metrics
from generations.work.answer import Answer
from generations.work.clients import SANDBOX
from generations.work.job import Job

MOST = 50
"""Tries of one claim that are kept; beyond them the last place is the latest one's."""
_LARGEST = 2**31 - 1

BROKEN_OFF = "broken_off"
UNUSABLE = "unusable_answer"

# What the upstream quotes, be it the request.
_QUOTED = re.compile(r"\"[^\"]*\"|“[^“”]*”|`[^`]*`|(?<!\w)'[^']*'(?!\w)")


class CallLog:
    """The tries of one claim, in their order."""

    def __init__(self, job: Job, *, host: str) -> None:
        self._job = job
        self._host = host
        self._upstream_id = ""
        self.tries: list[UpstreamTry] = []

    def calls(self) -> UpstreamCalls:
        """Returns what `upstream_calls_add` takes; who sends it says when."""
        return {
            "generation_id": str(self._job.id),
            "attempt": self._job.attempt,
            "sent_at": 0.0,
            "tries": self.tries,
        }

    def named(self, upstream_id: str) -> None:
        """Notes the interaction's id, which comes before its try has ended."""
        self._upstream_id = upstream_id

    def created(self, tried: Try) -> None:
        """Notes a try to have something made."""
        self._count(tried)
        self._add(tried, UpstreamCall.Kind.CREATE)

    def followed(self, tried: Try) -> None:
        """Notes a look at what is being made. Those that find it unfinished, one after the other, are one call."""
        self._count(tried)
        last = self.tries[-1] if self.tries else None
        if last and last["kind"] == UpstreamCall.Kind.FOLLOW and tried.completed and not last["code"]:
            last["ended_at"] = tried.ended
            last["bytes"] += tried.bytes
        else:
            self._add(tried, UpstreamCall.Kind.FOLLOW)

    def _count(self, tried: Try) -> None:
        # On the sandbox each tenant has a key of its own, which would name it.
        key = tried.fingerprint if self._host != SANDBOX else SANDBOX
        metrics.UPSTREAM_CALLS.labels(self._job.model, tried.status or "none", key).inc()
        said: dict[str, str | int] = {"cavendish.model": self._job.model, "server.address": self._host}
        said["http.response.status_code"] = tried.status or 0
        span_done("upstream", tried.started, tried.ended, said)
        metrics.UPSTREAM_SECONDS.labels(self._job.model).observe(max(tried.ended - tried.started, 0.0))

    def answered(self, interaction: Interaction) -> None:
        """Notes of the last try what its answer holds."""
        if not self.tries:
            return
        last = self.tries[-1]
        last["upstream_id"] = interaction.id[:300]
        last["tokens_out"] = _tokens_out(interaction.usage)

    def judged(self, answer: Answer) -> None:
        """Notes of the last try what was made of its answer."""
        if self.tries:
            self.tries[-1]["pictures"] = len(answer.outputs)
            self.tries[-1]["code"] = answer.end_reason.value if answer.end_reason else ""

    def unusable(self, why: str) -> None:
        """Notes of the last try that its answer is asked for again. `why` is in our words."""
        if self.tries:
            self.tries[-1]["code"], self.tries[-1]["message"] = UNUSABLE, why[:500]

    def _add(self, tried: Try, kind: UpstreamCall.Kind) -> None:
        error = tried.error
        code = "" if tried.completed else (error.code or type(error).__name__ if error else BROKEN_OFF)
        row: UpstreamTry = {
            "number": min(len(self.tries), MOST - 1) + 1,
            "kind": kind.value,
            "started_at": tried.started,
            "ended_at": tried.ended,
            "first_byte_ms": None if tried.first_byte is None else max(round(tried.first_byte * 1000), 0),
            "host": self._host[:300],
            "upstream_key": tried.fingerprint[:64],
            "status": tried.status,
            "code": code[:100],
            "message": words_of(error)[:500] if error else "",
            "upstream_id": self._upstream_id[:300],
            "bytes": tried.bytes,
            "pictures": 0,
            "tokens_out": _tokens_out(error.usage) if error else None,
            "cooling_seconds": tried.cooling,
        }
        self._upstream_id = ""
        self.tries[MOST - 1 :] = []
        self.tries.append(row)


def words_of(error: GeminiError) -> str:
    """Returns an error's message where it cannot repeat the request, else "".

    Ours can't. The upstream speaks of itself with 429 and 5xx, and even then what it quotes is left out; what it says
    of a request it refuses, or within a stream, may be that request's words.
    """
    is_ours = isinstance(error, TimedOut | BrokenAnswer) or (
        isinstance(error, Unavailable) and error.status is None and error.code == "no_connection"
    )
    if is_ours:
        return error.message
    if error.status is not None and (error.status == 429 or error.status >= 500):
        return _QUOTED.sub("…", error.message)
    return ""


def _tokens_out(usage: object) -> int | None:
    if not isinstance(usage, dict) or not usage:
        return None
    parsed = usage_parse(usage, picture_tokens=0, queries=0)
    return min(parsed.text_output + parsed.image_output + parsed.thought_output, _LARGEST)
