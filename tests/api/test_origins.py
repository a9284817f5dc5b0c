"""A tenant's origins: whose scripts may use its keys, and whose pages may embed its display pages."""

from __future__ import annotations

import pytest

from tests.api.accounts import Account

GOOD = ["https://app.example.com", "https://xn--bcher-kva.example:8443", "http://localhost:3000", "http://127.0.0.1"]
BAD = [
    "https://app.example.com/",
    "http://app.example.com",
    "https://App.example.com",
    "https://a b",
    "https://a;script-src *",
    "https://a,https://b",
    "https://a\n.example",
    "https://user@a.example",
    "https://*.example.com",
    "*",
    "null",
    "'self'",
    "",
    "https://ä.example",
    "https://a.example:0",
]


@pytest.mark.parametrize("name", ["allowed_origins", "frame_origins"])
def test_origins_are_kept_as_browsers_write_them(account: Account, name: str) -> None:
    assert account.get("/api/v1/tenant").json()[name] == []
    changed = account.ask("PATCH", "/api/v1/tenant", json={name: GOOD})
    assert (changed.status_code, changed.json()[name]) == (200, GOOD)
    assert account.get("/api/v1/tenant").json()[name] == GOOD
    assert account.ask("PATCH", "/api/v1/tenant", json={name: []}).json()[name] == []


@pytest.mark.parametrize("name", ["allowed_origins", "frame_origins"])
@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_origin_is_refused_and_named(account: Account, name: str, bad: str) -> None:
    answer = account.ask("PATCH", "/api/v1/tenant", json={name: ["https://a.example", bad]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}/1")
    assert account.get("/api/v1/tenant").json()[name] == []
