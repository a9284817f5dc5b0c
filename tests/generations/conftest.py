from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import queue_clear


@pytest.fixture
def quiet() -> Iterator[None]:
    """A queue with nobody else's jobs, before and after: a claim looks at all tenants."""
    queue_clear()
    yield
    queue_clear()
