from __future__ import annotations

import pytest

from tests.console.colleagues import Team


@pytest.fixture(scope="module")
def team(django_db_setup: None) -> Team:
    """A tenant with money and people of every role. Modules that change its settings make one of their own."""
    return Team()
