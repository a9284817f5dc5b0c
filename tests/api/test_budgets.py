"""`/api/v1/budgets`: made, shown, changed and deleted by tenants and operators; what a refused job is told."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from accounts.members.services import membership_create
from accounts.models import OperatorRole, Role, User
from accounts.operators.services import operator_key_create
from billing.budgets.representation import budgets_json
from billing.budgets.selectors import budgets_listed
from cavendish.db import ids
from tests.api.accounts import FLASH, Account, Books, Json

FIELDS = {
    "id", "object", "livemode", "scope", "scope_id", "period", "metric", "currency", "limit", "raise_to", "raise_until",
    "hard", "alerts", "used", "held", "remaining", "starts_at", "resets_at", "set_by_operator", "created_at",
}  # fmt: skip
MONTHLY = {"scope": "tenant", "period": "month", "metric": "money", "limit": "5.00"}


class Operator:
    def __init__(self, books: Books, http: httpx.Client) -> None:
        with books.open():
            self.secret = operator_key_create(name="Budgets", role=OperatorRole.FULL)[1]
        self.http = http

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self.http.request(method, path, headers={"Authorization": f"Bearer {self.secret}"}, **options)
        assert answer.status_code < 500, answer.text
        return answer


@pytest.fixture(scope="module")
def operator(books: Books, http: httpx.Client) -> Operator:
    return Operator(books, http)


def public(account: Account) -> str:
    return ids.encode(ids.TENANT, account.tenant.id)


def made(account: Account, **fields: Any) -> Json:
    answer = account.post("/api/v1/budgets", json={**MONTHLY, **fields})
    assert answer.status_code == 201, answer.text
    budget: Json = answer.json()
    assert answer.headers["location"] == f"/api/v1/budgets/{budget['id']}"
    assert account.get(answer.headers["location"]).json() == budget
    return budget


def shown(account: Account, budget: Json) -> Json:
    found: Json = account.get(f"/api/v1/budgets/{budget['id']}").json()
    return found


def test_a_budget_shows_every_field_and_its_use(account: Account) -> None:
    budget = made(account, alerts=[80, 50])
    schema = account.http.get("/api/v1/openapi.json").json()["components"]["schemas"]["Budget"]
    assert set(budget) == set(schema["properties"]) == set(schema["required"]) == FIELDS
    assert budget["limit"] == budget["remaining"] == "5.000000000"
    assert (budget["used"], budget["held"], budget["currency"]) == ("0.000000000", "0.000000000", "USD")
    assert (budget["scope_id"], budget["livemode"], budget["hard"]) == (public(account), True, True)
    assert (budget["alerts"], budget["set_by_operator"], budget["raise_to"]) == ([50, 80], False, None)
    starts, resets = (datetime.fromisoformat(budget[name]) for name in ("starts_at", "resets_at"))
    assert starts.day == resets.day == 1
    assert starts <= datetime.now(UTC) < resets
    charged = Decimal(account.make()["charge"]["amount"])
    after = shown(account, budget)
    assert Decimal(after["used"]) == charged > 0
    assert Decimal(after["remaining"]) == 5 - charged
    assert Decimal(after["held"]) == 0


def test_made_in_mid_period_it_knows_what_came_before(account: Account) -> None:
    charged = Decimal(account.make()["charge"]["amount"])
    budget = made(account)
    assert Decimal(budget["used"]) == charged
    images = made(account, metric="images", limit=7, hard=False)
    assert (images["limit"], images["used"], images["remaining"], images["currency"]) == (7, 1, 6, None)
    assert made(account, period="total")["used"] == "0.000000000"


def test_it_is_listed_changed_and_deleted(account: Account) -> None:
    first, second = made(account), made(account, period="day")
    listed = account.get("/api/v1/budgets").json()
    assert [budget["id"] for budget in listed["data"]] == [second["id"], first["id"]]
    page = account.get("/api/v1/budgets?limit=1").json()
    rest = account.get(f"/api/v1/budgets?limit=1&cursor={page['next_cursor']}").json()
    assert [page["data"][0]["id"], rest["data"][0]["id"], rest["has_more"]] == [second["id"], first["id"], False]
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = account.patch(
        f"/api/v1/budgets/{first['id']}",
        json={"limit": "9", "alerts": [90], "hard": False, "raise_to": "20.5", "raise_until": until},
    )
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed == shown(account, first)
    assert (changed["limit"], changed["alerts"], changed["hard"]) == ("9.000000000", [90], False)
    assert (changed["raise_to"], changed["remaining"]) == ("20.500000000", "20.500000000")
    ended = account.patch(f"/api/v1/budgets/{first['id']}", json={"raise_to": None, "raise_until": None}).json()
    assert (ended["raise_to"], ended["raise_until"], ended["remaining"]) == (None, None, "9.000000000")
    assert account.delete(f"/api/v1/budgets/{first['id']}").status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        assert account.ask(method, f"/api/v1/budgets/{first['id']}", json={}).status_code == 404
    assert len(account.get("/api/v1/budgets").json()["data"]) == 1


BAD: dict[str, tuple[Json, dict[str, str]]] = {
    "nothing": ({}, {"/scope": "required", "/period": "required", "/metric": "required", "/limit": "required"}),
    "negative": ({**MONTHLY, "limit": "-1"}, {"/limit": "negative"}),
    "huge": ({**MONTHLY, "limit": "100000000000"}, {"/limit": "too_large"}),
    "endless": ({**MONTHLY, "limit": "9" * 5000}, {"/limit": "not_an_amount"}),
    "NaN": ({**MONTHLY, "limit": "NaN"}, {"/limit": "not_an_amount"}),
    "infinite": ({**MONTHLY, "limit": "Infinity"}, {"/limit": "not_an_amount"}),
    "exponent": ({**MONTHLY, "limit": "1e3"}, {"/limit": "not_an_amount"}),
    "too precise": ({**MONTHLY, "limit": "0.0000000001"}, {"/limit": "too_precise"}),
    "a float for money": ({**MONTHLY, "limit": 5.5}, {"/limit": "wrong_type"}),
    "an integer for money": ({**MONTHLY, "limit": 5}, {"/limit": "wrong_type"}),
    "null": ({**MONTHLY, "limit": None}, {"/limit": "wrong_type"}),
    "half a picture": ({**MONTHLY, "metric": "images", "limit": 2.5}, {"/limit": "wrong_type"}),
    "pictures as text": ({**MONTHLY, "metric": "images", "limit": "2"}, {"/limit": "wrong_type"}),
    "true pictures": ({**MONTHLY, "metric": "images", "limit": True}, {"/limit": "wrong_type"}),
    "minus one token": ({**MONTHLY, "metric": "tokens", "limit": -1}, {"/limit": "out_of_range"}),
    "too many requests": ({**MONTHLY, "metric": "requests", "limit": 10**11}, {"/limit": "out_of_range"}),
    "unknown words": (
        {**MONTHLY, "period": "year", "metric": "euros", "scope": "team"},
        {"/period": "unknown_value", "/metric": "unknown_value", "/scope": "unknown_value"},
    ),
    "percentages": ({**MONTHLY, "alerts": [0, 101, 50]}, {"/alerts/0": "out_of_range", "/alerts/1": "out_of_range"}),
    "half a percent": ({**MONTHLY, "alerts": [49.5]}, {"/alerts/0": "wrong_type"}),
    "twice": ({**MONTHLY, "alerts": [50, 80, 50]}, {"/alerts": "duplicate"}),
    "too many alerts": ({**MONTHLY, "alerts": list(range(1, 12))}, {"/alerts": "too_long"}),
    "alerts as text": ({**MONTHLY, "alerts": "50"}, {"/alerts": "wrong_type"}),
    "unknown fields": ({**MONTHLY, "livemode": False, "us": 0}, {"/livemode": "unknown_field", "/us": "unknown_field"}),
    "hard as text": ({**MONTHLY, "hard": "yes"}, {"/hard": "wrong_type"}),
    "no key": ({**MONTHLY, "scope": "key", "limit": "x"}, {"/scope_id": "required", "/limit": "not_an_amount"}),
    "unknown key": ({**MONTHLY, "scope": "key", "scope_id": "key_" + "0" * 32}, {"/scope_id": "unknown"}),
    "rubbish id": ({**MONTHLY, "scope": "key", "scope_id": "'; DROP TABLE"}, {"/scope_id": "unknown"}),
    "NUL": ({**MONTHLY, "scope": "key", "scope_id": "key_\0"}, {"/scope_id": "unknown_value"}),
    "unknown member": ({**MONTHLY, "scope": "member", "scope_id": "usr_" + "0" * 32}, {"/scope_id": "unknown"}),
    "half a raise": ({**MONTHLY, "raise_to": "9"}, {"/raise_until": "required"}),
    "a raise in the past": (
        {**MONTHLY, "raise_to": "4", "raise_until": "2020-01-01T00:00:00Z"},
        {"/raise_to": "out_of_range", "/raise_until": "out_of_range"},
    ),
    "a raise without an offset": (
        {**MONTHLY, "raise_to": "9", "raise_until": "2099-01-01T00:00:00"},
        {"/raise_until": "wrong_type"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_values_are_named_and_nothing_is_made(reader: Account, case: str) -> None:
    body, expected = BAD[case]
    answer = reader.post("/api/v1/budgets", json=body)
    assert answer.status_code == 422, answer.text
    assert len(answer.content) <= 4000
    assert {error["pointer"]: error["code"] for error in answer.json()["errors"]} == expected
    assert reader.get("/api/v1/budgets").json()["data"] == []


@pytest.mark.parametrize("raw", [b'{"limit": NaN}', b"[1, 2", b"\xff\xfe", b'{"limit": 1e999}'])
def test_what_is_no_json_is_refused(reader: Account, raw: bytes) -> None:
    answer = reader.post("/api/v1/budgets", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert reader.get("/api/v1/budgets").json()["data"] == []


def test_a_change_takes_only_what_can_be_changed(account: Account) -> None:
    budget = made(account, metric="images", limit=5, alerts=[50])
    for body, expected in (
        ({"limit": "7"}, {"/limit": "wrong_type"}),
        ({"limit": -7}, {"/limit": "out_of_range"}),
        ({"limit": None}, {"/limit": "wrong_type"}),
        ({"metric": "money", "period": "day", "scope": "key", "id": "x"},
         {f"/{name}": "unknown_field" for name in ("metric", "period", "scope", "id")}),
        ({"raise_to": 4}, {"/raise_until": "required"}),
        ({"alerts": [1, 1]}, {"/alerts": "duplicate"}),
    ):  # fmt: skip
        answer = account.patch(f"/api/v1/budgets/{budget['id']}", json=body)
        assert answer.status_code == 422, answer.text
        assert {error["pointer"]: error["code"] for error in answer.json()["errors"]} == expected
    assert shown(account, budget) == budget
    assert account.patch(f"/api/v1/budgets/{budget['id']}", json={}).json() == budget


def test_other_tenants_and_the_other_mode_see_nothing(account: Account, other: Account) -> None:
    budget = made(account)
    foreign = made(other)
    key = account.key(livemode=False)
    for stranger in (other, key):
        for method in ("GET", "PATCH", "DELETE"):
            assert stranger.ask(method, f"/api/v1/budgets/{budget['id']}", json={"limit": "1"}).status_code == 404
        assert budget["id"] not in stranger.get("/api/v1/budgets").text
    for scope_id in (foreign["scope_id"], public(other)):
        answer = account.post("/api/v1/budgets", json={**MONTHLY, "scope_id": scope_id})
        assert answer.json()["errors"][0]["pointer"] == "/scope_id"
    assert shown(account, budget) == budget


def test_it_takes_the_scope_billing(account: Account) -> None:
    budget = made(account)
    poor = account.key(scopes=["read", "generate"])
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{budget['id']}"), ("PATCH", f"/{budget['id']}"),
                         ("DELETE", f"/{budget['id']}")):  # fmt: skip
        assert poor.ask(method, f"/api/v1/budgets{path}", json=MONTHLY).status_code == 403
    assert account.key(scopes=["billing"]).get("/api/v1/budgets").status_code == 200


def test_what_an_operator_set_is_shown_and_refused(account: Account, operator: Operator) -> None:
    path = f"/api/v1/tenants/{public(account)}/budgets"
    answer = operator.ask("POST", path, json={**MONTHLY, "livemode": True})
    assert answer.status_code == 201, answer.text
    budget = answer.json()
    assert budget["set_by_operator"] is True
    assert shown(account, budget) == budget
    with account.untouched():
        changed = account.patch(f"/api/v1/budgets/{budget['id']}", json={"limit": "99.00"})
        account.refused(changed, 403, "set_by_operator", None, None, "operator")
        account.refused(account.delete(f"/api/v1/budgets/{budget['id']}"), 403, "set_by_operator")
    assert shown(account, budget) == budget
    own = made(account)
    assert [b["id"] for b in operator.ask("GET", path).json()["data"]] == [own["id"], budget["id"]]
    test_mode = operator.ask("POST", path, json={**MONTHLY, "metric": "images", "limit": 3, "livemode": False}).json()
    assert account.key(livemode=False).get(f"/api/v1/budgets/{test_mode['id']}").json() == test_mode
    for one in (own, budget):
        lowered = operator.ask("PATCH", f"{path}/{one['id']}", json={"limit": "1.25"})
        assert (lowered.status_code, lowered.json()["limit"]) == (200, "1.250000000")
        assert operator.ask("GET", f"{path}/{one['id']}").json() == lowered.json()
        assert operator.ask("DELETE", f"{path}/{one['id']}").status_code == 204
    for wrong in (f"/api/v1/tenants/ten_{'0' * 32}/budgets", "/api/v1/tenants/x/budgets", f"{path}/bud_{'0' * 32}"):
        assert operator.ask("GET", wrong).status_code == 404
    assert operator.ask("POST", path, json={"limit": "-1"}).status_code == 422


def test_a_refused_request_is_told_which_budget_and_when_it_resets(account: Account) -> None:
    account.make()
    budget = made(account, metric="images", period="day", limit=1)
    with account.untouched():
        problem = account.refused(
            account.submit(), 403, "budget_exceeded", None, None, "daily budget of this tenant", budget["id"],
            "1 picture", f"resets at {budget['resets_at'][:19]}Z",
        )  # fmt: skip
    assert problem["budget"] == {
        "id": budget["id"], "scope": "tenant", "scope_id": public(account), "period": "day", "metric": "images",
        "currency": None, "limit": 1, "used": 1, "held": 0, "wanted": 1, "resets_at": budget["resets_at"],
        "set_by_operator": False,
    }  # fmt: skip
    account.delete(f"/api/v1/budgets/{budget['id']}")
    made(account, period="total", limit="0.001")
    problem = account.refused(
        account.submit(), 403, "budget_exceeded", None, None, "total budget", "0.001 USD", "more than the whole budget",
        "It does not reset.",
    )  # fmt: skip
    assert problem["budget"]["limit"] == "0.001000000"


def test_the_other_apis_say_it_in_their_words(account: Account) -> None:
    made(account, metric="requests", limit=0)
    with account.untouched():
        body = {"contents": [{"parts": [{"text": "a cat"}]}]}
        answer = account.post(f"/v1beta/models/{FLASH}:generateContent", json=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["status"]) == (403, "PERMISSION_DENIED")
        assert "monthly budget of this tenant" in error["message"]
        assert "resets at" in error["message"]
        answer = account.post("/v1beta/interactions", json={"model": FLASH, "input": "a cat"})
        assert answer.status_code == 403
        assert "monthly budget of this tenant" in answer.json()["error"]["message"]
        answer = account.post("/openai/v1/images/generations", json={"prompt": "a cat", "model": FLASH})
        error = answer.json()["error"]
        assert (answer.status_code, error["type"], error["code"]) == (403, "insufficient_quota", "budget_exceeded")
        assert "monthly budget of this tenant" in error["message"]


def test_a_members_budget_counts_all_keys_of_the_person(account: Account, books: Books) -> None:
    with books.open():
        person = User.objects.db_manager(books.alias).create_user(f"{account.tenant.slug}@example.com")
        membership_create(tenant=account.tenant, user=person, role=Role.DEVELOPER)
    one, two = account.key(member=person), account.key(member=person)
    member = ids.encode(ids.USER, person.id)
    budget = made(account, scope="member", scope_id=member, metric="requests", limit=2)
    assert budget["scope_id"] == member
    one.make()
    two.make()
    problem = one.refused(one.submit(), 403, "budget_exceeded", None, None, "this member")
    assert problem["budget"]["scope"] == "member"
    assert account.make()  # nobody's key
    assert (shown(account, budget)["used"], shown(account, budget)["remaining"]) == (2, 0)


def test_forty_requests_at_once_against_a_budget_for_ten(account: Account) -> None:
    budget = made(account, metric="requests", period="day", limit=10)
    key = account.key()
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: key.submit(wait=0), range(40)))
    codes = Counter(answer.status_code for answer in answers)
    assert codes == {202: 10, 403: 30}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 403} == {"budget_exceeded"}
    deadline = time.monotonic() + 60
    while (seen := shown(account, budget))["held"] and time.monotonic() < deadline:
        assert seen["used"] + seen["held"] <= 10
        time.sleep(0.05)
    assert (shown(account, budget)["used"], account.trace.generations) == (10, 10)


def test_budgets_are_shown_without_scanning(account: Account, books: Books) -> None:
    """A page costs the same number of queries whatever is in it."""
    with books.open():
        for _ in range(3):
            made(account)
        with CaptureQueriesContext(connections[books.alias]) as few:
            budgets_json(list(budgets_listed(tenant_id=account.tenant.id)), tenant_id=account.tenant.id)
        for _ in range(5):
            made(account, period="day")
        with CaptureQueriesContext(connections[books.alias]) as many:
            budgets_json(list(budgets_listed(tenant_id=account.tenant.id)), tenant_id=account.tenant.id)
    assert len(few) == len(many) <= 4
