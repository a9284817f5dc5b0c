"""A tenant's events as one stream, and the tokens that open streams where headers cannot be sent."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from accounts.authentication import tokens
from accounts.models import ApiKey
from tests.api.accounts import FLASH, SMALL, Account

PATH = "/api/v1/events"
BODY = {"model": FLASH, "input": "a cat", "response_format": SMALL}


class Stream:
    """The events of an open answer, one after the other."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()
        self.subjects: set[str] = set()

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next event's id and data; comments are passed over."""
        event_id = ""
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                event_id = value
            elif name == "data":
                return event_id, json.loads(value)
        raise AssertionError("The stream has ended.")

    def until(self, kind: str, subject: str) -> tuple[str, list[str]]:
        """Reads to that event; returns its id and the types of all that came."""
        kinds = []
        for _ in range(200):
            event_id, data = self.next()
            kinds.append(data["type"])
            self.subjects.add(data["subject"])
            if (data["type"], data["subject"]) == (kind, subject):
                return event_id, kinds
        raise AssertionError(kinds)


@contextmanager
def stream(account: Account, path: str = PATH, *, last: str = "", keyless: bool = False) -> Iterator[Stream]:
    sent = {**({} if keyless else account.headers), **({"Last-Event-ID": last} if last else {})}
    with account.http.stream("GET", path, headers=sent, timeout=30) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        yield Stream(answer)


def token_of(account: Account) -> str:
    answer = account.post("/api/v1/stream-tokens")
    assert answer.status_code == 201
    assert answer.headers["cache-control"].find("no-store") >= 0
    made = answer.json()
    assert made["expires_at"] > timezone.now().isoformat()
    return str(made["token"])


def test_all_that_happens_comes_in_order_and_a_break_is_resumed(account: Account) -> None:
    first = account.make()
    with stream(account) as events:
        seen, kinds = events.until("generation.succeeded", first["id"])
        assert [kind for kind in kinds if kind.startswith("generation.")] == [
            "generation.queued", "generation.running", "generation.succeeded"
        ]  # fmt: skip
        second = account.make()
        last, kinds = events.until("generation.succeeded", second["id"])
        assert kinds == ["generation.queued", "generation.running", "generation.succeeded"]
    with stream(account, last=seen) as events:
        assert events.until("generation.succeeded", second["id"])[1] == kinds
    with stream(account, f"{PATH}?after={last}") as events:
        third = account.make()
        assert events.next()[1]["generation_id"] == third["id"]
    with stream(account, f"{PATH}?after=latest") as events:
        fourth = account.make()
        assert events.next()[1]["subject"] == fourth["id"]


@pytest.mark.parametrize("cursor", ["x", "1", "1.2.3", "9" * 40, "1.5;drop", "-1.2"])
def test_what_is_no_cursor_is_refused(account: Account, cursor: str) -> None:
    made = account.make()
    for path in (PATH, f"/api/v1/generations/{made['id']}/events"):
        answer = account.get(path, headers={"Last-Event-ID": cursor})
        account.refused(answer, 422, "invalid_request", "/Last-Event-ID", "invalid", "such as 908.5.")
        answer = account.get(path, params={"after": cursor})
        account.refused(answer, 422, "invalid_request", "/after", "invalid", "such as 908.5")


def test_after_says_where_the_stream_of_a_generation_begins(account: Account) -> None:
    path = f"/api/v1/generations/{account.make()['id']}/events"
    with stream(account, path) as events:
        first, running, last = (events.next() for _ in range(3))
    with stream(account, f"{path}?after={first[0]}") as events:
        assert events.next() == running
    assert account.get(f"{path}?after={last[0]}").status_code == 204
    account.refused(account.get(f"{path}?after=latest"), 422, "invalid_request", "/after", "invalid")


def test_another_tenants_events_never_come(account: Account, other: Account) -> None:
    account.make()
    mine = other.make()
    with stream(other) as events:
        _, kinds = events.until("generation.queued", mine["id"])
    assert [kind for kind in kinds if kind.startswith("generation.")] == ["generation.queued"]


def test_a_key_sees_events_of_its_own_mode(account: Account) -> None:
    tests = account.key(livemode=False)
    live, tried, last = account.make(), tests.make(), account.make()
    with stream(account) as events:
        seen, _ = events.until("generation.succeeded", live["id"])
        events.until("generation.succeeded", last["id"])
        assert tried["id"] not in events.subjects
    with stream(tests, f"{PATH}?token={token_of(tests)}", last=seen, keyless=True) as events:
        _, kinds = events.until("generation.succeeded", tried["id"])
    assert kinds == ["generation.queued", "generation.running", "generation.succeeded"]


def test_a_token_opens_both_streams_and_nothing_else(account: Account) -> None:
    made = account.make()
    token = token_of(account)
    with stream(account, f"{PATH}?token={token}", keyless=True) as events:
        events.until("generation.succeeded", made["id"])
    job = f"/api/v1/generations/{made['id']}"
    answer = account.http.get(f"{job}/events?token={token}")
    assert (answer.status_code, answer.text.count("event: ")) == (200, 3)
    for path in (job, "/api/v1/generations", "/api/v1/outputs", "/api/v1/tenant", "/v1beta/models"):
        for refused in (
            account.http.get(f"{path}?token={token}"),
            account.http.get(path, headers={"Authorization": f"Bearer {token}"}),
        ):
            assert refused.status_code == 401, path
    assert account.http.post(f"/api/v1/stream-tokens?token={token}").status_code == 401


def test_a_token_ends_with_its_key_and_with_its_time(account: Account) -> None:
    keyed = account.key()
    token = token_of(keyed)
    path = f"{PATH}?token={token}"
    with stream(keyed, path, keyless=True):
        pass
    for forged in (token[:-2] + "xx", "x", "", token.replace(":", "")):
        assert account.http.get(f"{PATH}?token={forged}").status_code == 401
    with account.books.open():
        assert ApiKey.objects.filter(tenant_id=account.tenant.id).update(revoked_at=timezone.now())
    assert account.http.get(path).status_code == 401


@pytest.mark.parametrize("change", [{"revoked_at": timezone.now()}, {"scopes": ["generate"]}], ids=["end", "scopes"])
@pytest.mark.parametrize("keyless", [False, True], ids=["key", "token"])
def test_a_stream_ends_with_what_let_it_in(account: Account, keyless: bool, change: dict[str, Any]) -> None:
    keyed = account.key()
    path = f"{PATH}?after=latest" + (f"&token={token_of(keyed)}" if keyless else "")
    with account.http.stream("GET", path, headers={} if keyless else keyed.headers, timeout=10) as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": open"
        with account.books.open():
            assert ApiKey.objects.filter(prefix=tokens.describe(keyed.secret).prefix).update(**change)
        changed = time.monotonic()
        assert not [line for line in lines if line.startswith("event:")]
    assert time.monotonic() - changed < 5


def test_a_token_needs_the_right_to_read(account: Account) -> None:
    assert account.key(scopes=["generate"]).post("/api/v1/stream-tokens").status_code == 403


def test_a_beat_comes_while_nothing_happens(account: Account) -> None:
    with account.http.stream("GET", f"{PATH}?after=latest", headers=account.headers, timeout=30) as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": open"
        began = time.monotonic()
        while next(lines) != ": keep-alive":
            pass
        assert time.monotonic() - began < timedelta(seconds=16).total_seconds()
