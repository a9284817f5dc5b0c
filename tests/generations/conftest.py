from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.factories import queue_clear


@pytest.fixture
def quiet() -> Iterator[None]:
    """A queue with nobody else's jobs, before and after: a claim looks at all tenants."""
    queue_clear()
    yield
    queue_clear()


@pytest.fixture
def marker() -> str:
    """A word for prompts, by which what was bought for a test is found."""
    return f"m{secrets.token_hex(6)}"
