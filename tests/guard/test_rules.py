"""Guard rules over the API, and what they refuse before anything is held, whichever way a request comes."""

from __future__ import annotations

from typing import Any

import pytest

from cavendish.db import ids
from cavendish.telemetry import metrics
from generations.guard import rules as rules_module
from tests.batches.helpers import feed, items
from tests.factories import make_batch, make_key, make_tenant
from tests.generations.helpers import rows
from tests.guard.conftest import FLASH, Owner

pytestmark = pytest.mark.usefixtures("quiet")


def jobs(owner: Owner) -> int:
    found = rows("owner", "SELECT count(*) FROM generations_generation WHERE tenant_id = %s", owner.tenant.id)
    return int(found[0]["count"])


def refused(owner: Owner, **body: Any) -> str:
    """The detail of a refusal, nothing being held."""
    before = jobs(owner)
    response = owner.submit(**body)
    assert (response.status_code, response.json()["code"]) == (403, "guard_refused"), response.content
    assert jobs(owner) == before
    return str(response.json()["detail"])


def test_a_rule_is_made_read_changed_and_deleted(owner: Owner) -> None:
    made = owner.rule(type="words", words=["bad", "bad"], description="Ours")
    path = f"/api/v1/guard-rules/{made['id']}"
    assert made["words"] == ["bad"]
    assert "secret" not in made
    assert owner.ask("GET", path).json() == made
    changed = owner.ask("PATCH", path, {"enabled": False, "words": ["worse"]}).json()
    assert (changed["enabled"], changed["words"], changed["description"]) == (False, ["worse"], "Ours")
    other = owner.rule(type="languages", languages=["en", "Hani"])
    page = owner.ask("GET", "/api/v1/guard-rules?limit=1").json()
    assert [row["id"] for row in page["data"]] == [other["id"]]
    page = owner.ask("GET", f"/api/v1/guard-rules?cursor={page['next_cursor']}").json()
    assert [row["id"] for row in page["data"]] == [made["id"]]
    assert owner.ask("DELETE", path).status_code == 204
    assert owner.ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/type"}),
        ({"type": "wrods"}, {"/type"}),
        ({"type": "words"}, {"/words"}),
        ({"type": "words", "words": [], "url": "x"}, {"/words", "/url"}),
        ({"type": "words", "words": ["x" * 101]}, {"/words/0"}),
        ({"type": "limits"}, {"/max_image_size"}),
        ({"type": "limits", "max_image_size": "8K", "max_amount": 5}, {"/max_image_size", "/max_amount"}),
        ({"type": "languages", "languages": ["klingon"]}, {"/languages/0"}),
        ({"type": "hook", "stages": ["during"], "timeout_seconds": 99}, {"/url", "/stages/0", "/timeout_seconds"}),
        ({"type": "hook", "url": "http://169.254.169.254/"}, {"/url"}),
        ({"type": "words", "words": ["x"], "api_key_id": "key_1"}, {"/api_key_id"}),
    ],
)
def test_a_wrong_rule_is_told_what_is_wrong(owner: Owner, body: dict[str, Any], pointers: set[str]) -> None:
    response = owner.ask("POST", "/api/v1/guard-rules", body)
    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == pointers


def test_rules_refuse_before_the_hold_and_are_counted(owner: Owner) -> None:
    assert owner.submit("a BAD cat").status_code == 202
    before = metrics.GUARD_REFUSALS.labels("words", "before")._value.get()
    rule = owner.rule(type="words", words=["bad"])
    assert '"bad"' in refused(owner, prompt="a BAD cat")
    assert '"bad"' in refused(owner, system_instruction="be bad", n=3)
    assert owner.submit("a badge", n=2).status_code == 202
    assert owner.ask("GET", f"/api/v1/guard-rules/{rule['id']}").json()["refusals"] == 2
    assert metrics.GUARD_REFUSALS.labels("words", "before")._value.get() == before + 2


@pytest.mark.parametrize(
    ("rule", "wrong", "right"),
    [
        ({"type": "limits", "max_image_size": "1K"}, {"response_format": {"type": "image", "image_size": "2K"}}, {}),
        ({"type": "limits", "max_amount": "0.5"}, {"n": 8}, {}),
        ({"type": "languages", "languages": ["en"]}, {"prompt": "画一只猫"}, {}),
    ],
)
def test_limits_and_languages(owner: Owner, rule: Any, wrong: dict[str, Any], right: dict[str, Any]) -> None:
    owner.rule(**rule)
    refused(owner, **wrong)
    assert owner.submit(**right).status_code == 202


def test_a_rule_can_be_of_one_key_and_of_one_mode(owner: Owner) -> None:
    secret = make_key(owner.tenant)[1]
    owner.rule(type="words", words=["bad"], api_key_id=owner.key_id)
    owner.rule(type="words", words=["worse"], livemode=False)
    body = {"model": FLASH, "input": "bad"}
    refused(owner, prompt="bad")
    assert owner.ask("POST", "/api/v1/generations", body, secret=secret).status_code == 202
    assert owner.submit("worse").status_code == 202
    test_secret = make_key(owner.tenant, livemode=False)[1]
    worse = {"model": FLASH, "input": "worse"}
    assert owner.ask("POST", "/api/v1/generations", worse, secret=test_secret).status_code == 403


