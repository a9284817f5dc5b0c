"""`GET /generations/{id}/timeline`: what happened to a generation, as its tenant may know it."""

from __future__ import annotations

from decimal import Decimal

from tests.api.accounts import FLASH, SMALL, Account


def test_a_timeline_tells_the_steps_and_nothing_of_the_operators(account: Account) -> None:
    made = account.post(
        "/api/v1/generations",
        json={"model": FLASH, "input": "a cat", "response_format": SMALL},
        headers={"Prefer": "wait=60"},
    ).json()
    answer = account.get(f"/api/v1/generations/{made['id']}/timeline")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["id"], found["status"]) == (made["id"], "succeeded")
    kinds = {step["kind"] for step in found["steps"]}
    assert kinds - {"webhook"} == {"accepted", "held", "claimed", "called", "stored", "ended", "charged"}
    assert found["steps"][0]["kind"] == "accepted"
    money = {name: Decimal(found["money"][name]) for name in ("held", "went_back", "charged")}
    assert money["held"] - money["went_back"] == money["charged"] > 0
    assert sum(segment["seconds"] for segment in found["segments"]) > 0
    for secret in ("upstream_key", "worker", "margin", "cost", "host", "cooling"):
        assert f'"{secret}' not in answer.text, secret


def test_a_timeline_of_nothing_is_404(account: Account) -> None:
    assert account.get(f"/api/v1/generations/gen_{'0' * 32}/timeline").status_code == 404
