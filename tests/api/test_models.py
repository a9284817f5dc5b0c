"""Models by their further names, new ones, and what thinks without being told."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cavendish.gemini.catalog import models
from tests.api.accounts import FLASH, LITE, PRO, SMALL, Account, Books, open_account

PREVIEW = f"{FLASH}-preview"
NEW = "gemini-nano-banana-2.1"
Json = dict[str, Any]


def native(account: Account, name: str) -> Json:
    return account.make(model=name, response_format=SMALL)


def of_answer(account: Account, answer: Any) -> Json:
    assert answer.status_code == 200, answer.text
    [made] = account.get("/api/v1/generations").json()["data"]
    return dict(made)


def interaction(account: Account, name: str) -> Json:
    answer = account.post("/v1/interactions", json={"model": name, "input": "a cat", "response_format": SMALL})
    assert answer.json()["model"] == FLASH
    return of_answer(account, answer)


def content(account: Account, name: str) -> Json:
    config = {"imageConfig": {"imageSize": "512"}, "responseModalities": ["IMAGE"]}
    body = {"model": f"models/{name}", "contents": [{"parts": [{"text": "a cat"}]}], "generationConfig": config}
    answer = account.post(f"/v1beta/models/{name}:generateContent", json=body)
    assert answer.json()["modelVersion"] == FLASH
    return of_answer(account, answer)


def streamed(account: Account, name: str) -> Json:
    body = {"contents": [{"parts": [{"text": "a cat"}]}], "generationConfig": {"imageConfig": {"imageSize": "512"}}}
    return of_answer(account, account.post(f"/v1/models/{name}:streamGenerateContent?alt=sse", json=body))


def openai(account: Account, name: str) -> Json:
    body = {"model": name, "prompt": "a cat", "size": "512x512"}
    return of_answer(account, account.post("/openai/v1/images/generations", json=body))


def batch(account: Account, name: str) -> Json:
    item = {"request": {"model": name, "input": "a cat", "response_format": SMALL}}
    answer = account.post("/api/v1/batches", json={"items": [item]})
    assert answer.status_code == 201, answer.text
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = account.get(f"/api/v1/generations?batch_id={answer.json()['id']}").json()["data"]
        if found and found[0]["status"] == "succeeded":
            return dict(found[0])
        time.sleep(0.1)
    pytest.fail("the item did not run")


@pytest.mark.parametrize("way", [native, interaction, content, streamed, openai, batch], ids=lambda way: way.__name__)
def test_a_further_name_runs_its_model_in_every_dialect(account: Account, way: Callable[..., Json]) -> None:
    """The model that ran is named; its limits and prices apply: 512 is made by it alone."""
    made = way(account, PREVIEW)

    assert (made["status"], made["model"], made["outputs"][0]["tokens"]) == ("succeeded", FLASH, 747)
    [notice] = made["notices"]
    assert (notice["code"], notice["use"]) == ("model_alias", FLASH)
    assert PREVIEW in notice["detail"]
    price = {line["kind"]: line["unit_price"] for line in made["charge"]["lines"]}["image_output"]
    assert Decimal(price) == 60
    [found] = account.get(f"/api/v1/generations?model={PREVIEW}").json()["data"]
    assert found["id"] == made["id"]


def test_a_further_name_counts_in_quotes_token_counts_and_models(account: Account) -> None:
    body = {"model": PREVIEW, "input": "a cat", "response_format": SMALL}
    assert account.post("/api/v1/quotes", json=body).json()["model"] == FLASH
    counted = account.post(f"/v1beta/models/{PREVIEW}:countTokens", json={"contents": [{"parts": [{"text": "a cat"}]}]})
    assert counted.json()["totalTokens"] == 2
    shown = account.get(f"/api/v1/models/{PREVIEW}").json()
    assert (shown["id"], shown["aliases"]) == (FLASH, [PREVIEW])
    assert account.get(f"/v1beta/models/{PREVIEW}").json()["name"] == f"models/{FLASH}"
    assert account.get(f"/openai/v1/models/{PREVIEW}").json()["id"] == FLASH
    unknown = account.get(f"/api/v1/models/{PREVIEW}s")
    assert unknown.status_code == 404


def test_a_key_and_a_tenant_may_be_given_models_by_further_names(books: Books, account: Account) -> None:
    made = account.post("/api/v1/keys", json={"name": "x", "allowed_models": [PREVIEW, FLASH]})
    assert made.status_code == 201, made.text
    assert made.json()["allowed_models"] == [FLASH]
    narrow = Account(books, account.http, account.tenant, made.json()["secret"])
    assert narrow.make(model=PREVIEW)["model"] == FLASH
    narrow.refused(narrow.submit(model=f"{PRO}-preview"), 403, "model_not_allowed", None, None, PRO)
    tenants = open_account(books, account.http, allowed_models=[f"{PRO}-preview"])
    assert [model["id"] for model in tenants.get("/api/v1/models").json()["data"]] == [PRO]


def test_models_say_what_is_confirmed_and_have_prices_for_what_they_take(reader: Account) -> None:
    shown = {model["id"]: model for model in reader.get("/api/v1/models").json()["data"]}

    assert {id for id, model in shown.items() if not model["confirmed"]} == {NEW}
    for model in models():
        lines = {line["kind"] for line in shown[model.id]["prices"]["lines"]}
        assert lines == model.billed_kinds
    assert shown["gemini-2.5-flash-image"]["deprecated"]["retires_on"] is None


@pytest.mark.parametrize(
    ("model", "level"),
    [(PRO, None), (LITE, None), (LITE, "minimal"), (LITE, "high"), (NEW, None), (NEW, "minimal"), (NEW, "high")],
)
def test_thoughts_are_expected_held_made_and_billed(account: Account, model: str, level: str | None) -> None:
    """A quote's expected amount is the charge of a typical answer, which the sandbox gives."""
    config = {"generation_config": {"thinking_level": level}} if level else {}
    body = {"model": model, "input": "a cat", **config}
    quote = account.post("/api/v1/quotes", json={**body}).json()
    made = account.make(**body)

    assert made["charge"]["amount"] == quote["expected"]["amount"]
    thoughts = made["usage"]["thought"]
    assert bool(thoughts) == (level != "minimal") == bool(made["thoughts"])
    assert thoughts <= quote["worst_case"]["by_kind"]["thought_output"]
    billed = {line["kind"]: line["quantity"] for line in made["charge"]["lines"]}
    assert billed.get("thought_output", 0) == thoughts
    assert (len(made["outputs"]), billed["image_output"]) == (1, 1120)
    if model == PRO:
        assert thoughts in range(700, 901)
        assert [thought["type"] for thought in made["thoughts"]] == ["text", "image", "image"]


def test_the_guides_own_prompt_is_answered_in_turn(account: Account) -> None:
    prompt = "Write the story of the lifecycle of a monarch butterfly, interleave illustrations"
    made = account.make(model=PRO, input=prompt)

    assert [part["type"] for part in made["content"]] == ["text", "image"] * 3
    assert made["charge"]["status"] == "charged"
