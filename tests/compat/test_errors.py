"""Errors in Google's shape, with the statuses that the SDKs map and do not try again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from google import genai
from google.genai import _interactions as sdk
from google.genai import errors

from tests.api.accounts import FLASH, SMALL, Account, Books, open_account
from tests.services import Running


def ask(account: Account, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {"x-goog-api-key": account.secret, **options.pop("headers", {})}
    return account.http.request(method, path, headers=headers, **options)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1beta/nothing/at/all", 404),
        ("POST", "/v1alpha/", 404),
        ("GET", "/upload/v1/nothing", 404),
        ("GET", "/v1/models/nope", 404),
        ("GET", "/v1/files/nope", 404),
        ("PATCH", "/v1/files", 405),
        ("DELETE", "/v1/models", 405),
        ("GET", "/upload/v1/files", 405),
    ],
)
def test_addresses_that_are_not_there(reader: Account, method: str, path: str, status: int) -> None:
    answer = ask(reader, method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (status, "NOT_FOUND" if status == 404 else "INVALID_ARGUMENT")
    assert error["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/interactions/gen_x", 404, "not_found"),
        ("GET", "/v1/interactions/gen_x/y", 404, "not_found"),
        ("GET", "/v1/interactions", 405, "method_not_allowed"),
        ("PUT", "/v1beta/interactions/gen_x", 405, "method_not_allowed"),
    ],
)
def test_interactions_say_the_code_as_a_word(reader: Account, method: str, path: str, status: int, code: str) -> None:
    answer = ask(reader, method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("path", ["/v1/interactions", "/v1beta/models", "/v1/files", "/upload/v1/files"])
@pytest.mark.parametrize("secret", ["", "AIza-not-ours", "cvd_live_" + "x" * 40])
def test_a_key_that_is_none(reader: Account, path: str, secret: str) -> None:
    method = "GET" if path in {"/v1beta/models", "/v1/files"} else "POST"
    answer = reader.http.request(method, path, headers={"x-goog-api-key": secret} if secret else {})
    assert answer.status_code == 401
    code = answer.json()["error"]["code"]
    assert code == ("unauthenticated" if "interactions" in path else 401)
    assert secret == "" or secret not in answer.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"[]", "object"),
        (b"{}", "model"),
        (b'{"model": "nope", "input": "x"}', "no model"),
        (b'{"model": "gemini-3.1-flash-image"}', "input"),
        (b'{"model": "gemini-3.1-flash-image", "input": 3}', "input"),
    ],
)
def test_bodies_that_are_wrong(account: Account, body: bytes, words: str) -> None:
    with account.untouched():
        answer = ask(account, "POST", "/v1/interactions", content=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "invalid_request"
        assert words in answer.json()["error"]["message"]


def test_classes_of_the_sdk(platform: Running, books: Books, http: httpx.Client, account: Account) -> None:
    """Each is raised by the first try: none of these is healed by another."""

    def create(secret: str, **fields: Any) -> None:
        client: Any = genai.Client(api_key=secret, http_options={"base_url": platform.url})
        client.interactions.create(**{"model": FLASH, "input": "x", "response_format": SMALL, **fields})

    poor = open_account(books, http, balance=0)
    with pytest.raises(sdk.BadRequestError):
        create(account.secret, response_format={"type": "image", "image_size": "1k"})
    with pytest.raises(sdk.AuthenticationError):
        create("cvd_live_nothing")
    with pytest.raises(sdk.PermissionDeniedError, match="wallet"):
        create(poor.secret)
    with pytest.raises(sdk.PermissionDeniedError, match="generate"):
        create(account.key(scopes=["read"]).secret)
    with pytest.raises(sdk.NotFoundError, match="previous_interaction_id: "):
        create(account.secret, previous_interaction_id="gen_" + "0" * 32)
    client = genai.Client(api_key=account.secret, http_options={"base_url": platform.url})
    with pytest.raises(errors.ClientError, match="404"):
        client.models.get(model="nope")
    assert account.trace.generations == 0


def test_a_full_queue_says_when_to_come_again(books: Books, http: httpx.Client) -> None:
    busy = open_account(books, http, queue_limit=1, concurrency_limit=1)
    body = {"model": FLASH, "input": "x [[latency:20]]", "response_format": SMALL, "background": True}
    answers = [ask(busy, "POST", "/v1/interactions", json=body) for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {answer.status_code for answer in refused} == {429}
    assert {answer.json()["error"]["code"] for answer in refused} == {"too_many_requests"}
    assert all(1 <= int(answer.headers["retry-after"]) <= 8 for answer in refused)
    for answer in answers:
        if answer.status_code == 200:
            ask(busy, "POST", f"/v1/interactions/{answer.json()['id']}/cancel")


@pytest.mark.parametrize("status", ["suspended", "closing"])
def test_a_tenant_that_may_not(books: Books, http: httpx.Client, status: str) -> None:
    gone = open_account(books, http)
    with books.open():
        gone.tenant.status = status
        gone.tenant.save(update_fields=["status"])
    answer = ask(gone, "POST", "/v1/interactions", json={"model": FLASH, "input": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")
