"""What the list of generations can be asked for, and what every list refuses."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from cavendish.db import ids
from generations.models import Generation
from tests.api.accounts import FLASH, LITE, SMALL, Account, uuid_of

PATH = "/api/v1/generations"
UNKNOWN = "0" * 32


def listed(account: Account, query: str) -> list[str]:
    answer = account.get(f"{PATH}?limit=100&{query}")
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["data"]]


def test_each_filter_finds_its_own(account: Account) -> None:
    plain = account.make(metadata={"order": "7", "a.b/c": "ü"})
    failed = account.generate(input="x [[safety]]")
    light = account.make(model=LITE)
    everything = {plain["id"], failed["id"], light["id"]}
    assert set(listed(account, "")) == everything
    assert listed(account, "status=failed") == [failed["id"]]
    assert listed(account, "error_code=safety_blocked") == [failed["id"]]
    assert listed(account, "error_code=internal") == []
    assert listed(account, f"model={LITE}") == [light["id"]]
    assert listed(account, "metadata.order=7") == [plain["id"]]
    assert listed(account, f"metadata.order=7&{quote('metadata.a.b/c')}={quote('ü')}") == [plain["id"]]
    assert listed(account, "metadata.order=8") == listed(account, "metadata.other=7") == []
    assert set(listed(account, f"created_after={plain['created_at']}")) == everything - {plain["id"]}
    assert listed(account, f"created_before={failed['created_at']}") == [plain["id"]]
    between = f"created_after={plain['created_at']}&created_before={light['created_at']}"
    assert listed(account, between) == [failed["id"]]
    assert listed(account, f"{between}&status=succeeded") == []


def test_by_key_and_by_person(account: Account) -> None:
    first, keyed = account.make(), account.key()
    second = keyed.make()
    member = ids.new_id()
    with account.books.open():
        key = Generation.objects.get(id=uuid_of(second["id"])).api_key_id
        Generation.objects.filter(id=uuid_of(first["id"])).update(member_id=member)
    assert listed(account, f"key_id={ids.encode(ids.API_KEY, key)}") == [second["id"]]
    assert listed(account, f"member_id={ids.encode(ids.USER, member)}") == [first["id"]]
    for query, made in (
        (f"key_id={ids.encode(ids.API_KEY, key)}", second),
        (f"member_id={ids.encode(ids.USER, member)}", first),
    ):
        found = account.get(f"/api/v1/outputs?{query}").json()["data"]
        assert [each["generation_id"] for each in found] == [made["id"]]
    for nobody in (f"key_id=key_{UNKNOWN}", f"member_id=usr_{UNKNOWN}", f"batch_id=batch_{UNKNOWN}"):
        assert listed(account, nobody) == []


def test_a_conversation_is_its_first_turn_and_all_that_continue_it(account: Account, other: Account) -> None:
    first = account.make()
    second = account.make(previous_generation_id=first["id"])
    branch = account.make(previous_generation_id=first["id"])
    third = account.make(previous_generation_id=second["id"])
    account.make()
    assert set(listed(account, f"conversation_id={first['id']}")) == {
        each["id"] for each in (first, second, branch, third)
    }
    assert listed(account, f"conversation_id={first['id']}&status=failed") == []
    assert listed(other, f"conversation_id={first['id']}") == []
    assert listed(account, f"conversation_id=gen_{UNKNOWN}") == []


def test_the_items_of_a_batch(account: Account) -> None:
    body = {"model": FLASH, "input": "a cat", "response_format": SMALL}
    batch = account.post("/api/v1/batches", json={"items": [{"request": body}, {"request": body}]}).json()
    account.make()
    for _ in range(200):
        if len(found := listed(account, f"batch_id={batch['id']}")) == 2:
            break
        time.sleep(0.1)
    assert len(found) == 2
    items = account.get(f"/api/v1/batches/{batch['id']}/items").json()["data"]
    assert {item["generation_id"] for item in items} == set(found)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("status=done", "status"),
        ("model=gemini-9", "model"),
        ("model=%00", "model"),
        ("model=%ED%A0%80", "model"),
        ("created_after=yesterday", "created_after"),
        ("created_before=2026-12-01T00:00:00", "created_before"),
        ("key_id=x", "key_id"),
        ("member_id=usr_x", "member_id"),
        (f"batch_id=gen_{UNKNOWN}", "batch_id"),
        ("conversation_id=", "conversation_id"),
        ("error_code=bad", "error_code"),
        ("metadata.=1", "metadata."),
        ("metadata.a=%00", "metadata.a"),
        (f"metadata.{'a' * 65}=1", f"metadata.{'a' * 51}"),
        ("stauts=failed", "stauts"),
        ("metadata=1", "metadata"),
        ("status=failed&status=queued", "status"),
    ],
)
def test_what_is_wrong_or_unknown_is_named(account: Account, query: str, name: str) -> None:
    refused = account.get(f"{PATH}?{query}")
    assert refused.status_code == 422, refused.text
    assert [error["pointer"] for error in refused.json()["errors"]] == [f"/{name}"]


def lists(document: dict[str, Any]) -> list[str]:
    """The addresses of all lists that need no id."""
    limit = {"$ref": "#/components/parameters/limit"}
    return [
        path
        for path, methods in document["paths"].items()
        if "{" not in path and limit in methods.get("get", {}).get("parameters", ())
    ]


def test_every_list_refuses_a_parameter_that_it_does_not_know(account: Account) -> None:
    document = account.get("/api/v1/openapi.json").json()
    paths = lists(document)
    assert {PATH, "/api/v1/outputs", "/api/v1/files", "/api/v1/batches", "/api/v1/budgets"} <= set(paths)
    for path in (*paths, "/api/v1/models"):
        for query in ("nonsense=1", "nonsense", "Limit=5"):
            refused = account.get(f"{path}?{query}")
            if refused.status_code in (401, 403):
                continue  # an operator's
            assert refused.status_code == 422, path
            name = query.partition("=")[0]
            assert [error["pointer"] for error in refused.json()["errors"]] == [f"/{name}"], path
        assert account.get(f"{path}?limit=1").status_code in (200, 401, 403), path
