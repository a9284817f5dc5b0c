"""The price book as operators edit it: versions that begin, a look before, refusals that leave it as it is."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.actor import SYSTEM
from accounts.models import AuditEvent
from billing.models import Plan, Price
from billing.plans.services import plan_ensure
from billing.prices.selectors import book_lines
from billing.prices.services import NewPrice, prices_add
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.gemini.catalog import get_model, models
from tests.billing.operators import Json, Operator, books, wrong
from tests.factories import FLASH, make_key, make_tenant

LITE = "gemini-3.1-flash-lite-image"


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Operator:
    return Operator()


@pytest.fixture
def plan(django_db_setup: None) -> Plan:
    with acting_as("operator"):
        return plan_ensure(slug=f"p-{secrets.token_hex(6)}", name="Plan", markup_percent=Decimal(10))


def public(plan: Plan) -> str:
    return ids.encode(ids.PLAN, plan.id)


def body(plan: Plan | None = None, **fields: Any) -> Json:
    price = {"model": FLASH, "kind": "image_output", "unit_price": "70"}
    return {"plan_id": public(plan) if plan else None, "prices": [price], **fields}


def soon(**delta: float) -> str:
    return (timezone.now() + timedelta(**delta)).isoformat()


def line(book: Json, kind: str, tier: str = "standard", size: str | None = None) -> Json:
    [found] = [row for row in book["data"] if (row["kind"], row["tier"], row["image_size"]) == (kind, tier, size)]
    return dict(found)


def test_a_price_is_added_as_a_version_that_begins_for_all_at_once(operator: Operator, plan: Plan) -> None:
    before = timezone.now()
    [made] = operator.post("price-book", body(plan, source="Contract 7"))["data"]
    begins = parse_datetime(made["effective_from"])
    assert begins is not None
    assert before + timedelta(seconds=4) < begins < timezone.now() + timedelta(seconds=6)
    assert (made["unit_price"], made["unit"], made["currency"]) == ("70.00", "per_1m_tokens", "USD")
    assert (made["source"], made["plan_id"]) == ("Contract 7", public(plan))
    assert made["actor"].startswith("operator_key cvd_operator_")
    now, later = (operator.get(f"price-book?plan_id={public(plan)}&model={FLASH}{at}") for at in
                  ("", f"&at={(begins + timedelta(seconds=1)).isoformat().replace('+', '%2B')}"))  # fmt: skip
    assert line(now, "image_output")["unit_price"] == "66.00"
    assert (line(later, "image_output")["unit_price"], line(later, "image_output")["cost"]) == ("70.00", "60.00")
    assert line(later, "text_output") == line(now, "text_output")
    assert line(now, "text_output", "batch")["unit_price"] == "3.30"
    with acting_as("operator"):
        [event] = AuditEvent.objects.filter(target="price", target_id__startswith=plan.slug)
    assert (event.action, event.after["unit_price"]) == ("price.added", "70.000000000")
    assert event.before["unit_price"] == "66.000000000"


def test_a_look_before_shows_old_and_new_and_writes_nothing(operator: Operator, plan: Plan) -> None:
    begins, after = soon(days=3), soon(days=9)
    operator.post("price-book", body(plan, effective_from=after))
    fixed = {"model": FLASH, "kind": "image_output", "unit": "per_image", "image_size": "1K", "unit_price": "0.10"}
    before = books()
    seen = operator.post(
        "price-book/preview", body(plan, effective_from=begins, prices=[*body()["prices"], fixed]), status=200
    )
    assert books() == before
    assert parse_datetime(seen["effective_from"]) == parse_datetime(begins)
    first, second = seen["data"]
    assert (first["old_unit_price"], first["unit_price"]) == ("66.00", "70.00")
    assert parse_datetime(first["effective_until"]) == parse_datetime(after)
    assert seen["below_cost"] == []  # of plans that have tenants
    assert (second["old_unit"], second["unit"], second["effective_until"]) == ("per_1m_tokens", "per_image", None)


def test_a_fixed_price_is_shown_for_its_size(operator: Operator, plan: Plan) -> None:
    new = [
        NewPrice(FLASH, "image_output", Decimal(price), unit="per_image", image_size=size)
        for size, price in (("", "0.20"), ("1K", "0.10"))
    ]
    with acting_as("operator"):
        [row, _] = prices_add(plan=plan, new=new, effective_from=None, source="", actor=SYSTEM)
        lines = book_lines(get_model(FLASH), plan=plan, at=row.effective_from)
    sizes = {found["image_size"]: found["unit_price"] for found in lines if found["unit"] == "per_image"}
    assert sizes == {"512": Decimal("0.20"), "1K": Decimal("0.10"), "2K": Decimal("0.20"), "4K": Decimal("0.20")}


def test_the_history_has_all_versions_page_by_page(operator: Operator, plan: Plan) -> None:
    for days in range(1, 6):
        operator.post("price-book", body(plan, effective_from=soon(days=days)))
    seen: list[str] = []
    cursor = ""
    while True:
        asked = f"plan_id={public(plan)}&model={FLASH}&kind=image_output&limit=2{cursor}"
        page = operator.get(f"price-book/history?{asked}")
        seen += [row["effective_from"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


@pytest.mark.parametrize(
    ("fields", "place", "code"),
    [
        ({"unit_price": "-1"}, "/prices/0/unit_price", "negative"),
        ({"unit_price": "NaN"}, "/prices/0/unit_price", "not_an_amount"),
        ({"unit_price": "Infinity"}, "/prices/0/unit_price", "not_an_amount"),
        ({"unit_price": "1e3"}, "/prices/0/unit_price", "not_an_amount"),
        ({"unit_price": "100000000000"}, "/prices/0/unit_price", "too_large"),
        ({"unit_price": "0.0000000001"}, "/prices/0/unit_price", "too_precise"),
        ({"unit_price": 70}, "/prices/0/unit_price", "wrong_type"),
        ({"unit_price": None}, "/prices/0/unit_price", "wrong_type"),
        ({"model": "gemini-9"}, "/prices/0/model", "unknown_model"),
        ({"kind": "audio_input"}, "/prices/0/kind", "unknown_value"),
        ({"tier": "flex"}, "/prices/0/tier", "unknown_value"),
        ({"unit": "per_1k_queries"}, "/prices/0/unit", "unknown_value"),
        ({"image_size": "1K"}, "/prices/0/image_size", "conflict"),
        ({"unit": "per_image", "image_size": "1k"}, "/prices/0/image_size", "unknown_value"),
        ({"price": "70"}, "/prices/0/price", "unknown_field"),
    ],
)  # fmt: skip
def test_a_wrong_price_is_refused_and_the_books_stay(
    operator: Operator, plan: Plan, fields: Json, place: str, code: str
) -> None:
    before = books()
    price = {**body()["prices"][0], **fields}
    assert wrong(operator.post("price-book", body(plan, prices=[price]), status=422)) == [(place, code)]
    assert books() == before


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("2026-01-01T00:00:00Z", "in_the_past"),
        ("9999-12-31T23:59:59Z", "out_of_range"),
        ("tomorrow", "wrong_type"),
        ("2027-01-01T00:00:00", "wrong_type"),
        (1767225600, "wrong_type"),
    ],
)
def test_a_price_that_starts_in_the_past_of_accepted_jobs_is_refused(
    operator: Operator, plan: Plan, moment: Any, code: str
) -> None:
    before = books()
    problem = operator.post("price-book", body(plan, effective_from=moment), status=422)
    assert wrong(problem) == [("/effective_from", code)]
    assert (code == "in_the_past") == ("keep the prices of their acceptance" in problem["detail"])
    assert books() == before


def test_this_very_moment_is_the_past_for_processes_that_have_read_the_book(operator: Operator, plan: Plan) -> None:
    assert wrong(operator.post("price-book", body(plan, effective_from=soon(seconds=1)), status=422)) == [
        ("/effective_from", "in_the_past")
    ]


def test_one_wrong_price_among_many_keeps_all_of_them_out(operator: Operator, plan: Plan) -> None:
    good = body()["prices"][0]
    before = books()
    problem = operator.post("price-book", body(plan, prices=[good, good, {**good, "model": "x"}]), status=422)
    assert wrong(problem) == [("/prices/2/model", "unknown_model"), ("/prices/1", "conflict")]
    assert books() == before


def test_the_upstream_sells_no_pictures(operator: Operator) -> None:
    price = {**body()["prices"][0], "unit": "per_image"}
    assert wrong(operator.post("price-book", body(prices=[price]), status=422)) == [("/prices/0/unit", "unknown_value")]


def test_the_same_moment_twice_is_refused(operator: Operator, plan: Plan) -> None:
    begins = soon(days=1)
    operator.post("price-book", body(plan, effective_from=begins))
    problem = operator.post("price-book", body(plan, effective_from=begins), status=422)
    assert wrong(problem) == [("/prices/0", "conflict")]


@pytest.mark.parametrize("sent", ["", "[]", "7", '"x"', "{", '{"prices": []}', '{"prices": {}}', '{"prices": [7]}'])
def test_what_is_no_body_is_a_problem(operator: Operator, sent: str) -> None:
    answer = operator.client.generic("POST", "/api/v1/price-book", sent, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert answer["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["price-book?plan_id=plan_x", f"price-book?plan_id=plan_{'0' * 32}", "plans/plan_x"])
def test_an_unknown_plan_is_not_found(operator: Operator, path: str) -> None:
    assert operator.get(path, status=404)["code"] == "not_found"


@pytest.mark.parametrize("query", ["at=yesterday", "at=2026-01-01", "at=", "model=gemini-9", "model=%00"])
def test_a_wrong_question_says_what_is_wrong(operator: Operator, query: str) -> None:
    assert wrong(operator.get(f"price-book?{query}", status=422))[0][0] == f"/{query.partition('=')[0]}"


@pytest.mark.parametrize("query", ["model=%00", "kind=audio", "kind=", "cursor=price_%00"])
def test_a_wrong_question_about_the_past_says_what_is_wrong(operator: Operator, query: str) -> None:
    assert wrong(operator.get(f"price-book/history?{query}", status=422))[0][0] == f"/{query.partition('=')[0]}"


def test_the_book_is_not_for_tenants(operator: Operator) -> None:
    _, secret = make_key(make_tenant())
    tenant = Operator(secret)
    for method, path in (("GET", "price-book"), ("POST", "price-book"), ("GET", "plans"), ("POST", "plans")):
        assert tenant.ask(method, path, {}, status=401)["code"] == "authentication_failed"


def test_a_price_of_one_plan_changes_no_other_row(operator: Operator, plan: Plan) -> None:
    with acting_as("operator"):
        before = set(Price.objects.values_list("id", "unit_price", "effective_from"))
    operator.post("price-book", body(plan))
    with acting_as("operator"):
        after = set(Price.objects.values_list("id", "unit_price", "effective_from"))
    assert before < after
    assert len(after - before) == 1


def test_an_unknown_model_names_some_models_and_not_all(operator: Operator) -> None:
    for query in ("price-book?model=nothing-like-it", "price-book/history?model=nothing-like-it"):
        detail = operator.get(query, status=422)["detail"]
        assert FLASH in detail
        assert sum(model.id in detail for model in models()) <= 3
