"""Uploads count as they come, the quota is refused in the words of each API, and no name makes a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import Tenant
from tests.api.accounts import FLASH, Account, picture
from tests.compat.test_files import begun, start, step


def stored(account: Account) -> int:
    answer = account.http.get("/api/v1/tenant", headers={"Authorization": f"Bearer {account.secret}"}).json()
    return int(answer["storage_used_bytes"])


def quota(account: Account, limit: int) -> None:
    with account.books.open():
        Tenant.objects.filter(id=account.tenant.id).update(storage_quota_bytes=limit)


@pytest.mark.parametrize(
    "file",
    [
        {"display_name": "a\0b"},
        {"displayName": "\ud800"},
        {"mime_type": "image/\0png"},
        {"display_name": "x", "\udfff": 1},
        {"display_name": ["\0"]},
    ],
)
def test_a_name_that_cannot_be_stored_is_refused_at_the_start(account: Account, file: dict[str, Any]) -> None:
    headers = {
        "x-goog-api-key": account.secret,
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
    }
    # httpx itself writes no half of a surrogate pair.
    answer = account.http.post("/upload/v1beta/files", content=json.dumps({"file": file}), headers=headers)
    assert (answer.status_code, answer.headers["x-goog-upload-status"]) == (400, "final")
    assert "file" in answer.json()["error"]["message"]


def test_parts_of_an_upload_count_once_and_go_with_it(account: Account) -> None:
    data = picture(200, 200)
    url = begun(account, len(data))
    step(account, url, "upload", data[:100], 0)
    assert stored(account) == 100
    step(account, url, "upload", data[:150], 0)
    assert stored(account) == 150
    assert step(account, url, "upload, finalize", data[150:], 150).status_code == 200
    assert stored(account) == len(data)
    given_up = begun(account)
    step(account, given_up, "upload", data, 0)
    assert stored(account) == 2 * len(data)
    step(account, given_up, "cancel")
    assert stored(account) == len(data)


def test_a_full_quota_is_refused_in_every_api_before_anything_is_stored(account: Account) -> None:
    data = picture()
    url = begun(account, len(data))
    quota(account, 50)
    headers = {"Authorization": f"Bearer {account.secret}"}
    native = account.http.post("/api/v1/files", files={"file": ("a.png", data)}, headers=headers)
    assert (native.status_code, native.json()["code"]) == (403, "storage_quota_exceeded")
    assert (native.json()["limit"], native.json()["used"]) == (50, 0)
    for answer in (start(account, 51), step(account, url, "upload", data, 0)):
        assert (answer.status_code, answer.headers["x-goog-upload-status"]) == (403, "final")
        assert "0 of 50 bytes" in answer.json()["error"]["message"]
    assert stored(account) == 0
    small = begun(account, 50)
    step(account, small, "upload", bytes(50), 0)
    body = {"model": FLASH, "input": "a cat"}
    job = account.http.post("/api/v1/generations", json=body, headers=headers)
    assert (job.status_code, job.json()["code"]) == (403, "storage_quota_exceeded")
    google = account.http.post("/v1beta/interactions", json=body, headers={"x-goog-api-key": account.secret})
    assert google.status_code == 403
    assert "50 of 50 bytes" in google.json()["error"]["message"]
    openai = account.http.post(
        "/openai/v1/images/generations", json={"model": FLASH, "prompt": "a cat"}, headers=headers
    )
    assert (openai.status_code, openai.json()["error"]["code"]) == (403, "storage_quota_exceeded")
    quoted = account.http.post("/api/v1/quotes", json=body, headers=headers)
    assert quoted.status_code == 200
    assert account.trace.generations == 0
