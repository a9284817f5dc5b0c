from __future__ import annotations

import pytest

from tests.generations.conftest import quiet
from tests.people.visitors import Visitor, person

__all__ = ["quiet"]


@pytest.fixture(scope="module")
def clerk(django_db_setup: None) -> Visitor:
    """An operator who is signed in."""
    grace = person(operator=True)
    grace.sign_in()
    return grace
