from __future__ import annotations

import pytest

from tests.people.visitors import Visitor, person


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Visitor:
    """An operator of the role "full", signed in."""
    grace = person(operator=True)
    grace.sign_in()
    return grace
