from __future__ import annotations

from typing import Any

import httpx

from tests.api.accounts import FLASH, Account, Json

GENERATIONS = "/openai/v1/images/generations"
EDITS = "/openai/v1/images/edits"


def ask(account: Account, **body: Any) -> httpx.Response:
    """The smallest picture unless `body` says otherwise; None leaves a field out."""
    whole = {"model": FLASH, "prompt": "a cat", "size": "512x512", **body}
    return account.post(GENERATIONS, json={name: value for name, value in whole.items() if value is not None})


def edit(account: Account, files: Any, **form: str) -> httpx.Response:
    return account.post(EDITS, data={"model": FLASH, "prompt": "a cat", "size": "512x512", **form}, files=files)


def made(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def error_of(answer: httpx.Response, status: int) -> Json:
    """The error that `answer` is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    error: Json = answer.json()["error"]
    assert list(error) == ["message", "type", "param", "code"]
    return error
