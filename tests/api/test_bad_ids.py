"""Ids in a request's body that are malformed, unknown, foreign, deleted or of the other mode: one answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.accounts import Account, Json, image, picture, text


@pytest.fixture
def ids(account: Account, other: Account) -> dict[str, dict[str, str]]:
    """What must not work, by the field that names it."""
    test_mode = account.key(livemode=False)
    deleted_file = account.file()["id"]
    account.delete(f"/api/v1/files/{deleted_file}")
    deleted = account.make()
    account.delete(f"/api/v1/generations/{deleted['id']}")
    thought = account.make(generation_config={"thinking_level": "high"})["thoughts"][1]["url"]
    foreign = other.make()["outputs"][0]
    return {
        "file_id": {
            "foreign": other.file()["id"],
            "deleted": deleted_file,
            "test mode": test_mode.file()["id"],
            "unknown": "file_" + "0" * 32,
            "other kind": foreign["id"],
            "malformed": "file_x",
            "upper case": "file_" + "A" * 32,
            "digits of another script": "file_" + "٣" * 32,
            "long": "file_" + "a" * 100_000,
            "path": "files/../../x",
        },
        "output_id": {
            "foreign": foreign["id"],
            "deleted": deleted["outputs"][0]["id"],
            "test mode": test_mode.make()["outputs"][0]["id"],
            "a thought": thought[thought.index("out_") : thought.index("/content")],
            "unknown": "out_" + "0" * 32,
            "malformed": "out_x",
        },
        "uri": {
            "foreign output": foreign["url"],
            "deleted output": deleted["outputs"][0]["url"],
            "foreign file": f"{account.http.base_url}/v1beta/files/{other.file()['id']}".replace("//v1", "/v1"),
            "Google's file": "https://generativelanguage.googleapis.com/v1beta/files/abc-123",
        },
    }


def test_an_id_that_is_not_ours_is_404_whatever_is_wrong_with_it(account: Account, ids: dict[str, Any]) -> None:
    bodies = set()
    with account.untouched():
        for field, values in ids.items():
            for value in values.values():
                # the good picture before it must not be stored
                answer = account.submit(input=[text(), image(), {"type": "image", field: value}])
                problem = account.refused(answer, 404, "not_found", f"/input/2/{field}", "not_found", "no such")
                bodies.add((field, problem["detail"]))
    assert bodies == {
        ("file_id", "There is no such file."),
        ("output_id", "There is no such output."),
        ("uri", "There is no such output."),
        ("uri", "There is no such file."),
    }


def test_a_file_of_another_kind_is_named(account: Account) -> None:
    file = account.file()["id"]
    with account.untouched():
        answer = account.submit(input=[text(), {"type": "video", "file_id": file}])
        account.refused(answer, 422, "invalid_request", "/input/1/file_id", "wrong_kind", "image/png", "video")


def test_bytes_that_are_refused_late_are_not_kept(account: Account) -> None:
    """The picture is stored before the hold is tried, and must go when it fails."""
    from tests.api.accounts import open_account

    poor = open_account(account.books, account.http, balance=0)
    with poor.untouched():
        poor.refused(poor.submit(input=[text(), image(), image(picture(9, 9))]), 402, "insufficient_balance")
    assert poor.trace.objects == frozenset()


def test_a_quote_keeps_nothing(account: Account) -> None:
    body: Json = {"model": "gemini-3.1-flash-image", "input": [text(), image(), image(picture(9, 9))]}
    with account.untouched():
        quoted = account.post("/api/v1/quotes", json=body).json()
    assert (quoted["width"], quoted["height"]) == (1024, 1024)
    assert list(quoted) == [
        "object", "expected", "worst_case", "model", "tier", "n", "aspect_ratio", "image_size", "width", "height",
        "notes",
    ]  # fmt: skip
