"""`/api/v1/webhook-endpoints` over HTTP."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from standardwebhooks import Webhook

from tests.api.accounts import FLASH, Account, Books, Json, open_account
from tests.services import ROOT, Running
from tests.webhooks.receiver import Receiver, receiving

PATH = "/api/v1/webhook-endpoints"


@pytest.fixture(scope="module")
def platform() -> Iterator[Running]:
    """A platform whose operator allows receivers on the loopback address."""
    running = Running({"WORKERS": "1", "EGRESS_ALLOW": "127.0.0.0/8"})
    yield running
    running.remove()


@pytest.fixture(scope="module")
def http(platform: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=platform.url, timeout=90) as client:
        yield client


@pytest.fixture(scope="module")
def books(platform: Running, django_db_setup: None) -> Iterator[Books]:
    opened = Books(platform)
    yield opened
    opened.close()


@pytest.fixture
def account(books: Books, http: httpx.Client) -> Account:
    return open_account(books, http)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as state:
        yield state


def make(account: Account, url: str, **body: Any) -> Json:
    answer = account.post(PATH, json={"url": url, **body})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def test_an_endpoint_is_made_and_its_secret_shown_once(account: Account, receiver: Receiver) -> None:
    answer = account.post(PATH, json={"url": receiver.url("/made"), "events": ["invoice.*"], "description": "Books"})
    made = answer.json()
    assert answer.headers["location"] == f"{PATH}/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made == {
        "id": made["id"], "object": "webhook_endpoint", "url": receiver.url("/made"), "events": ["invoice.*"],
        "description": "Books", "livemode": True, "status": "enabled", "disabled_reason": None, "failing_since": None,
        "previous_secret_expires_at": None, "created_at": made["created_at"], "updated_at": made["updated_at"],
    }  # fmt: skip
    assert account.get(f"{PATH}/{made['id']}").json() == made
    assert account.get(PATH).json()["data"] == [made]
    assert secret not in account.get(PATH).text


def test_a_generation_and_a_key_reach_the_receiver(account: Account, receiver: Receiver) -> None:
    made = make(account, receiver.url("/life"), events=["generation.succeeded", "key.created"])
    generation = account.make()
    (arrived,) = receiver.wait("/life")
    body = Webhook(made["secret"]).verify(arrived.body, arrived.headers)
    assert body["type"] == "generation.succeeded"
    assert body["data"]["id"] == generation["id"]
    assert body["data"]["status"] == "succeeded"
    assert [one["id"] for one in body["data"]["outputs"]] == [one["id"] for one in generation["outputs"]]
    assert httpx.get(body["data"]["outputs"][0]["url"]).status_code == 200
    account.post("/api/v1/keys", json={"name": "k"})
    arrived = receiver.wait("/life", 2)[1]
    assert Webhook(made["secret"]).verify(arrived.body, arrived.headers)["data"]["object"] == "api_key"
    listed = account.get(f"{PATH}/{made['id']}/deliveries?status=succeeded&event_type=generation.succeeded").json()
    (row,) = listed["data"]
    assert (row["event_id"], row["event_type"]) == (receiver.of("/life")[0].headers["webhook-id"], body["type"])
    assert (row["http_status"], row["status"]) == (200, "succeeded")
    assert row["last_attempt"]["request"]["url"] == receiver.url("/life")
    detail = account.get(f"{PATH}/{made['id']}/deliveries/{row['id']}").json()
    assert detail["request_body"].encode() == receiver.of("/life")[0].body
    assert len(detail["attempts"]) == 1
    assert account.post(f"{PATH}/{made['id']}/deliveries/{row['id']}/resend").status_code == 202
    receiver.wait("/life", 3)


def test_a_test_event_a_rotation_and_the_end(account: Account, receiver: Receiver) -> None:
    made = make(account, receiver.url("/test"))
    address = f"{PATH}/{made['id']}"
    rotated = account.post(f"{address}/rotate").json()
    assert rotated["secret"] not in (made["secret"], None)
    assert rotated["previous_secret_expires_at"] is not None
    queued = account.post(f"{address}/test")
    assert queued.status_code == 202
    assert queued.json()["event_type"] == "webhook.test"
    (arrived,) = receiver.wait("/test")
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(arrived.body, arrived.headers)
    disabled = account.patch(address, json={"status": "disabled", "events": ["key.*"]}).json()
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "by_tenant")
    for path in ("test", "resend"):
        refused = account.post(f"{address}/{path}", **({"json": {"status": "failed"}} if path == "resend" else {}))
        account.refused(refused, 409, "webhook_endpoint_disabled")
    enabled = account.patch(address, json={"status": "enabled"}).json()
    assert (enabled["status"], enabled["disabled_reason"], enabled["events"]) == ("enabled", None, ["key.*"])
    body = {"status": "failed", "from": "2026-01-01T00:00:00Z", "to": "2036-01-01T00:00:00Z"}
    assert account.post(f"{address}/resend", json=body).json() == {"resent": 0}
    assert account.delete(address).status_code == 204
    assert account.get(address).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/url", "required"),
        ({"url": "ftp://example.com/"}, "/url", "url_refused"),
        ({"url": "https://169.254.169.254/"}, "/url", "url_refused"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "/url", "url_refused"),
        ({"url": "https://localhost/"}, "/url", "url_refused"),
        ({"url": "https://u:p@example.com/"}, "/url", "url_refused"),
        ({"url": "https://example.com/", "events": ["invoice.paids"]}, "/events/0", "unknown_value"),
        ({"url": "https://example.com/", "events": []}, "/events", "too_short"),
        ({"url": "https://example.com/", "event": ["*"]}, "/event", "unknown_field"),
    ],
)
def test_bad_values_are_refused(account: Account, body: Json, pointer: str, code: str) -> None:
    answer = account.post(PATH, json=body)
    assert answer.status_code == 422, answer.text
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert account.get(PATH).json()["data"] == []


def test_a_test_key_sees_no_live_endpoint_and_a_key_needs_the_scope(account: Account, receiver: Receiver) -> None:
    live = make(account, receiver.url("/live"))
    tests = account.key(livemode=False)
    assert tests.get(f"{PATH}/{live['id']}").status_code == 404
    assert tests.patch(f"{PATH}/{live['id']}", json={"events": ["*"]}).status_code == 404
    made = make(tests, receiver.url("/sandbox"))
    assert account.get(f"{PATH}/{made['id']}").status_code == 404
    assert made["livemode"] is False
    assert {row["id"] for row in account.get(PATH).json()["data"]} == {live["id"]}
    generation = tests.make()
    arrived = receiver.wait("/sandbox")
    assert Webhook(made["secret"]).verify(arrived[0].body, arrived[0].headers)["data"]["id"] == generation["id"]
    assert receiver.of("/live") == []
    reader = account.key(scopes=["read"])
    reader.refused(reader.get(PATH), 403, "permission_denied")


def test_a_job_has_a_url_of_its_own(account: Account, receiver: Receiver) -> None:
    known = make(account, receiver.url("/known"), events=["invoice.paid"])
    webhook = {"url": receiver.url("/job"), "events": ["generation.succeeded"]}
    generation = account.make(webhook=webhook)
    other = account.make()
    (arrived,) = receiver.wait("/job")
    assert Webhook(known["secret"]).verify(arrived.body, arrived.headers)["data"]["id"] == generation["id"]
    assert other["id"].encode() not in b"".join(one.body for one in receiver.arrived)
    assert [row["id"] for row in account.get(PATH).json()["data"]] == [known["id"]]


def test_a_job_s_url_is_verified_without_any_endpoint(account: Account, receiver: Receiver) -> None:
    path = "/api/v1/webhook-signing-secret"
    answer = account.get(path)
    shown = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert shown == {
        "object": "webhook_signing_secret", "livemode": True, "secret": shown["secret"],
        "previous_secret_expires_at": None, "created_at": shown["created_at"], "updated_at": shown["updated_at"],
    }  # fmt: skip
    assert account.get(path).json() == shown
    tests = account.key(livemode=False)
    assert tests.get(path).json()["secret"] not in (shown["secret"], None)
    rotated = account.post(f"{path}/rotate", headers={"Idempotency-Key": "once"})
    assert account.post(f"{path}/rotate", headers={"Idempotency-Key": "once"}).json() == rotated.json()
    generation = account.make(webhook={"url": receiver.url("/alone"), "events": ["generation.succeeded"]})
    (arrived,) = receiver.wait("/alone")
    for secret in (shown["secret"], rotated.json()["secret"]):
        assert Webhook(secret).verify(arrived.body, arrived.headers)["data"]["id"] == generation["id"]
    reader = account.key(scopes=["read"])
    reader.refused(reader.get(path), 403, "permission_denied")


@pytest.mark.parametrize(
    ("webhook", "pointer", "code"),
    [
        ({"url": "https://169.254.169.254/"}, "/webhook/url", "url_refused"),
        ({"url": "https://example.com/", "events": ["invoice.paid"]}, "/webhook/events/0", "unknown_value"),
        ({}, "/webhook/url", "required"),
        ({"url": "https://example.com/", "secret": "x"}, "/webhook/secret", "unknown_field"),
    ],
)
def test_a_wrong_url_of_a_job_is_refused(account: Account, webhook: Json, pointer: str, code: str) -> None:
    body = {"model": FLASH, "input": "a cat", "webhook": webhook}
    with account.untouched():
        for path in ("/api/v1/generations", "/api/v1/quotes"):
            account.refused(account.post(path, json=body), 422, "invalid_request", pointer, code)


def test_listen_forwards_to_the_developers_machine(account: Account, receiver: Receiver, platform: Running) -> None:
    made = make(account, "https://example.com/never", events=["invoice.paid"])
    command = [
        sys.executable, str(ROOT / "manage.py"), "listen", "--api", platform.url, "--endpoint", made["id"],
        "--forward-to", receiver.url("/mine"), "--secret", made["secret"], "--count", "1",
    ]  # fmt: skip
    environment = {**platform.environment, "CAVENDISH_API_KEY": account.secret}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Forwarding")
        time.sleep(2)  # what was there before is not forwarded, so it must have looked
        account.post(f"{PATH}/{made['id']}/test")
        (arrived,) = receiver.wait("/mine")
        assert process.stdout.readline().startswith("webhook.test evt_")
        assert process.wait(timeout=20) == 0
    assert Webhook(made["secret"]).verify(arrived.body, arrived.headers)["type"] == "webhook.test"


def test_listen_forwards_nowhere_else(account: Account) -> None:
    with pytest.raises(CommandError, match="on this machine"):
        call_command("listen", "--endpoint", "whe_x", "--forward-to", "https://example.com/")
