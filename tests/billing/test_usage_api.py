"""`/api/v1/usage`: the same numbers in JSON and CSV, by all that usage is grouped by; wrong questions are refused."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.test import Client

from accounts.models import AuditEvent, Scope, Tenant
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.batches.helpers import feed
from tests.factories import (
    FLASH,
    PRO,
    make_batch,
    make_key,
    make_operator_key,
    make_tenant,
    queue_clear,
    submit_generation,
)
from tests.generations.helpers import claim, finish, register, succeeded

NOBODY = UUID(int=0)
HOUR = "from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z&"
Json = dict[str, Any]


class Caller:
    """Asks as one key; everything of a fresh tenant unless a secret is given."""

    def __init__(
        self, tenant: Tenant, *, livemode: bool = True, scopes: Any = tuple(Scope.values), secret: str = ""
    ) -> None:
        self.tenant = tenant
        self.secret = secret or make_key(tenant, livemode=livemode, scopes=scopes)[1]

    def ask(self, path: str = "", **headers: str) -> Any:
        return Client().get(f"/api/v1/usage{path}", headers={"Authorization": f"Bearer {self.secret}", **headers})

    def get(self, path: str = "") -> Json:
        answer = self.ask(path)
        assert answer.status_code == 200, answer.content
        found: Json = answer.json()
        return found

    def csv(self, path: str, **headers: str) -> list[dict[str, str]]:
        answer = self.ask(path, **headers)
        assert answer.status_code == 200, answer.getvalue()
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(b"".join(answer).decode())))

    def patch(self, body: Any) -> Any:
        return Client().patch(
            "/api/v1/usage/tags", body, content_type="application/json",
            headers={"Authorization": f"Bearer {self.secret}"},
        )  # fmt: skip


def cursor_of(value: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(["false", value, "USD"]).encode()).decode()


def used(
    tenant: Tenant, when: str, quantity: int, amount: str = "0.000001", table: str = "rollup", **changes: Any
) -> None:
    """A row of the roll-ups, as the settlement would write it."""
    row: Json = {
        "tenant_id": tenant.id, "billing_date": when[:10], "hour": when, "livemode": True, "model": FLASH,
        "api_key_id": NOBODY, "image_size": "1K", "kind": "image_output", "records": 1, "quantity": quantity,
        "images": 1, "amount": amount, "cost": "0.0000005",
    } | changes  # fmt: skip
    if table == "tagrollup":
        del row["hour"], row["api_key_id"]
    with connections["owner"].cursor() as cursor:
        names = ", ".join(row)
        marks = ", ".join(["%s"] * len(row))
        cursor.execute(f"INSERT INTO billing_usage{table} ({names}) VALUES ({marks})", list(row.values()))


@pytest.fixture
def caller() -> Caller:
    return Caller(make_tenant(billing_timezone="Europe/Berlin"))


OCTOBER = "from=2026-10-01&to=2026-11-01"


def test_days_months_and_totals(caller: Caller) -> None:
    used(caller.tenant, "2026-10-03T10:00:00Z", 1120, "0.067200000")
    used(caller.tenant, "2026-10-03T11:00:00Z", 1120, "0.067200001")
    used(caller.tenant, "2026-10-03T11:00:00Z", 1, "0", kind="request", images=0, records=0)
    used(caller.tenant, "2026-10-09T11:00:00Z", 7, "0.000000010", model=PRO, kind="text_input", images=0)
    used(caller.tenant, "2026-11-01T11:00:00Z", 9, "1")

    found = caller.get(f"?{OCTOBER}&group_by=day")

    assert (found["timezone"], found["livemode"], found["group_by"]) == ("Europe/Berlin", True, ["day"])
    assert (found["from"], found["to"], found["has_more"], found["next_cursor"]) == (
        "2026-10-01",
        "2026-11-01",
        False,
        None,
    )
    assert [(row["day"], row["tokens"], row["images"], row["requests"], row["amount"]) for row in found["data"]] == [
        ("2026-10-03", 2240, 2, 1, "0.134400001"),
        ("2026-10-09", 7, 0, 0, "0.000000010"),
    ]
    assert found["totals"] == {
        "tokens": 2247, "search_queries": 0, "images": 2, "requests": 1, "amount": "0.134400011", "currency": "USD",
    }  # fmt: skip
    row = found["data"][0]
    assert (row["hour"], row["month"], row["model"], row["key_id"], row["metadata"]) == (None, None, None, None, {})
    assert "cost" not in row
    assert "tenant_id" not in row
    by_month = caller.get("?from=2026-10-01&to=2026-12-01&group_by=month,model")["data"]
    assert [(row["month"], row["model"], row["tokens"]) for row in by_month] == [
        ("2026-10", PRO, 7), ("2026-10", FLASH, 2240), ("2026-11", FLASH, 9),
    ]  # fmt: skip
    assert caller.get(f"?{OCTOBER}")["data"][0]["tokens"] == 2247


def test_nothing_used_is_an_empty_report(caller: Caller) -> None:
    found = caller.get("?group_by=day")
    assert (found["data"], found["totals"]["amount"], found["totals"]["currency"]) == ([], "0.000000000", None)


def test_an_hour_that_the_clock_shows_twice_is_two_rows_of_one_day(caller: Caller) -> None:
    """Berlin sets its clocks back at 01:00 UTC on the 25th: 00:00 and 01:00 UTC are both two o'clock there."""
    used(caller.tenant, "2026-10-25T00:00:00Z", 1)
    used(caller.tenant, "2026-10-25T01:00:00Z", 2)
    used(caller.tenant, "2026-10-25T23:00:00Z", 4, billing_date="2026-10-26")  # midnight there

    hours = caller.get(f"?{OCTOBER}&group_by=hour")["data"]
    days = caller.get(f"?{OCTOBER}&group_by=day")["data"]
    instants = caller.get("?from=2026-10-25T03:00:00%2B02:00&to=2026-10-26T00:00:00Z&group_by=hour")["data"]

    assert [(row["hour"], row["tokens"]) for row in hours] == [
        ("2026-10-25T00:00:00Z", 1), ("2026-10-25T01:00:00Z", 2), ("2026-10-25T23:00:00Z", 4),
    ]  # fmt: skip
    assert [(row["day"], row["tokens"]) for row in days] == [("2026-10-25", 3), ("2026-10-26", 4)]
    assert [row["tokens"] for row in instants] == [2, 4]