def test_a_process_that_has_not_heard_of_a_rule_holds_it_all_the_same(owner: Owner) -> None:
    """A key of idempotency that was noted for the first try is that of what was made in the end."""
    rule = owner.rule(type="words", words=["bad"])
    rules_module._known.clear()
    refused(owner, prompt="bad")
    owner.ask("PATCH", f"/api/v1/guard-rules/{rule['id']}", {"words": ["worse"]})
    body = {"model": FLASH, "input": "bad"}
    rules_module._known.clear()
    made = owner.ask("POST", "/api/v1/generations", body, HTTP_IDEMPOTENCY_KEY="once")
    again = owner.ask("POST", "/api/v1/generations", body, HTTP_IDEMPOTENCY_KEY="once")
    assert (made.status_code, again.status_code) == (202, 202), again.content
    assert again.json()["id"] == made.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    owner.ask("DELETE", f"/api/v1/guard-rules/{rule['id']}")
    assert owner.submit("worse").status_code == 202


GEMINI = {"contents": [{"parts": [{"text": "a bad cat"}]}]}


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (f"/v1beta/models/{FLASH}:generateContent", GEMINI, {"code": 403, "status": "PERMISSION_DENIED"}),
        ("/v1beta/interactions", {"model": FLASH, "input": "a bad cat"}, {"code": "permission_denied"}),
        ("/openai/v1/images/generations", {"model": FLASH, "prompt": "a bad cat"},
         {"code": "guard_refused", "type": "permission_error"}),
        ("/v1beta/models/imagen-4.0-generate-001:predict", {"instances": [{"prompt": "a bad cat"}]},
         {"code": 403, "status": "PERMISSION_DENIED"}),
    ],
)  # fmt: skip
def test_each_dialect_says_it_in_its_own_words(owner: Owner, path: str, body: Any, error: dict[str, Any]) -> None:
    owner.rule(type="words", words=["bad"])
    response = owner.ask("POST", path, body)
    assert response.status_code == 403, response.content
    said = response.json()["error"]
    assert error.items() <= said.items()
    assert '"bad"' in said["message"]
    assert jobs(owner) == 0


def test_an_item_of_a_batch_fails_with_the_rule(owner: Owner) -> None:
    owner.rule(type="words", words=["bad"])
    batch = make_batch(owner.tenant, "a cat", "a bad cat", secret=owner.secret)
    feed()
    good, bad = items(batch)
    assert good["status"] == "in_progress"
    assert (bad["status"], bad["error"]["code"], bad["error"]["status"]) == ("failed", "guard_refused", 403)


def test_the_operators_rules_are_seen_and_not_changed(owner: Owner, operator: str) -> None:
    hook = {"type": "hook", "url": "https://8.8.8.8/", "enabled": False}
    made = owner.ask("POST", owner.path, hook, secret=operator).json()
    assert made["secret"].startswith("whsec_")
    words = owner.ask("POST", owner.path, {"type": "words", "words": ["bad"]}, secret=operator).json()
    seen = {row["id"]: row for row in owner.ask("GET", "/api/v1/guard-rules").json()["data"]}
    assert seen[words["id"]] == words
    assert (seen[made["id"]]["set_by_operator"], seen[made["id"]]["url"]) == (True, None)
    for method, end, body in (("PATCH", "", {"enabled": False}), ("DELETE", "", None), ("POST", "/rotate", None)):
        response = owner.ask(method, f"/api/v1/guard-rules/{made['id']}{end}", body)
        assert (response.status_code, response.json()["code"]) == (403, "set_by_operator")
    assert "of the operator" in refused(owner, prompt="bad")
    other = Owner(tenant := make_tenant(), make_key(tenant)[1], "")
    assert other.submit("bad").status_code == 202
    assert other.ask("GET", f"/api/v1/guard-rules/{words['id']}").status_code == 404
    rotated = owner.ask("POST", f"{owner.path}/{made['id']}/rotate", secret=operator).json()
    assert rotated["secret"] != made["secret"]
    assert owner.ask("DELETE", f"{owner.path}/{words['id']}", secret=operator).status_code == 204


def test_a_rule_on_all_tenants(owner: Owner, operator: str) -> None:
    path = "/api/v1/platform-guard-rules"
    word = f"w{owner.tenant.id.hex}"
    made = owner.ask("POST", path, {"type": "words", "words": [word]}, secret=operator).json()
    try:
        refused(owner, prompt=word)
        assert owner.ask("GET", f"/api/v1/guard-rules/{made['id']}").json()["refusals"] is None
        assert owner.ask("DELETE", f"/api/v1/guard-rules/{made['id']}").json()["code"] == "set_by_operator"
        assert owner.ask("GET", f"{path}/{made['id']}", secret=operator).json()["refusals"] == 1
        assert made["id"] in [row["id"] for row in owner.ask("GET", path, secret=operator).json()["data"]]
    finally:
        assert owner.ask("DELETE", f"{path}/{made['id']}", secret=operator).status_code == 204
    assert owner.submit(word).status_code == 202


@pytest.mark.parametrize("livemode", [True, False])
def test_only_a_key_with_the_scope_makes_rules(owner: Owner, livemode: bool) -> None:
    secret = make_key(owner.tenant, livemode=livemode, scopes=["read", "generate"])[1]
    body = {"type": "words", "words": ["x"]}
    response = owner.ask("POST", "/api/v1/guard-rules", body, secret=secret)
    assert (response.status_code, response.json()["required_scope"]) == (403, "settings")


def test_a_foreign_key_is_unknown(owner: Owner) -> None:
    foreign = ids.encode(ids.API_KEY, make_key(make_tenant())[0].id)
    response = owner.ask("POST", "/api/v1/guard-rules", {"type": "words", "words": ["x"], "api_key_id": foreign})
    assert response.json()["errors"][0]["pointer"] == "/api_key_id"
