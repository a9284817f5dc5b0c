"""`/api/v1/batches` as its users call it."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from typing import Any

import pytest

from tests.api.accounts import FLASH, SMALL, Account, Json, image, text

NO_BATCH = "batch_" + "0" * 32


def item(prompt: Any = "a cat", key: str | None = None, **body: Any) -> Json:
    request = {"model": FLASH, "input": prompt, "response_format": SMALL, **body}
    return {"request": request, **({"key": key} if key else {})}


def make_batch(account: Account, *items: Json, **body: Any) -> Json:
    answer = account.post("/api/v1/batches", json={"items": list(items), **body})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    assert answer.headers["Location"] == f"/api/v1/batches/{made['id']}"
    return made


def ended(account: Account, batch: Json, seconds: float = 40) -> Json:
    until = time.monotonic() + seconds
    while True:
        found: Json = account.get(f"/api/v1/batches/{batch['id']}").json()
        if found["finished_at"] is not None:
            return found
        assert time.monotonic() < until, found
        time.sleep(0.1)


def results(account: Account, batch: Json) -> list[Json]:
    answer = account.get(f"/api/v1/batches/{batch['id']}/results")
    assert answer.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_item_ends_for_itself(account: Account) -> None:
    batch = make_batch(
        account,
        item("a cat", "cat"),
        item([text("a dog"), image()], "dog"),
        item("x", "small", response_format={"type": "image", "image_size": "1k"}),
        item("x [[fault:safety]]", "unsafe"),
        {"key": "empty"},
        item("x", "unknown", nonsense=1),
        name="Mixed",
        metadata={"project": "alpha"},
    )
    assert (batch["status"], batch["counts"]["total"], batch["counts"]["waiting"]) == ("queued", 6, 6)
    done = ended(account, batch)
    assert (done["status"], done["name"], done["metadata"]) == ("completed", "Mixed", {"project": "alpha"})
    assert done["counts"] == {
        "total": 6, "waiting": 0, "in_progress": 0, "succeeded": 2, "failed": 4, "canceled": 0, "expired": 0,
    }  # fmt: skip
    lines = {line["key"]: line for line in results(account, batch)}
    assert [line["index"] for line in lines.values()] == [0, 1, 2, 3, 4, 5]
    cat = lines["cat"]["generation"]
    assert cat == account.get(f"/api/v1/generations/{cat['id']}").json() | {
        name: cat[name] for name in ("outputs", "page_url")
    }
    assert cat["batch_id"] == batch["id"]
    assert account.http.get(cat["outputs"][0]["url"]).content[:4] == b"\x89PNG"
    assert lines["small"]["error"]["errors"][0]["pointer"] == "/request/response_format/image_size"
    assert "use 1K" in lines["small"]["error"]["message"]
    assert lines["unknown"]["error"]["errors"][0]["pointer"] == "/request/nonsense"
    assert lines["unsafe"]["error"]["code"] == "safety_blocked"
    assert lines["unsafe"]["generation"]["charge"]["status"] == "not_charged"
    assert lines["empty"]["error"]["errors"][0]["pointer"] == "/request"
    for key in ("small", "unknown", "empty"):
        assert lines[key]["generation"] is None


def test_a_file_of_lines_is_a_batch(account: Account) -> None:
    lines = [json.dumps(item(f"cat {number}", f"k{number}")) for number in range(3)]
    text_of_file = "\ufeff" + "\r\n\n".join([*lines, "no json", "[1]"])
    uploaded = account.upload(text_of_file.encode(), "application/octet-stream", "cats.jsonl")
    assert uploaded.status_code == 201, uploaded.text
    file = uploaded.json()
    assert (file["mime_type"], file["width"]) == ("application/jsonl", None)
    answer = account.post("/api/v1/batches", json={"file_id": file["id"]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["input_file_id"] == file["id"]
    done = ended(account, answer.json())
    assert (done["counts"]["total"], done["counts"]["succeeded"], done["counts"]["failed"]) == (5, 3, 2)
    found = account.get(f"/api/v1/batches/{done['id']}/items?status=failed").json()
    assert [(one["key"], one["error"]["code"]) for one in found["data"]] == [
        ("3", "malformed_json"),
        ("4", "invalid_request"),
    ]


@pytest.mark.parametrize("value", ["NaN", "1e400", "[" * 600 + "1" + "]" * 600])
def test_an_item_that_no_body_may_hold_fails_alone(account: Account, value: str) -> None:
    wrong = f'{{"key": "wrong", "metadata": {{"x": {value}}}, "request": {json.dumps(item()["request"])}}}'
    good = json.dumps(item("a cat", "good"))
    file = account.upload(f"{wrong}\n{good}\n".encode(), "application/jsonl", "x.jsonl").json()
    for body in (f'{{"items": [{wrong}, {good}]}}', json.dumps({"file_id": file["id"]})):
        answer = account.post("/api/v1/batches", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 201, answer.text
        done = ended(account, answer.json())
        assert (done["counts"]["succeeded"], done["counts"]["failed"]) == (1, 1)
        found = account.get(f"/api/v1/batches/{done['id']}/items?key=wrong").json()["data"]
        assert [one["error"]["code"] in {"malformed_json", "too_deep"} for one in found] == [True]


@pytest.mark.parametrize("value", ["NaN", "1e400", "[" * 600 + "1" + "]" * 600])
def test_a_google_batch_says_that_its_webhooks_are_no_json(account: Account, value: str) -> None:
    webhooks = f'"webhookConfig": {{"uris": ["https://example.com"], "userMetadata": {{"x": {value}}}}}'
    requests = '"inputConfig": {"requests": {"requests": [{"request": {"contents": [{"parts": [{"text": "x"}]}]}}]}}'
    with account.untouched():
        answer = account.post(
            f"/v1beta/models/{FLASH}:batchGenerateContent", content=f'{{"batch": {{{webhooks}, {requests}}}}}'
        )
    assert (answer.status_code, "batch.webhookConfig" in answer.text) == (400, True), answer.text


def test_items_are_paged_in_their_order_and_by_status(account: Account) -> None:
    batch = make_batch(account, *(item("x", f"k{number}", nonsense=number % 2) for number in range(5)))
    ended(account, batch)
    path = f"/api/v1/batches/{batch['id']}/items"
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = account.get(f"{path}?limit=2{cursor}").json()
        seen += [one["key"] for one in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (seen, page["has_more"], page["next_cursor"]) == (["k0", "k1", "k2", "k3", "k4"], False, None)
    for query in ("status=done", "limit=0", "limit=1001", "cursor=x", "cursor=-1"):
        assert account.get(f"{path}?{query}").status_code == 422, query


def test_a_batch_is_listed_canceled_and_deleted(account: Account) -> None:
    slow = make_batch(account, *(item("a [[latency:3]]") for _ in range(3)), name="Slow")
    assert account.delete(f"/api/v1/batches/{slow['id']}").status_code == 409
    answer = account.post(f"/api/v1/batches/{slow['id']}/cancel")
    assert answer.status_code == 200
    assert answer.json()["status"] in {"canceling", "canceled"}
    done = ended(account, slow)
    assert done["status"] == "canceled"
    assert done["counts"]["canceled"] + done["counts"]["succeeded"] == 3
    assert account.post(f"/api/v1/batches/{slow['id']}/cancel").status_code == 409
    listed = account.get("/api/v1/batches?status=canceled").json()
    assert [one["id"] for one in listed["data"]] == [slow["id"]]
    assert account.get("/api/v1/batches?status=queued").json()["data"] == []
    assert account.delete(f"/api/v1/batches/{slow['id']}").status_code == 204
    for path in ("", "/items", "/results"):
        assert account.get(f"/api/v1/batches/{slow['id']}{path}").status_code == 404
    assert account.delete(f"/api/v1/batches/{slow['id']}").status_code == 404
    assert not [name for name in account.trace.objects if "/batches/" in name]


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"[]", 400, None),
        (b'{"items": [{}', 400, None),
        (b'{"items": [{},]}', 400, None),
        (b"{}", 422, "/items"),
        (b'{"items": null}', 422, "/items"),
        (b'{"items": []}', 422, "/items"),
        (b'{"items": {}}', 422, "/items"),
        (b'{"items": [{}], "file_id": "file_x"}', 422, "/file_id"),
        (b'{"items": [{}], "nonsense": 1}', 422, "/nonsense"),
        (b'{"items": [{}], "name": 1}', 422, "/name"),
        (b'{"items": [{}], "name": "a\\u0000b"}', 422, "/name"),
        (b'{"items": [{}], "metadata": {"a": 1}}', 422, "/metadata/a"),
        (b'{"file_id": "nonsense"}', 404, "/file_id"),
    ],
)
def test_what_is_no_batch_is_refused_whole(account: Account, body: bytes, status: int, pointer: str | None) -> None:
    with account.untouched():
        answer = account.post("/api/v1/batches", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]][:1] == ([pointer] if pointer else [])


def test_only_jsonl_is_a_file_of_lines(account: Account, other: Account) -> None:
    picture = account.file()
    for answer in (
        account.post("/api/v1/batches", json={"file_id": picture["id"]}),
        account.upload(b"not json", "application/jsonl", "x.jsonl"),
        account.upload(b"", "application/jsonl", "x.jsonl"),
    ):
        assert answer.status_code == 422, answer.text
    lines = account.upload(json.dumps(item()).encode(), "application/jsonl", "x.jsonl").json()
    assert other.post("/api/v1/batches", json={"file_id": lines["id"]}).status_code == 404
    as_picture = account.submit(input=[text(), {"type": "image", "file_id": lines["id"]}])
    assert as_picture.status_code == 422
    assert "application/jsonl" in as_picture.json()["detail"]


def test_items_pay_the_price_at_which_they_run(account: Account) -> None:
    """The standard price, until GEMINI_BATCH_SERVICE_TIER says that the operator's account gets the batch price."""
    single = account.make()
    batch = make_batch(account, item())
    ended(account, batch)
    [line] = results(account, batch)
    prices = [
        {one["kind"]: float(one["unit_price"]) for one in made["charge"]["lines"]}
        for made in (single, line["generation"])
    ]
    assert prices[1] == prices[0]


