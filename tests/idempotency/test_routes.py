"""Every POST of the APIs honours Idempotency-Key: a new one without a way to be answered again fails here."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts.idempotency import IdempotentView, Replay
from tests.door.patterns import patterns, view_of

POSTS: dict[type[Any], str] = {
    view: path
    for path, entry in patterns()
    for view, _ in [view_of(entry)]
    if isinstance(view, type) and issubclass(view, APIView) and hasattr(view, "post")
}


def test_there_are_posts() -> None:
    assert len(POSTS) > 40


@pytest.mark.parametrize("view", POSTS, ids=lambda view: f"{view.__module__}.{view.__name__}")
def test_a_post_can_be_answered_again(view: type[Any]) -> None:
    assert issubclass(view, IdempotentView), f"{POSTS[view]}: derive it from IdempotentView"
    rebuilt = view.replay is not IdempotentView.replay
    assert rebuilt == (view.replays is Replay.REBUILT), f"{POSTS[view]}: define `replay`, or say how it comes again"


@pytest.mark.parametrize("name", ["openapi", "openapi-operator"])
def test_the_openapi_documents_have_the_header_on_every_post(name: str) -> None:
    document = APIClient().get(f"/api/v1/{name}.json").json()
    posts = {path: operations["post"] for path, operations in document["paths"].items() if "post" in operations}
    assert len(posts) > 20
    for path, operation in posts.items():
        assert {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"], path
        assert {"400", "409", "422"} <= operation["responses"].keys(), path
    assert document["components"]["parameters"]["IdempotencyKey"]["name"] == "Idempotency-Key"
