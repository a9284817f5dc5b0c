from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Settings, request: pytest.FixtureRequest) -> None:
    """Scrypt takes a quarter of a second on purpose; only the test of times needs it."""
    if request.node.name != "test_they_take_the_same_time":
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
