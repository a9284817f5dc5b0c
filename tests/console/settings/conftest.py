from __future__ import annotations

import pytest

from tests.console.colleagues import Team


@pytest.fixture(scope="module")
def team(django_db_setup: None) -> Team:
    """A team of its own for each module: what these tests do changes a tenant for good."""
    return Team()
