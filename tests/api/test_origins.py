"""A tenant's origins: whose scripts may use its keys, and whose pages may embed its display pages."""

from __future__ import annotations

import httpx
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


ORIGIN = "https://app.example.com"


def allowed(answer: httpx.Response) -> str | None:
    value: str | None = answer.headers.get("access-control-allow-origin")
    return value


def test_scripts_of_allowed_origins_read_answers_and_others_do_not(account: Account) -> None:
    account.patch("/api/v1/tenant", json={"allowed_origins": [ORIGIN]})
    for path in ("/api/v1/generations", "/api/v1/generations/gen_1"):
        mine = account.get(path, headers={"Origin": ORIGIN})
        assert allowed(mine) == ORIGIN
        assert "Origin" in mine.headers["vary"]
        assert "access-control-allow-credentials" not in mine.headers
        for strange in ("https://evil.example", "null", f"{ORIGIN}.evil.example", ORIGIN.upper()):
            assert allowed(account.get(path, headers={"Origin": strange})) is None
        assert allowed(account.get(path)) is None
    made = {"model": "gemini-3.1-flash-image", "input": "a cat"}
    waited = account.post("/api/v1/generations", json=made, headers={"Origin": ORIGIN, "Prefer": "wait=30"})
    assert (waited.status_code, allowed(waited)) == (200, ORIGIN)
    account.patch("/api/v1/tenant", json={"allowed_origins": []})
    assert allowed(account.get("/api/v1/generations", headers={"Origin": ORIGIN})) is None


def test_a_browser_may_ask_before_a_request_without_a_key(account: Account) -> None:
    asks = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = account.http.options("/api/v1/generations", headers=asks)
    assert (answer.status_code, answer.content, allowed(answer)) == (204, b"", ORIGIN)
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert {"Authorization", "Content-Type", "Prefer"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert allowed(account.http.options("/admin/", headers=asks)) is None
