"""The JSON that passes between Python and the SQL functions of accounts.

tests/db/test_contracts.py compares the keys with those that the SQL reads and writes.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class KeyUse(TypedDict):
    """`api_keys_used(p_uses)`, one of a list: when (Unix time) and from where a key was used last."""

    id: str
    at: float
    address: str | None


class KeyNote(TypedDict):
    """What a request with an idempotency key makes, for functions that call `idempotency_made`."""

    id: str
    token: str
    made: list[str]
    done: bool


class KeyLost(TypedDict):
    """`generation_submit`: another request has taken the idempotency key over."""

    code: Literal["idempotency_key_lost"]


class DayRefusal(TypedDict):
    """`sandbox_day_reserve`: which daily limit a tenant's test keys are beyond."""

    code: Literal["test_limit_reached"]
    metric: Literal["requests", "bytes"]
    limit: int
    used: int