def test_keys_members_sizes_kinds_and_their_filters(caller: Caller) -> None:
    key, member = uuid4(), uuid4()
    used(caller.tenant, "2026-10-03T10:00:00Z", 1, api_key_id=key, member_id=member)
    used(caller.tenant, "2026-10-03T10:00:00Z", 2, api_key_id=key, kind="search_query", images=0)
    used(caller.tenant, "2026-10-03T10:00:00Z", 4, image_size="4K")
    used(caller.tenant, "2026-10-03T10:00:00Z", 8, livemode=False)

    rows = caller.get(f"?{OCTOBER}&group_by=key,member,size,kind")["data"]

    shown = {
        (row["key_id"], row["member_id"], row["image_size"], row["kind"]): (row["tokens"], row["search_queries"])
        for row in rows
    }
    own, nobody = ids.encode("key", key), ids.encode("key", NOBODY)
    assert shown == {
        (own, ids.encode("usr", member), "1K", "image_output"): (1, 0),
        (own, None, "1K", "search_query"): (0, 2),
        (nobody, None, "4K", "image_output"): (4, 0),
    }
    for filters, tokens in (
        (f"key_id={own}", 1),
        (f"member_id={ids.encode('usr', member)}", 1),
        (f"model={PRO}", 0),
        (f"model={PRO}-preview", 0),
        (f"model={FLASH}-preview", 5),
    ):
        assert caller.get(f"?{OCTOBER}&{filters}")["totals"]["tokens"] == tokens, filters
    assert caller.get(f"?{OCTOBER}&livemode=false")["totals"]["tokens"] == 8