def test_grounded_items_keep_what_must_be_shown(account: Account) -> None:
    grounded: dict[str, Any] = {"tools": [{"type": "google_search"}], "model": FLASH}
    batch = make_batch(account, item("the weather in Tokyo", **grounded))
    ended(account, batch)
    [line] = results(account, batch)
    grounding = line["generation"]["grounding"]
    assert grounding["citations"]
    assert grounding["search_suggestions"][0].startswith("<")


def test_a_key_without_the_right_makes_none(account: Account) -> None:
    with account.untouched():
        assert account.key(scopes=["read"]).post("/api/v1/batches", json={"items": [item()]}).status_code == 403
    limited = account.key(allowed_models=["gemini-3-pro-image"])
    batch = make_batch(limited, item())
    ended(limited, batch)
    [line] = results(limited, batch)
    assert (line["status"], line["error"]["code"]) == ("failed", "model_not_allowed")


def test_results_come_as_an_archive_with_the_pictures_as_they_are(account: Account) -> None:
    batch = make_batch(account, item("a cat", "cat"), item("x", "unknown", nonsense=1))
    ended(account, batch)
    answer = account.get(f"/api/v1/batches/{batch['id']}/results.zip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    lines = [json.loads(line) for line in archive.read("results.jsonl").splitlines()]
    assert [{name: value for name, value in line.items() if name != "files"}.keys() for line in lines] == [
        line.keys() for line in results(account, batch)
    ]
    [name], nothing = (line["files"] for line in lines)
    [output] = lines[0]["generation"]["outputs"]
    assert nothing == []
    assert hashlib.sha256(archive.read(name)).hexdigest() == output["sha256"]
    assert account.get(f"/api/v1/batches/{NO_BATCH}/results.zip").status_code == 404
