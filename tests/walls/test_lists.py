"""Every list of the native API, tenants' and operators', as the documents have them: a parameter that it does not know
is refused and named, and those that it says it takes are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from accounts.models import OperatorRole
from accounts.operators.services import operator_key_create
from cavendish.db import ids
from tests.api.accounts import Account, Books, open_account
from tests.openapi import Route, routes
from tests.walls.test_ids import fill, ids_of


def properties(route: Route) -> set[str]:
    content = route.operation["responses"].get("200", {}).get("content", {})
    shape = content.get("application/json", {}).get("schema", {})
    name = shape.get("$ref", "").rpartition("/")[2]
    return set(route.components["schemas"].get(name, {}).get("properties", ()))


LISTS = [
    route
    for route in routes()
    if route.method == "GET" and route.template.startswith("/api/v1/") and {"object", "data"} <= properties(route)
]


def parameters(route: Route) -> Iterator[dict[str, Any]]:
    for each in route.operation.get("parameters", ()):
        name = each.get("$ref", "").rpartition("/")[2]
        parameter = route.components["parameters"][name] if name else each
        if parameter["in"] == "query":
            yield parameter


@pytest.fixture(scope="module")
def owner(books: Books, http: httpx.Client) -> Account:
    return open_account(books, http)


@pytest.fixture(scope="module")
def operator(owner: Account) -> Account:
    """The same tenant as an operator's key sees it."""
    with owner.books.open():
        _, secret = operator_key_create(name="Lists", role=OperatorRole.FULL)
    return Account(owner.books, owner.http, owner.tenant, secret)


@pytest.fixture(scope="module")
def named(owner: Account, operator: Account) -> dict[str, str]:
    """Ids for all that addresses of lists name."""
    plan = operator.get("/api/v1/plans?limit=1").json()["data"][0]["id"]
    return {**ids_of(owner), "plan_id": plan, "line": "1"}


def test_there_are_lists_of_both_audiences() -> None:
    assert len(LISTS) > 35


@pytest.mark.parametrize(
    "route", LISTS, ids=lambda route: f"{next(iter(route.components['securitySchemes']))}{route.template}"
)
def test_a_list_takes_what_it_says_and_nothing_else(
    route: Route, owner: Account, operator: Account, named: dict[str, str]
) -> None:
    who = operator if "operator" in route.components["securitySchemes"] else owner
    path = fill(route.template, re.findall(r"\{(\w+)\}", route.template), named)
    for query in ("nonsense=1", "nonsense", "Limit=5", "create_after=2026-01-01T00:00:00Z"):
        refused = who.get(f"{path}?{query}")
        assert refused.status_code == 422, f"{path}?{query}: {refused.status_code}"
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == (f"/{query.partition('=')[0]}", "unknown_field"), path
        if query.startswith("Limit") and any(each["name"] == "limit" for each in parameters(route)):
            assert "did you mean limit?" in error["detail"], path
    assert who.get(path).status_code == 200, path
    for parameter in parameters(route):
        name = parameter["name"].replace("NAME", "order")
        # A value that is no word of any: what is not free text refuses it, by its name.
        answer = who.get(f"{path}?{name}=%01")
        for error in answer.json().get("errors", ()):
            assert error["pointer"] == f"/{name}", f"{path}: {error}"
            assert error["code"] != "unknown_field", f"{path}: {error}"


@pytest.mark.parametrize("path", ["models", "files", "batches", "webhooks", "tunedModels"])
def test_a_list_of_googles_refuses_what_it_does_not_know(owner: Account, path: str) -> None:
    for query in ("nonsense=1", "page_sise=2", "filter=x"):
        refused = owner.get(f"/v1beta/{path}?{query}")
        assert refused.status_code == 400, path
        name = query.partition("=")[0]
        assert f'Unknown name "{name}": Cannot bind query parameter' in refused.json()["error"]["message"], path
    assert "did you mean pageSize?" in owner.get(f"/v1beta/{path}?pageSice=2").json()["error"]["message"]
    taken = "pageSize=2&page_size=2&alt=json&$alt=json&key=x&fields=*&prettyPrint=false"
    assert owner.get(f"/v1beta/{path}?{taken}").status_code == 200, path


def test_what_lists_find(owner: Account, operator: Account, named: dict[str, str]) -> None:
    """The filters that no other test tries: by time, status, key, member and name."""
    for path, found, empty in (
        ("batches", "", "status=completed"),
        ("batches", f"key_id={ids.encode(ids.API_KEY, key_of(owner))}", f"key_id=key_{'0' * 32}"),
        ("batches", "created_after=2020-01-01T00:00:00Z", "created_before=2020-01-01T00:00:00Z"),
        ("batches", "", "metadata.order=none"),
        ("files", "source=upload", "mime_type=image/webp"),
        ("files", "created_after=2020-01-01T00:00:00Z", "name=nothing.png"),
        ("outputs", f"generation_id={named['generation_id']}", f"generation_id=gen_{'0' * 32}"),
        ("outputs", "model=gemini-3.1-flash-image", "model=gemini-3-pro-image"),
        ("outputs", "created_after=2020-01-01T00:00:00Z", "created_before=2020-01-01T00:00:00Z"),
        ("keys", "status=active", "status=expired"),
        ("keys", "created_after=2020-01-01T00:00:00Z", f"member_id=usr_{'0' * 32}"),
        ("members", "role=viewer", "email=nobody@example.com"),
        ("invitations", "status=open", "status=accepted"),
        ("invitations", "created_after=2020-01-01T00:00:00Z", "email=nobody@example.com"),
        ("budgets", "scope=tenant", "scope=key"),
        ("collections", "created_after=2020-01-01T00:00:00Z", "name=None such"),
        ("webhook-endpoints", "status=enabled", "status=disabled"),
        ("ledger", "kind=top_up", "created_before=2020-01-01T00:00:00Z"),
        ("ledger", "", f"generation_id=gen_{'0' * 32}"),
        ("invoices", "", "number=none"),
        ("credit-notes", f"invoice_id={named['invoice_id']}", f"invoice_id=inv_{'0' * 32}"),
    ):
        answers = {query: owner.get(f"/api/v1/{path}?{query}") for query in (found, empty)}
        assert [answer.status_code for answer in answers.values()] == [200, 200], (path, answers)
        assert answers[empty].json()["data"] == [], f"{path}?{empty}"
        assert answers[found].json()["data"] != [], f"{path}?{found}"
    slug = owner.tenant.slug
    assert len(operator.get(f"/api/v1/tenants?slug={slug}&created_after=2020-01-01T00:00:00Z").json()["data"]) == 1
    assert operator.get(f"/api/v1/tenants?slug={slug}&created_before=2020-01-01T00:00:00Z").json()["data"] == []


def key_of(owner: Account) -> Any:
    from accounts.models import ApiKey

    with owner.books.open():
        return ApiKey.objects.filter(tenant_id=owner.tenant.id).order_by("id").values_list("id", flat=True)[0]