def test_metadata_sums_to_the_whole_with_what_lacks_it(caller: Caller) -> None:
    used(caller.tenant, "2026-10-03T10:00:00Z", 10, "0.10")
    used(caller.tenant, "2026-10-04T10:00:00Z", 5, "0.05")
    for value, quantity, amount in (("red", 4, "0.04"), ("=SUM(A1)", 6, "0.06")):
        used(caller.tenant, "2026-10-03", quantity, amount, table="tagrollup", key="te,am%", value=value, images=0)
    used(caller.tenant, "2026-10-03", 3, "0.03", table="tagrollup", key="other", value="x", images=0)

    used_by = caller.get(f"?{OCTOBER}&group_by=metadata.other,day")
    assert [(row["metadata"], row["day"], row["tokens"]) for row in used_by["data"]] == [
        ({"other": "x"}, "2026-10-03", 3), ({"other": None}, "2026-10-03", 7), ({"other": None}, "2026-10-04", 5),
    ]  # fmt: skip
    assert used_by["totals"] == caller.get(f"?{OCTOBER}")["totals"]
    assert caller.csv(f".csv?{OCTOBER}&group_by=metadata.other")[0]["metadata.other"] == "x"


def test_pages_follow_each_other_without_gap_or_repeat(caller: Caller) -> None:
    for day in range(1, 8):
        for key in (NOBODY, UUID(int=day)):
            used(caller.tenant, f"2026-10-0{day}T10:00:00Z", day, api_key_id=key, member_id=key)
    whole = caller.get(f"?{OCTOBER}&group_by=member,day")
    found, cursor = [], ""
    while True:
        page = caller.get(f"?{OCTOBER}&group_by=member,day&limit=3{cursor}")
        found += page["data"]
        assert page["totals"] == whole["totals"]
        if not page["has_more"]:
            break
        assert len(page["data"]) == 3
        cursor = f"&cursor={page['next_cursor']}"
    assert found == whole["data"]
    assert len(found) == 14


def test_csv_has_the_same_numbers_and_no_formulas(caller: Caller) -> None:
    used(caller.tenant, "2026-10-03T10:00:00Z", 10, "0.100000001")
    used(caller.tenant, "2026-10-03", 10, "0.10", table="tagrollup", key="team", value="=SUM(A1)")
    query = f"?{OCTOBER}&group_by=day,model,member"

    for rows in (caller.csv(f".csv{query}"), caller.csv(query, Accept="text/csv")):
        assert rows == [
            {"day": "2026-10-03", "model": FLASH, "member_id": "", "tokens": "10", "search_queries": "0", "images": "1",
             "requests": "0", "amount": "0.100000001", "currency": "USD"}
        ]  # fmt: skip
    first = caller.csv(f".csv?{OCTOBER}&group_by=metadata.team,kind")[0]
    assert first["metadata.team"] == "'=SUM(A1)"
    assert caller.csv(f".csv?{OCTOBER}&group_by=month,key")[0]["month"] == "2026-10"


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("group_by=week", "/group_by", "unknown_value"),
        ("group_by=tenant", "/group_by", "unknown_value"),
        ("group_by=metadata.", "/group_by", "unknown_value"),
        ("group_by=metadata." + "x" * 65, "/group_by", "too_long"),
        ("group_by=day,day", "/group_by", "repeated"),
        ("group_by=metadata.a,metadata.b", "/group_by", "too_many"),
        ("group_by=metadata.a,hour", "/group_by", "not_supported"),
        ("group_by=metadata.a&key_id=key_" + "0" * 32, "/key_id", "not_supported"),
        ("group_by=metadata.a&from=2026-10-01T00:00:00Z", "/from", "not_supported"),
        ("gruop_by=day", "/gruop_by", "unknown_field"),
        ("tenant_id=ten_" + "0" * 32, "/tenant_id", "unknown_field"),
        ("from=2026-10-01&from=2026-10-02", "/from", "repeated"),
        ("from=yesterday", "/from", "wrong_type"),
        ("from=2026-W41-4", "/from", "wrong_type"),
        ("from=2026-02-30", "/from", "wrong_type"),
        ("from=0001-01-01", "/from", "wrong_type"),
        ("from=2026-10-01T00:00:00", "/from", "wrong_type"),
        ("from=2026-10-01T00:30:00Z", "/from", "out_of_range"),
        ("from=2026-10-01T00:00:00%2B05:30", "/from", "out_of_range"),
        ("from=1999-12-31T00:00:00Z", "/from", "out_of_range"),
        ("from=2026-10-01T00:00:00Z&to=2201-01-01T00:00:00Z", "/to", "out_of_range"),
        ("from=2026-10-01&to=2026-10-01", "/to", "out_of_range"),
        ("from=2026-10-01&to=2026-10-02T00:00:00Z", "/to", "wrong_type"),
        ("from=2016-10-01", "/to", "out_of_range"),
        ("from=2026-10-01&to=2026-11-02&group_by=hour", "/to", "out_of_range"),
        ("to=2026-10-02T00:00:00Z", "/from", "required"),
        ("key_id=mine", "/key_id", "unknown_value"),
        ("member_id=key_" + "0" * 32, "/member_id", "unknown_value"),
        ("model=%00", "/model", "unknown_value"),
        ("model=gemini-3-pro-imge", "/model", "unknown_value"),
        ("livemode=yes", "/livemode", "unknown_value"),
        ("limit=0", "/limit", "out_of_range"),
        ("limit=٣", "/limit", "out_of_range"),
        ("cursor=x", "/cursor", "invalid"),
        ("group_by=day&cursor=WyJmYWxzZSIsICJ4IiwgIlVTRCJd", "/cursor", "invalid"),
        *((f"{period}group_by={name}&cursor={cursor_of(value)}", "/cursor", "invalid") for period, name, value in (
            ("", "day", "2026-W01-1"), ("", "day", "20261001"), ("", "model", "\ud800"),
            ("", "key", f"urn:uuid:{NOBODY}"), (HOUR, "hour", "2026-W01-1T00"),
            (HOUR, "hour", "2026-10-01 00:00:00+00:00:01.5"),
            (HOUR, "hour", "0001-01-01 00:00:00+05:00"),
        )),
        (f"group_by=day&cursor={base64.urlsafe_b64encode(b'[' * 20_000).decode()}", "/cursor", "invalid"),
    ],
)  # fmt: skip
def test_wrong_questions_are_refused(caller: Caller, query: str, pointer: str, code: str) -> None:
    answer = caller.ask(f"?{query}")
    assert answer.status_code == 422, answer.content
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_all_that_is_wrong_is_named_at_once(caller: Caller) -> None:
    errors = caller.ask("?group_by=week&from=x&limit=0&modle=a").json()["errors"]
    assert {error["pointer"] for error in errors} == {"/group_by", "/from", "/limit", "/modle"}
    assert "did you mean model?" in next(error["detail"] for error in errors if error["pointer"] == "/modle")


