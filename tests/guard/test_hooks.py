"""Hooks: what they are told, how it is signed, what holds where they are away, and what they refuse in the end."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.db import connections
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.egress import DownloadPool, PoolLimits
from generations.batches.feeder import FETCHES, NATIVE, item_feed
from generations.guard import hooks as hooks_module
from generations.models import BatchItem
from tests.batches.helpers import feed, items
from tests.factories import make_batch
from tests.generations.engines import (
    EngineThread,
    bought,
    charge,
    engine_thread,
    outputs,
    spooled,
    stored,
    wait_ended,
    wait_until,
)
from tests.generations.helpers import books_balance, generation
from tests.guard.conftest import Hook, Owner
from tests.guard.test_rules import refused

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_hook_is_told_all_but_bytes_and_can_tell_who_asks(owner: Owner, hook: Hook) -> None:
    rule = owner.rule(type="hook", url=hook.url, stages=["before"])
    assert (rule["on_error"], rule["timeout_seconds"]) == ("refuse", 5)
    picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    blocks = [{"type": "text", "text": "a cat"}, {"type": "image", "data": picture, "mime_type": "image/png"}]
    assert owner.submit(blocks, n=2, metadata={"team": "red"}).status_code == 202  # type: ignore[arg-type]
    (told,) = hook.told
    assert Webhook(rule["secret"]).verify(hook.bodies[0], hook.headers[0]) == told
    request = told["data"]["request"]
    assert (told["type"], told["data"]["stage"], told["data"]["rule_id"]) == ("guard.before", "before", rule["id"])
    assert (request["texts"], request["n"], request["image_size"]) == (["a cat"], 2, "1K")
    assert (request["api_key_id"], request["metadata"]) == (owner.key_id, {"team": "red"})
    assert Decimal(told["data"]["quote"]["worst_case"]["amount"]) > 0
    assert picture not in hook.bodies[0].decode()
    new = owner.ask("POST", f"/api/v1/guard-rules/{rule['id']}/rotate").json()["secret"]
    owner.submit()
    for secret in (rule["secret"], new):
        Webhook(secret).verify(hook.bodies[1], hook.headers[1])


def test_what_a_hook_refuses_is_not_held(owner: Owner, hook: Hook) -> None:
    rule = owner.rule(type="hook", url=hook.url)
    hook.refuse("no cats\nplease")
    assert "no catsplease" in refused(owner)
    owner.rule(type="words", words=["dog"])
    refused(owner, prompt="a dog")
    assert len(hook.bodies) == 1  # what another rule refuses is told to nobody
    owner.ask("DELETE", f"/api/v1/guard-rules/{rule['id']}")
    assert owner.submit().status_code == 202
    assert len(hook.bodies) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (500, b'{"decision": "allow"}'),
        (302, b'{"decision": "allow"}'),
        (200, b"yes"),
        (200, b'{"decision": "perhaps"}'),
        (200, b'["allow"]'),
        (200, b"[" * 10_000),
        (200, b'{"decision": "allow", "reason": "' + b"x" * 20_000 + b'"}'),
        None,
    ],
)
def test_where_a_hook_gives_no_answer_its_rule_decides(
    owner: Owner, hook: Hook, answer: tuple[int, bytes] | None
) -> None:
    hook.answer, hook.hangs = answer or hook.answer, answer is None
    rule = owner.rule(type="hook", url=hook.url, timeout_seconds=0.3)
    assert "gave no answer" in refused(owner)
    owner.ask("PATCH", f"/api/v1/guard-rules/{rule['id']}", {"on_error": "allow"})
    assert owner.submit().status_code == 202


def test_a_slow_hook_takes_the_room_of_its_own_tenant_only(
    owner: Owner, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = PoolLimits(downloads=4, downloads_per_owner=2, groups=4, groups_per_owner=2)
    pool = DownloadPool(limits)
    monkeypatch.setattr(hooks_module, "_pool", lambda: pool)
    owner.rule(type="hook", url=hook.url, timeout_seconds=1.5)
    hook.hangs = True

    def submit(_: int) -> Any:
        try:
            return owner.submit().json()["code"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(submit, range(3))) == ["guard_refused", "guard_refused", "too_many_hooks"]


def test_an_item_of_a_batch_goes_aside_to_ask(owner: Owner, hook: Hook) -> None:
    owner.rule(type="hook", url=hook.url)
    hook.refuse("no")
    batch = make_batch(owner.tenant, "a cat", secret=owner.secret)
    with tenant_context(owner.tenant.id):
        item = BatchItem.objects.get(batch_id=batch.id)
    assert item_feed(batch, item, NATIVE, may_fetch=False) == FETCHES
    assert hook.bodies == []
    feed()
    assert items(batch)[0]["error"]["code"] == "guard_refused"
    assert hook.told[0]["data"]["request"]["batch_id"] == ids.encode(ids.BATCH, batch.id)


@contextmanager
def engine() -> Iterator[EngineThread]:
    with engine_thread() as running:
        yield running


def made(owner: Owner, prompt: str = "a cat") -> UUID:
    response = owner.submit(prompt, response_format={"type": "image", "image_size": "512", "aspect_ratio": "1:1"})
    assert response.status_code == 202, response.content
    generation_id = ids.decode(ids.GENERATION, response.json()["id"])
    assert generation_id is not None
    return generation_id


@pytest.mark.usefixtures("sandbox_url")
def test_an_answer_is_shown_to_the_hook_before_it_counts(owner: Owner, hook: Hook) -> None:
    owner.rule(type="hook", url=hook.url, stages=["after"])
    read: list[tuple[int, str]] = []

    def look(body: dict[str, Any]) -> None:
        (output,) = body["data"]["outputs"]
        parts = urlsplit(output["url"])
        response = APIClient().get(f"{parts.path}?{parts.query}")
        read.append((response.status_code, response.headers.get("Content-Type", "")))
        read.append((APIClient().get(parts.path).status_code, ""))
        connections.close_all()

    hook.on_request = look
    generation_id = made(owner)
    with engine():
        assert wait_ended(generation_id) == ["succeeded"]
    (told,) = hook.told
    assert (told["type"], told["data"]["generation"]["texts"]) == ("guard.after", ["a cat"])
    (output,) = outputs(generation_id)
    assert told["data"]["outputs"][0]["id"] == ids.encode(ids.OUTPUT, output["id"])
    assert read == [(200, "image/png"), (404, "")]


@pytest.mark.usefixtures("sandbox_url")
@pytest.mark.parametrize("by_operator", [False, True])
def test_an_answer_that_is_refused_is_gone_and_charged_to_whose_rule_it_was(
    owner: Owner, operator: str, hook: Hook, by_operator: bool
) -> None:
    body = {"type": "hook", "url": hook.url, "stages": ["after"]}
    if by_operator:
        owner.ask("POST", owner.path, body, secret=operator)
    else:
        owner.rule(**body)
    hook.refuse("too many whiskers")
    generation_id = made(owner)
    with engine():
        assert wait_ended(generation_id) == ["failed"]
    row = generation(generation_id)
    assert (row["error"]["code"], "too many whiskers" in row["error"]["message"]) == ("guard_refused", True)
    assert outputs(generation_id) == []
    shown = owner.ask("GET", f"/api/v1/generations/{ids.encode(ids.GENERATION, generation_id)}").json()
    assert (shown["outputs"], shown["content"]) == ([], [])
    folder = stored(f"tenants/{owner.tenant.id.hex}/outputs/{generation_id.hex}")
    wait_until(lambda: not any(folder.glob("*")) and not spooled(), what="the end of the bytes")
    parts = urlsplit(hook.told[0]["data"]["outputs"][0]["url"])
    assert APIClient().get(f"{parts.path}?{parts.query}").status_code == 404
    money = charge(generation_id)
    assert (money["status"], money["reason"]) == ("not_charged" if by_operator else "charged", "guard_refused")
    assert (money["amount"] > 0) is not by_operator
    assert money["cost"] > 0
    (rule,) = owner.ask("GET", "/api/v1/guard-rules").json()["data"]
    assert rule["refusals"] == 1
    books_balance(owner.tenant)


@pytest.mark.usefixtures("sandbox_url")
def test_a_worker_that_dies_while_the_hook_looks_asks_again_and_buys_nothing_again(owner: Owner, hook: Hook) -> None:
    owner.rule(type="hook", url=hook.url, stages=["after"], timeout_seconds=20)
    hook.hangs = True
    marker = f"m{secrets.token_hex(6)}"
    generation_id = made(owner, marker)
    first = EngineThread()
    wait_until(lambda: len(hook.bodies) == 1, what="the question")
    first.abandon()
    hook.hangs = False
    hook.refuse("after all")
    with engine():
        assert wait_ended(generation_id) == ["failed"]
    assert len(bought(marker)) == 1
    assert [headers["webhook-id"] for headers in hook.headers] == [hook.headers[0]["webhook-id"]] * 2
