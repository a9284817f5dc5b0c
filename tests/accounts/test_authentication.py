"""Keys over HTTP: one answer for every key that does not work, and what a key that works may do."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from accounts.authentication import tokens
from accounts.models import ApiKey, Tenant
from tests.api.accounts import FLASH, LITE, Account, Books, open_account

MODELS = "/api/v1/models"
KEY_CACHE = 1.0
"""Seconds after which every process has looked again (principal.CACHE_SECONDS is a little less)."""


def with_key(account: Account, secret: str) -> httpx.Response:
    return account.http.get(MODELS, headers={"Authorization": f"Bearer {secret}"})


def test_a_key_works_in_both_headers(reader: Account) -> None:
    for headers in (
        {"Authorization": f"Bearer {reader.secret}"},
        {"Authorization": f"bearer {reader.secret}"},
        {"x-goog-api-key": reader.secret},
        {"Authorization": "Basic eDp5", "x-goog-api-key": reader.secret},
    ):
        assert reader.http.get(MODELS, headers=headers).status_code == 200


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(books: Books, reader: Account) -> None:
    last_year = timezone.now() - timedelta(days=365)
    unknown = tokens.generate(livemode=True).secret
    known = reader.secret
    body, check = known[:21] + unknown[21:53], tokens._checksum
    wrong = {
        "malformed": "cvd_live_x",
        "another product's": "sk-" + "a" * 48,
        "mistyped": known[:-1] + ("A" if known[-1] != "A" else "B"),
        "unknown": unknown,
        "right prefix, wrong secret": body + check(body),
        "expired": reader.key(expires_at=last_year).secret,
        "revoked": reader.key(revoked_at=last_year).secret,
        "from elsewhere": reader.key(ip_ranges=["203.0.113.0/24"]).secret,
        "an operator's": tokens.generate_operator().secret,
        "long": "cvd_live_" + "a" * 20_000,
        "injection": "cvd_live_' OR 1=1 --",
    }
    answers = {name: with_key(reader, secret) for name, secret in wrong.items()}
    assert {name for name, answer in answers.items() if answer.status_code != 401} == set()
    assert len({answer.content for answer in answers.values()}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"date"})) for answer in answers.values()}) == 1
    problem = answers["unknown"].json()
    assert (problem["code"], problem["status"]) == ("authentication_failed", 401)
    assert answers["unknown"].headers["www-authenticate"] == 'Bearer realm="cavendish"'


def test_without_a_key_the_answer_says_so(reader: Account) -> None:
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Basic eDp5"}):
        answer = reader.http.get(MODELS, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("secret", [b"cvd_live_\xff\xfe", "cvd_live_é".encode(), b"\x01"])
def test_bytes_that_are_no_text_are_no_key(reader: Account, secret: bytes) -> None:
    answer = reader.http.get(MODELS, headers={b"Authorization": b"Bearer " + secret})
    assert answer.status_code in {400, 401}


def test_a_revoked_key_stops_within_a_second(account: Account) -> None:
    with account.books.open():
        row = ApiKey.objects.get(tenant_id=account.tenant.id, prefix=account.secret[:21])
    assert account.get(MODELS).status_code == 200
    with account.books.open():
        ApiKey.objects.filter(id=row.id).update(revoked_at=timezone.now())
    time.sleep(KEY_CACHE)
    assert account.http.get(MODELS, headers=account.headers).status_code == 401


def test_a_key_expires_to_the_moment_also_when_it_is_cached(account: Account) -> None:
    short = account.key(expires_at=timezone.now() + timedelta(seconds=0.6))
    assert short.get(MODELS).status_code == 200
    time.sleep(0.65)
    assert short.http.get(MODELS, headers=short.headers).status_code == 401


def test_test_keys_can_be_switched_off(books: Books, http: httpx.Client) -> None:
    account = open_account(books, http, test_keys_enabled=False)
    assert account.get(MODELS).status_code == 200
    assert with_key(account, account.key(livemode=False).secret).status_code == 401


@pytest.mark.parametrize(
    ("ranges", "allowed"),
    [
        ([], True),
        (["127.0.0.1"], True),
        (["127.0.0.0/8"], True),
        (["127.0.0.77/8"], True),
        (["10.0.0.0/8", "127.0.0.1/32"], True),
        (["::1/128"], False),
        (["10.0.0.0/8"], False),
    ],
)
def test_a_key_works_from_its_addresses_only(account: Account, ranges: list[str], allowed: bool) -> None:
    answer = with_key(account, account.key(ip_ranges=ranges).secret)
    assert answer.status_code == (200 if allowed else 401)
    # what a client says of itself is not where it comes from
    forged = account.http.get(
        MODELS,
        headers={**account.key(ip_ranges=["203.0.113.7"]).headers, "X-Forwarded-For": "203.0.113.7"},
    )
    assert forged.status_code == 401


Ask = Callable[[Account], httpx.Response]
ASKS: dict[str, tuple[str, Ask]] = {
    "list": ("read", lambda account: account.get("/api/v1/generations")),
    "one": ("read", lambda account: account.get("/api/v1/generations/gen_x")),
    "events": ("read", lambda account: account.get("/api/v1/generations/gen_x/events")),
    "models": ("read", lambda account: account.get(MODELS)),
    "outputs": ("read", lambda account: account.get("/api/v1/outputs")),
    "bytes": ("read", lambda account: account.get(f"/api/v1/outputs/out_{'0' * 32}/content")),
    "files": ("read", lambda account: account.get("/api/v1/files")),
    "file's bytes": ("read", lambda account: account.get("/api/v1/files/file_x/content")),
    "generate": ("generate", lambda account: account.submit()),
    "quote": ("generate", lambda account: account.post("/api/v1/quotes", json={"model": FLASH, "input": "x"})),
    "cancel": ("generate", lambda account: account.post("/api/v1/generations/gen_x/cancel")),
    "delete": ("generate", lambda account: account.delete("/api/v1/generations/gen_x")),
    "upload": ("files", lambda account: account.upload()),
    "delete a file": ("files", lambda account: account.delete("/api/v1/files/file_x")),
}


@pytest.mark.parametrize("name", ASKS)
def test_a_key_without_the_scope_is_told_which(account: Account, name: str) -> None:
    scope, ask = ASKS[name]
    others = [other for other in ("read", "generate", "files", "billing", "keys", "webhooks") if other != scope]
    with account.untouched():
        problem = account.refused(ask(account.key(scopes=others)), 403, "permission_denied", None, None, f'"{scope}"')
        assert problem["detail"] == f'This key lacks the scope "{scope}".'
        assert problem["required_scope"] == scope
        assert ask(account.key(scopes=[])).status_code == 403
    assert ask(account.key(scopes=[scope])).status_code in {200, 201, 404}


def test_a_key_that_may_only_generate_can_wait_for_what_it_pays_for(account: Account) -> None:
    narrow = account.key(scopes=["generate"])
    generation = narrow.make()
    assert generation["charge"]["status"] == "charged"
    assert narrow.get(f"/api/v1/generations/{generation['id']}").status_code == 403
    slow = narrow.submit(input="x [[latency:3]]", wait=1)
    assert (slow.status_code, slow.json()["status"]) == (202, "running")
    canceled = narrow.post(f"/api/v1/generations/{slow.json()['id']}/cancel")
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")


def test_a_key_sees_and_uses_the_models_that_it_and_its_tenant_allow(books: Books, http: httpx.Client) -> None:
    account = open_account(books, http, allowed_models=[FLASH, LITE])
    bound = account.key(allowed_models=[LITE, "gemini-3-pro-image"])

    def models_of(account_or_key: Account) -> list[str]:
        return [model["id"] for model in account_or_key.get(MODELS).json()["data"]]

    assert models_of(account) == [FLASH, LITE]
    assert models_of(bound) == [LITE]
    assert models_of(account.key(allowed_models=[])) == []
    assert bound.get(f"{MODELS}/{LITE}").status_code == 200
    account.refused(bound.get(f"{MODELS}/{FLASH}"), 404, "not_found")
    assert bound.make(model=LITE)["model"] == LITE
    with account.untouched():
        account.refused(bound.submit(), 403, "model_not_allowed", "/model", "model_not_allowed", LITE)
        none = account.key(allowed_models=[]).submit()
        account.refused(none, 403, "model_not_allowed", "/model", "model_not_allowed", "none")


@pytest.mark.parametrize(("status", "reason"), [("suspended", "unpaid invoice 7"), ("suspended", ""), ("closing", "")])
def test_a_tenant_that_is_not_active_reads_and_brings_nothing_new(
    books: Books, http: httpx.Client, status: str, reason: str
) -> None:
    account = open_account(books, http)
    generation = account.make()
    with books.open():
        Tenant.objects.filter(id=account.tenant.id).update(status=status, status_reason=reason)
    time.sleep(KEY_CACHE)
    detail = f"The tenant is {status}: {reason}" if reason else f"The tenant is {status}."
    with account.untouched():
        for answer in (
            account.submit(),
            account.post("/api/v1/quotes", json={"model": FLASH, "input": "x"}),
            account.upload(),
        ):
            problem = account.refused(answer, 403, f"tenant_{status}")
            assert problem["detail"] == detail
    read = account.get(f"/api/v1/generations/{generation['id']}").json()
    assert (read["id"], read["content"], read["charge"]) == (
        generation["id"],
        generation["content"],
        generation["charge"],
    )
    assert account.delete(f"/api/v1/generations/{generation['id']}").status_code == 204


def test_a_tenant_suspended_meanwhile_is_refused_where_the_hold_is_taken(account: Account) -> None:
    """The key's cache is up to a second old; the transaction that accepts looks itself."""
    account.make()
    with account.books.open():
        Tenant.objects.filter(id=account.tenant.id).update(status="suspended", status_reason="unpaid")
    with account.untouched():
        account.refused(account.submit(), 403, "tenant_suspended", None, None, "unpaid")
