"""Operators of each role, signed in."""

from __future__ import annotations

import pytest

from accounts.models import OperatorRole
from tests.people.visitors import Visitor, person


@pytest.fixture(scope="module")
def reader(django_db_setup: None) -> Visitor:
    """An operator who may look and change nothing."""
    ada = person(operator=True, role=OperatorRole.READ_ONLY)
    ada.sign_in()
    return ada
