"""When a call is tried again, and how long to wait before."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from cavendish.gemini.client._errors import GeminiError, RateLimited, Rejected, TimedOut
from cavendish.gemini.client._keys import Key, KeyPool
from cavendish.gemini.client._tries import OnTry, Try

T = TypeVar("T")
OnRetry = Callable[[GeminiError, float], Awaitable[None]]

_FIRST_DELAY = 0.5
_GOOGLE_DURATION = re.compile(r"(\d+(?:\.\d+)?)s")


async def with_retries(
    attempt: Callable[[Key, Try], Awaitable[T]],
    *,
    keys: KeyPool,
    prefer: str | None,
    deadline: float,
    max_tries: int,
    max_delay: float,
    idempotent: bool,
    on_retry: OnRetry | None = None,
    on_try: OnTry | None = None,
) -> T:
    """Returns the result of `attempt`, which is repeated while its errors may heal and tries are left.

    `deadline` is in the event loop's time. A wait longer than `max_delay`, or beyond the deadline, is left to the
    caller: the error then has it as `retry_after`, and the job can go back into its queue instead of occupying a slot.
    Raises GeminiError.
    """
    loop = asyncio.get_running_loop()
    timeout = asyncio.timeout_at(deadline)
    try:
        async with timeout:
            tries = 0
            while True:
                key = keys.pick(prefer)
                if key.wait > 0:
                    if key.wait > max_delay or loop.time() + key.wait >= deadline:
                        raise _all_cooling(key.wait)
                    await asyncio.sleep(key.wait)
                    continue
                tries += 1
                tried = Try(key.fingerprint)
                try:
                    result = await attempt(key, tried)
                    tried.completed = True
                    return result
                except GeminiError as error:
                    tried.end()
                    tried.error = error
                    delay = _delay(error, key, keys, prefer, tries, max_delay)
                    tried.cooling = keys.with_wait(key).wait if isinstance(error, RateLimited) else None
                    if tries >= max_tries or not _heals(error, keys, prefer, idempotent):
                        raise
                    if delay > max_delay or loop.time() + delay >= deadline:
                        error.retry_after = max(delay, error.retry_after or 0.0)
                        raise
                    if on_retry is not None:
                        await on_retry(error, delay)
                finally:
                    tried.end()
                    keys.note(key, status=tried.status, failed=_is_outage(tried.error))
                    if on_try is not None:
                        on_try(tried)
                await asyncio.sleep(delay)
    except TimeoutError:
        if not timeout.expired():
            raise
        raise TimedOut("the call exceeded its deadline", deadline=True) from None


def _heals(error: GeminiError, keys: KeyPool, prefer: str | None, idempotent: bool) -> bool:
    if isinstance(error, TimedOut):
        # The upstream may still work on a request that hangs: a second one would be a second picture.
        return idempotent or not error.sent
    if isinstance(error, Rejected) and error.bad_key:
        return not keys.knows(prefer) and keys.usable()
    return error.retryable


def _is_outage(error: GeminiError | None) -> bool:
    """Whether the upstream did not serve a try; a request that it refuses for what is in it is served."""
    if isinstance(error, Rejected):
        return error.bad_key
    return error is not None


def _delay(error: GeminiError, key: Key, keys: KeyPool, prefer: str | None, tries: int, max_delay: float) -> float:
    """Returns the seconds until the next attempt, and tells the pool that the key is cooling down or refused."""
    backoff = min(_FIRST_DELAY * 2 ** (tries - 1), max_delay) * random.uniform(0.75, 1.0)
    if isinstance(error, RateLimited):
        keys.cool(key, error.retry_after or backoff)
        return keys.pick(prefer).wait  # none when another key is free
    if isinstance(error, Rejected) and error.bad_key:
        keys.refuse(key)
        return 0.0
    return error.retry_after or backoff


def _all_cooling(wait: float) -> RateLimited:
    return RateLimited("every upstream key is cooling down", code="cooling_down", retryable=True, retry_after=wait)


def retry_after(headers: Mapping[str, str], details: Sequence[Mapping[str, Any]] = ()) -> float | None:
    """Returns the seconds of retry-after-ms, Retry-After (seconds or a date) or Google's RetryInfo.

    None where they are absent or 0.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if not text:
            continue
        try:
            seconds = float(text) * unit
        except ValueError:
            seconds = _until(text)
        if 0 < seconds < 7 * 86400:
            return seconds
    for detail in details:
        match = _GOOGLE_DURATION.fullmatch(str(detail.get("retryDelay", "")))
        if match and float(match[1]) > 0:
            return float(match[1])
    return None


def _until(text: str) -> float:
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