def test_who_may_see_usage(caller: Caller) -> None:
    used(caller.tenant, "2026-10-03T10:00:00Z", 5)
    used(caller.tenant, "2026-10-03T10:00:00Z", 6, livemode=False)
    assert Caller(caller.tenant, scopes=["read"]).ask().status_code == 403
    assert Client().get("/api/v1/usage").status_code == 401
    test = Caller(caller.tenant, livemode=False, scopes=["billing"])
    assert test.get(f"?{OCTOBER}")["totals"]["tokens"] == 6
    assert test.ask(f"?{OCTOBER}&livemode=true").status_code == 403
    other = Caller(make_tenant())
    assert other.get(f"?{OCTOBER}")["data"] == []
    assert other.csv(f"/records.csv?{OCTOBER}") == []


def test_operators_see_all_tenants_and_the_cost(caller: Caller) -> None:
    """Of two currencies there are two totals, and a margin only where price and cost are in one."""
    euro = make_tenant()
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE billing_wallet SET currency = 'EUR' WHERE tenant_id = %s", [euro.id])
    used(caller.tenant, "2031-10-03T10:00:00Z", 5, "0.5", cost="0.125")
    used(euro, "2031-10-03T10:00:00Z", 6, "1", cost="0.25")
    operator = Caller(caller.tenant, secret=make_operator_key())

    found = operator.get("?from=2031-10-01&to=2031-11-01&group_by=tenant,month")

    shown = {row["tenant_id"]: (row["amount"], row["currency"], row["cost"], row["margin"]) for row in found["data"]}
    assert shown == {
        ids.encode("ten", caller.tenant.id): ("0.500000000", "USD", "0.125000000", "0.375000000"),
        ids.encode("ten", euro.id): ("1.000000000", "EUR", "0.250000000", None),
    }
    assert [(total["currency"], total["amount"], total["margin"]) for total in found["totals"]] == [
        ("EUR", "1.000000000", None), ("USD", "0.500000000", "0.375000000"),
    ]  # fmt: skip
    one = operator.get(f"?from=2031-10-01&to=2031-11-01&tenant_id={ids.encode('ten', euro.id)}")
    assert one["data"][0]["tokens"] == 6
    line = operator.csv("/records.csv?from=2031-10-01&to=2031-10-02&tenant_id=" + ids.encode("ten", euro.id))
    assert line == []
    assert operator.ask("/records.csv").json()["errors"][0]["pointer"] == "/tenant_id"


