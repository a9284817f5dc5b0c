from __future__ import annotations

import pytest

from tests.crash.sites import Site
from tests.services import Running


@pytest.fixture
def site(own_platform: Running) -> Site:
    return Site(own_platform)
