"""Search, tags, favorites, ratings and collections over the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.accounts import Account, Json

GENERATIONS, OUTPUTS, COLLECTIONS = "/api/v1/generations", "/api/v1/outputs", "/api/v1/collections"


def listed(account: Account, path: str, *parameters: tuple[str, Any]) -> list[str]:
    """The generations of a list, by their ids, page by page."""
    found: list[str] = []
    cursor: list[tuple[str, Any]] = []
    while True:
        answer = account.get(f"{path}?{urlencode([*parameters, ('limit', 1), *cursor])}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [each.get("generation_id", each["id"]) for each in page["data"]]
        if not page["has_more"]:
            return found
        cursor = [("cursor", page["next_cursor"])]


def test_words_and_tags_find_generations_and_their_outputs(account: Account, other: Account) -> None:
    cat, fish = account.make(input="一只红色小猫 on a MAT"), account.make(input="A fish, a mat")
    assert (cat["tags"], cat["outputs"][0]["favorite"], cat["outputs"][0]["rating"]) == ([], False, None)
    answer = account.patch(f"{GENERATIONS}/{cat['id']}", json={"tags": [" Best of", "日本", "BEST  OF"]})
    assert answer.status_code == 200
    assert answer.json()["tags"] == ["Best of", "日本"]
    for path in (GENERATIONS, OUTPUTS):
        assert listed(account, path, ("q", "mat")) == [fish["id"], cat["id"]]
        assert listed(account, path, ("q", "Mat 小猫")) == [cat["id"]]
        assert listed(account, path, ("tag", "best of"), ("tag", "日本"), ("q", "mat")) == [cat["id"]]
        assert listed(account, path, ("tag", "日本"), ("tag", "other")) == []
        assert listed(other, path, ("q", "mat")) == listed(other, path, ("tag", "日本")) == []
    assert listed(account, GENERATIONS, ("q", "mat"), ("status", "failed")) == []
    assert account.patch(f"{GENERATIONS}/{cat['id']}", json={}).json()["tags"] == ["Best of", "日本"]
    assert account.patch(f"{GENERATIONS}/{cat['id']}", json={"tags": []}).json()["tags"] == []
    assert listed(account, GENERATIONS, ("tag", "日本")) == []


def test_favorites_and_ratings(account: Account) -> None:
    first, second = account.make(), account.make()
    output = first["outputs"][0]["id"]
    changed = account.patch(f"{OUTPUTS}/{output}", json={"favorite": True, "rating": 4}).json()
    assert (changed["favorite"], changed["rating"]) == (True, 4)
    assert account.get(f"{GENERATIONS}/{first['id']}").json()["outputs"][0]["rating"] == 4
    assert listed(account, OUTPUTS, ("favorite", "true"), ("rating", 4)) == [first["id"]]
    assert listed(account, OUTPUTS, ("favorite", "false")) == [second["id"]]
    assert listed(account, OUTPUTS, ("rating", 5)) == []
    cleared = account.patch(f"{OUTPUTS}/{output}", json={"rating": None}).json()
    assert (cleared["favorite"], cleared["rating"]) == (True, None)


def collection(account: Account, **fields: str) -> Json:
    answer = account.post(COLLECTIONS, json={"name": "Best", **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def test_collections(account: Account) -> None:
    first, second = account.make(), account.make()
    best, empty = collection(account, description="Of all"), collection(account)
    path = f"{COLLECTIONS}/{best['id']}"
    for made in (first, second):
        body = {"output_id": made["outputs"][0]["id"]}
        answers = [account.post(f"{path}/outputs", json=body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json() == answers[1].json()
    assert [each["output_count"] for each in account.get(COLLECTIONS).json()["data"]] == [0, 2]
    both = [second["id"], first["id"]]
    assert listed(account, f"{path}/outputs") == listed(account, OUTPUTS, ("collection_id", best["id"])) == both
    assert listed(account, f"{path}/outputs", ("favorite", "true")) == []
    assert listed(account, OUTPUTS, ("collection_id", empty["id"])) == []
    renamed = account.patch(path, json={"name": "Worst"}).json()
    assert (renamed["name"], renamed["description"]) == ("Worst", "Of all")
    one = f"{path}/outputs/{second['outputs'][0]['id']}"
    assert [account.delete(one).status_code for _ in range(2)] == [204, 404]
    # What is erased leaves its collections.
    assert account.delete(f"{GENERATIONS}/{first['id']}").status_code == 204
    assert account.get(path).json()["output_count"] == 0
    assert account.delete(path).status_code == 204
    assert account.get(path).status_code == account.get(f"{path}/outputs").status_code == 404
    assert account.get(f"{OUTPUTS}/{second['outputs'][0]['id']}").status_code == 200


def test_an_output_is_collected_in_its_own_mode(account: Account) -> None:
    test = account.key(livemode=False)
    output = {"output_id": account.make()["outputs"][0]["id"]}
    assert test.post(f"{COLLECTIONS}/{collection(test)['id']}/outputs", json=output).status_code == 404
    assert test.get(f"{COLLECTIONS}/{collection(account)['id']}").status_code == 404


def test_a_key_that_reads_changes_nothing(account: Account) -> None:
    reader, made = account.key(scopes=["read"]), account.make()
    output = made["outputs"][0]["id"]
    for answer in (
        reader.patch(f"{GENERATIONS}/{made['id']}", json={"tags": ["x"]}),
        reader.patch(f"{OUTPUTS}/{output}", json={"favorite": True}),
        reader.post(COLLECTIONS, json={"name": "x"}),
    ):
        assert answer.status_code == 403
    assert reader.get(f"{COLLECTIONS}/{collection(account)['id']}").status_code == 200


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        (GENERATIONS, "q=", "q"),
        (GENERATIONS, "q=!%3F", "q"),
        (GENERATIONS, "q=%00", "q"),
        (OUTPUTS, f"q={'x' * 501}", "q"),
        (GENERATIONS, "q=a&q=b", "q"),
        (GENERATIONS, "tag=", "tag"),
        (OUTPUTS, "tag=%00", "tag"),
        (OUTPUTS, f"tag={'x' * 51}", "tag"),
        (GENERATIONS, "&".join(f"tag={number}" for number in range(21)), "tag"),
        (OUTPUTS, "favorite=yes", "favorite"),
        (OUTPUTS, "rating=6", "rating"),
        (OUTPUTS, "collection_id=out_1", "collection_id"),
        (GENERATIONS, "favorite=true", "favorite"),
    ],
)
def test_what_is_wrong_is_named(account: Account, path: str, query: str, name: str) -> None:
    refused = account.get(f"{path}?{query}")
    assert refused.status_code == 422, refused.text
    assert [error["pointer"] for error in refused.json()["errors"]] == [f"/{name}"]


def test_wrong_labels_are_refused(account: Account) -> None:
    made = account.make()
    output = made["outputs"][0]["id"]
    tags: list[Any] = [None, "a", [""], ["x" * 51], ["a\0"], [1], [str(number) for number in range(21)], ["ﷺ" * 50]]
    for value in tags:
        assert account.patch(f"{GENERATIONS}/{made['id']}", json={"tags": value}).status_code == 422, value
    wrong: list[Any] = [
        {"rating": 0},
        {"rating": 6},
        {"rating": "5"},
        {"rating": 2.5},
        {"favorite": None},
        {"x": 1},
        [],
    ]
    for body in wrong:
        assert account.patch(f"{OUTPUTS}/{output}", json=body).status_code == 422, body
    for name in ("", "x" * 101, "a\0", 1, None):
        assert account.post(COLLECTIONS, json={"name": name}).status_code == 422, name
    assert account.post(COLLECTIONS, json={}).status_code == 422
    assert account.get(f"{GENERATIONS}/{made['id']}").json()["tags"] == []