def test_tags_are_chosen_and_the_choice_is_audited(caller: Caller) -> None:
    assert caller.get("/tags") == {"object": "usage_tags", "tags": []}

    answer = caller.patch({"tags": ["team", "project"]})

    assert (answer.status_code, answer.json()["tags"]) == (200, ["project", "team"])
    assert caller.get("/tags")["tags"] == ["project", "team"]
    assert caller.patch({"tags": ["team"]}).json()["tags"] == ["team"]
    assert caller.patch({"tags": ["team"]}).json()["tags"] == ["team"]
    with acting_as("operator"):
        events = AuditEvent.objects.filter(tenant_id=caller.tenant.id, action="usage_tags.changed").order_by("id")
        assert [event.after for event in events] == [{"tags": ["project", "team"]}, {"tags": ["team"]}]
    for body, code in (
        ({}, "required"), ({"tags": "team"}, "wrong_type"), ({"tags": [1]}, "wrong_type"),
        ({"tags": [""]}, "too_short"), ({"tags": ["x" * 65]}, "too_long"), ({"tags": list("abcdef")}, "too_long"),
        ({"tags": ["a,b"]}, "unknown_value"),
        ({"tags": [], "x": 1}, "unknown_field"),
    ):  # fmt: skip
        refused = caller.patch(body)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code), body
    refused = Caller(caller.tenant, livemode=False, scopes=[Scope.BILLING]).patch({"tags": []})
    assert (refused.status_code, refused.json()["code"]) == (403, "live_key_needed")
    assert caller.get("/tags")["tags"] == ["team"]
    assert Caller(make_tenant()).get("/tags")["tags"] == []


def test_dates_default_to_the_month_of_the_tenants_time_zone(caller: Caller) -> None:
    found = caller.get()
    assert date.fromisoformat(found["from"]).day == 1
    days = (date.fromisoformat(found["to"]) - datetime.now(UTC).date()).days
    assert days in {1, 2}  # it may be tomorrow in Berlin already
    assert Decimal(found["totals"]["amount"]) == 0


def test_usage_by_tier_and_whose_records_they_are() -> None:
    queue_clear()
    caller = Caller(make_tenant(balance=10))
    submit_generation(caller.tenant, metadata={"team": "red"})
    batch = make_batch(caller.tenant, {"model": FLASH, "input": "a cat", "metadata": {"team": "blue"}})
    feed()
    jobs = claim(register(), 10)
    assert [finish(job, succeeded(job)) for job in jobs] == ["ended", "ended"]

    found = caller.get("?group_by=tier")
    assert [(row["tier"], row["tokens"], row["requests"]) for row in found["data"]] == [
        ("batch", 1130, 1),
        ("standard", 1130, 1),
    ]
    assert sum(Decimal(row["amount"]) for row in found["data"]) == Decimal(found["totals"]["amount"])
    assert [row["tier"] for row in caller.csv(".csv?group_by=tier")] == ["batch", "standard"]
    refused = caller.ask("?group_by=tier,metadata.team")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/group_by")

    records = caller.csv("/records.csv")
    assert {(row["tier"], row["batch_id"], row["metadata"]) for row in records} == {
        ("standard", "", '{"team": "red"}'),
        ("batch", ids.encode(ids.BATCH, batch.id), '{"team": "blue"}'),
    }
    for row in records:
        assert row["unit"] == "per_1m_tokens"
        priced = int(row["billed_quantity"]) * Decimal(row["unit_price"]) / 1_000_000
        assert round(priced, 9) == Decimal(row["amount"]) > 0
