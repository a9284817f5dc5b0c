"""No cache on the way keeps what a key saw, however the key was sent."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_key, make_tenant


@pytest.mark.parametrize("path", ["/api/v1/generations", "/v1beta/files", "/api/v1/usage", "/api/v1/nothing"])
def test_what_a_key_saw_is_stored_nowhere(django_db_setup: None, path: str) -> None:
    _, secret = make_key(make_tenant())
    answer = Client().get(path, headers={"x-goog-api-key": secret})
    assert answer["Cache-Control"] == "private, no-store"


def test_what_is_the_same_for_all_may_be_kept(django_db_setup: None) -> None:
    assert "public" in Client().get("/static/ui/icon.svg")["Cache-Control"]
