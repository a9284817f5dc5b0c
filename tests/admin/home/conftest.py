from __future__ import annotations

from collections.abc import Iterator

import pytest

from cavendish.db.router import acting_as
from generations.upkeep.activity import activity_refresh
from tests.admin.home import history
from tests.factories import queue_clear


@pytest.fixture(scope="module", autouse=True)
def counted_again(django_db_setup: None) -> Iterator[None]:
    """Afterwards the roll-ups say of other tests' jobs what they said before."""
    yield
    activity_refresh()


@pytest.fixture(autouse=True)
def alone(django_db_setup: None) -> Iterator[None]:
    """An operator at roll-ups that are empty."""
    queue_clear()
    history.forget()
    with acting_as("operator"):
        yield
    history.forget()
    queue_clear()
