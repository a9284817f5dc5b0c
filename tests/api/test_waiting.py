"""`Prefer: wait`, cancel, delete and the events of a job."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from generations.models import GenerationContent
from tests.api.accounts import FLASH, SMALL, Account, image, text, uuid_of

PATH = "/api/v1/generations"
BODY = {"model": FLASH, "input": "a cat", "response_format": SMALL}
SLOW = {**BODY, "input": "a cat [[latency:3]]"}


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=30", "wait=30"),
        ("WAIT=30", "wait=30"),
        ('wait="30"', "wait=30"),
        ("respond-async, wait=30", "wait=30"),
        ("return=minimal;wait=30", "wait=30"),
        ("wait=99999999999", "wait=600"),
    ],
)
def test_who_prefers_to_wait_gets_the_end(account: Account, prefer: str, applied: str) -> None:
    answer = account.post(PATH, json=BODY, headers={"Prefer": prefer})
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert answer.headers["preference-applied"] == applied
    assert answer.headers["location"] == f"{PATH}/{answer.json()['id']}"


@pytest.mark.parametrize("prefer", ["", "wait", "wait=0", "wait=-1", "wait=abc", "xwait=30", "respond-async"])
def test_who_does_not_gets_what_was_accepted(account: Account, prefer: str) -> None:
    answer = account.post(PATH, json=SLOW, headers={"Prefer": prefer})
    shown = answer.json()
    assert (answer.status_code, shown["status"] in {"queued", "running"}) == (202, True)
    assert answer.headers["location"] == f"{PATH}/{shown['id']}"
    assert "preference-applied" not in answer.headers
    assert shown["charge"]["status"] == "held"
    assert Decimal(shown["charge"]["amount"]) > 0


def test_a_wait_that_is_over_answers_202_with_the_generation_as_body(account: Account) -> None:
    began = time.monotonic()
    answer = account.post(PATH, json=SLOW, headers={"Prefer": "wait=1"})
    assert 0.9 < time.monotonic() - began < 2.5
    shown = answer.json()
    assert (answer.status_code, shown["status"]) == (202, "running")
    assert answer.headers["location"] == f"{PATH}/{shown['id']}"
    assert shown.keys() == account.make().keys()
    assert not [name for name in answer.headers if name.startswith("x-cavendish")]


def test_who_asks_for_a_generation_may_wait_for_its_end_too(account: Account) -> None:
    accepted = account.post(PATH, json=SLOW)
    path = accepted.headers["location"]
    over = account.get(path, headers={"Prefer": "wait=1"})
    assert (over.status_code, over.json()["status"], over.headers["location"]) == (202, "running", path)
    ended = account.get(path, headers={"Prefer": "wait=30"})
    assert (ended.status_code, ended.json()["status"]) == (200, "succeeded")
    assert ended.headers["preference-applied"] == "wait=30"
    began = time.monotonic()
    again = account.get(path, headers={"Prefer": "wait=30"})
    assert (again.status_code, again.json()) == (200, account.get(path).json())
    assert time.monotonic() - began < 2


def test_a_deadline_of_the_client_ends_a_generation_as_failed(account: Account) -> None:
    ended = account.post(
        PATH, json={**BODY, "input": "x [[hang]]", "deadline": 1.5}, headers={"Prefer": "wait=20"}
    ).json()
    assert (ended["status"], ended["error"]["code"]) == ("failed", "deadline_exceeded")
    assert ended["charge"]["status"] == "not_charged"
    assert ended["request"]["deadline"] == 1.5


def test_cancel_after_ends_a_generation_as_canceled(account: Account) -> None:
    headers = {"Prefer": "wait=20", "Cancel-After": "1"}
    ended = account.post(PATH, json={**BODY, "input": "x [[hang]]", "deadline": 30}, headers=headers).json()
    assert (ended["status"], ended["error"]) == ("canceled", None)
    fast = account.post(PATH, json=BODY, headers={**headers, "Cancel-After": "60"}).json()
    assert fast["status"] == "succeeded"


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "soon", "", "86401", "9" * 40])
def test_a_wrong_cancel_after_is_refused(account: Account, value: str) -> None:
    refused = account.post(PATH, json=BODY, headers={"Cancel-After": value})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cancel_after")


@pytest.mark.parametrize("value", [0, -1, 0.5, 86401, "5", True])
def test_a_wrong_deadline_is_refused_by_name(account: Account, value: Any) -> None:
    refused = account.post(PATH, json={**BODY, "deadline": value})
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/deadline"]


def test_a_failed_generation_is_an_answer_too(account: Account) -> None:
    answer = account.submit(input="x [[safety]]")
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, "safety_blocked")


def test_cancel_of_a_running_generation_ends_it_and_frees_the_hold(account: Account) -> None:
    running = account.post(PATH, json=SLOW, headers={"Prefer": "wait=1"}).json()
    assert account.trace.held > 0
    refused = account.delete(f"{PATH}/{running['id']}")
    account.refused(refused, 409, "not_finished", None, None, "cancel it or wait")
    for _ in range(2):
        answer = account.post(f"{PATH}/{running['id']}/cancel")
        assert answer.status_code == 200
        assert (answer.json()["status"], answer.json()["charge"]["status"]) == ("canceled", "not_charged")
    assert (account.trace.held, account.trace.balance) == (Decimal(0), Decimal(100))
    assert account.get(f"{PATH}/{running['id']}").json()["status"] == "canceled"


def test_cancel_of_a_waiting_generation_is_immediate(account: Account) -> None:
    from accounts.models import Tenant

    with account.books.open():
        Tenant.objects.filter(id=account.tenant.id).update(concurrency_limit=1)
    first = account.post(PATH, json=SLOW, headers={"Prefer": "wait=1"}).json()
    waiting = [account.post(PATH, json=BODY).json() for _ in range(2)]
    shown = [account.get(f"{PATH}/{one['id']}").json() for one in waiting]
    assert [(one["status"], one["queue_position"], one["attempts"]) for one in shown] == [
        ("queued", 1, 0), ("queued", 2, 0)
    ]  # fmt: skip
    answer = account.post(f"{PATH}/{waiting[0]['id']}/cancel")
    canceled = answer.json()
    assert (answer.status_code, canceled["status"], canceled["attempts"]) == (200, "canceled", 0)
    assert (canceled["charge"]["reason"], canceled["charge"]["amount"]) == ("canceled_before_start", "0.000000000")
    assert canceled["started_at"] is None
    assert account.get(f"{PATH}/{waiting[1]['id']}").json()["queue_position"] == 1
    account.post(f"{PATH}/{first['id']}/cancel")
    account.post(f"{PATH}/{waiting[1]['id']}/cancel")
    assert account.trace.held == 0


def test_what_has_ended_cannot_be_canceled(account: Account) -> None:
    made = account.make()
    account.refused(account.post(f"{PATH}/{made['id']}/cancel"), 409, "not_cancelable", None, None, "succeeded")
    assert account.get(f"{PATH}/{made['id']}").json() == made


def test_a_deleted_generation_is_gone_and_its_money_is_not(account: Account) -> None:
    made = account.make(input=[text("secret prompt"), image()], metadata={"secret": "yes"})
    [output] = made["outputs"]
    kept = account.file()
    before = account.trace
    assert account.delete(f"{PATH}/{made['id']}").status_code == 204
    gone = [
        account.get(f"{PATH}/{made['id']}"),
        account.get(f"{PATH}/{made['id']}/events"),
        account.get(f"/api/v1/outputs/{output['id']}"),
        account.get(f"/api/v1/outputs/{output['id']}/content"),
        account.http.get(output["url"]),
        account.delete(f"{PATH}/{made['id']}"),
        account.post(f"{PATH}/{made['id']}/cancel"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in gone} == {(404, "not_found")}
    assert account.get(PATH).json()["data"] == []
    after = account.trace
    assert (after.balance, after.held, after.generations, after.entries) == (
        before.balance,
        Decimal(0),
        1,
        before.entries,
    )
    assert not [path for path in after.objects if uuid_of(output["id"]).hex in path]
    with account.books.open():
        content = GenerationContent.objects.get(pk=uuid_of(made["id"]))
        assert (content.request, content.job_spec, content.content, content.steps) == ({}, {}, [], [])
        assert content.generation.metadata == {}
    assert account.get(f"/api/v1/files/{kept['id']}").status_code == 200


def events_of(account: Account, generation: str, last: str | None = None) -> list[dict[str, Any]]:
    headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
    answer = account.get(f"{PATH}/{generation}/events", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    found = []
    for block in answer.text.split("\n\n"):
        if block and not block.startswith(":"):
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            found.append({"id": fields["id"], "event": fields["event"], **json.loads(fields["data"])})
    return found


def test_the_events_of_an_ended_job_replay_from_the_first(account: Account) -> None:
    made = account.make(input="x [[fault:500 times=1]]")
    events = events_of(account, made["id"])
    assert [event["event"] for event in events] == ["generation.queued", "generation.running", "generation.succeeded"]
    assert [(event["old"], event["new"]) for event in events] == [
        (None, "queued"), ("queued", "running"), ("running", "succeeded")
    ]  # fmt: skip
    assert {event["generation_id"] for event in events} == {made["id"]}
    assert events_of(account, made["id"], events[0]["id"]) == events[1:]
    assert events_of(account, made["id"], events[1]["id"]) == events[2:]
    # nothing more will come: 204 tells an EventSource to stop asking
    done = account.get(f"{PATH}/{made['id']}/events", headers={"Last-Event-ID": events[2]["id"]})
    assert (done.status_code, done.content) == (204, b"")
    assert events_of(account, made["id"], "999999.999999") == events
    for wrong in ("nonsense", "0.0'; DROP TABLE", "9" * 500):
        refused = account.get(f"{PATH}/{made['id']}/events", headers={"Last-Event-ID": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/Last-Event-ID"), wrong


def test_the_events_of_a_running_job_come_as_they_happen(account: Account) -> None:
    running = account.post(PATH, json={**SLOW, "input": "a [[latency:1]]"}).json()
    began = time.monotonic()
    events = events_of(account, running["id"])
    assert 0.5 < time.monotonic() - began < 5
    assert events[0]["event"] == "generation.queued"
    assert events[-1]["event"] == "generation.succeeded"


def test_no_private_header_and_no_content_leaves_with_an_event(account: Account) -> None:
    made = account.make(input="a secret prompt", metadata={"secret": "yes"})
    answer = account.get(f"{PATH}/{made['id']}/events")
    assert "secret" not in answer.text
    assert not [name for name in answer.headers if name.startswith("x-cavendish")]


def test_a_client_cannot_give_the_layer_orders(account: Account, other: Account) -> None:
    foreign = other.make()
    headers = {"X-Cavendish-Wait": f"{foreign['id']};5", "X-Cavendish-File": '{"path": "/etc/passwd"}'}
    answer = account.get("/api/v1/models", headers=headers)
    assert answer.status_code == 200
    assert "root:" not in answer.text
    assert foreign["id"] not in answer.text
