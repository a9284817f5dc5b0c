"""The roles of operators at every address: each has what the table gives it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.authentication.operators import OperatorView
from accounts.authentication.tenant_or_operator import TenantOrOperatorAuthentication
from accounts.models import OperatorRole, Tenant, User
from accounts.roles.operators import (
    OPERATOR_MEANINGS,
    OPERATOR_PERMISSIONS,
    OperatorPermission,
    operator_can,
    operator_may,
    operators_as_markdown,
    role_within,
)
from cavendish.db.ids import GENERATION, TENANT, encode
from cavendish.db.router import acting_as
from generations.api.generations import GenerationDetail
from tests.billing.operators import books
from tests.door.patterns import patterns, view_of
from tests.factories import make_operator_key, make_tenant, submit_generation

METHODS = ("get", "post", "put", "patch", "delete")


# Methods of views for both audiences that take a tenant's key alone, whatever their class says.
TENANTS_ALONE: dict[Any, set[str]] = {GenerationDetail: {"PATCH", "DELETE"}}


def operations() -> Iterator[tuple[str, str, Any]]:
    """Path, method and view of each operation that takes an operator's key."""
    for path, entry in patterns():
        view, _ = view_of(entry)
        if not isinstance(view, type):
            continue
        mixed = TenantOrOperatorAuthentication in getattr(view, "authentication_classes", ())
        if issubclass(view, OperatorView) or mixed:
            methods = {method.upper() for method in METHODS if hasattr(view, method)}
            yield from ((path, method, view) for method in sorted(methods - TENANTS_ALONE.get(view, set())))


OPERATIONS = list(operations())


def client(role: OperatorRole) -> APIClient:
    bearer = f"Bearer {make_operator_key(role=role)}"
    return APIClient(raise_request_exception=False, HTTP_AUTHORIZATION=bearer)


def test_every_operation_names_its_permission() -> None:
    assert len(OPERATIONS) > 100
    assert [it for it in OPERATIONS if it[1] not in it[2].operator_permissions] == []
    for _, _, view in OPERATIONS:
        assert set(view.operator_permissions) <= {method.upper() for method in METHODS if hasattr(view, method)}, view


@pytest.mark.parametrize("role", OperatorRole)
def test_each_role_at_each_address(role: OperatorRole) -> None:
    program, before = client(role), books()
    for path, method, view in OPERATIONS:
        required = view.operator_permissions[method]
        answer = program.generic(method, path, "{}", content_type="application/json")
        if operator_may(role, required):
            assert answer.status_code != 403, (method, path)
            continue
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (403, "operator_permission_denied"), (method, path)
        assert (problem["role"], problem["required_permission"]) == (role, required), (method, path)
        assert f'"{role}"' in problem["detail"], problem
        assert all(other in problem["detail"] for other in OperatorRole if operator_may(other, required)), problem
    assert books() == before


def test_a_refused_act_changes_nothing_and_an_allowed_one_does() -> None:
    tenant = make_tenant()
    path = f"/api/v1/tenants/{encode(TENANT, tenant.id)}/suspend"
    for role, status, state in ((OperatorRole.FINANCE, 403, "active"), (OperatorRole.SUPPORT, 200, "suspended")):
        assert client(role).post(path, {"reason": "Unpaid"}, format="json").status_code == status
        with acting_as("operator"):
            assert Tenant.objects.get(id=tenant.id).status == state


def test_money_that_a_new_tenant_begins_with_takes_money() -> None:
    body = {"slug": "opening-of-support", "name": "Opening", "opening_balance": "5"}
    refused = client(OperatorRole.SUPPORT).post("/api/v1/tenants", body, format="json")
    assert (refused.status_code, refused.json()["required_permission"]) == (403, "money")


def test_every_role_reads_any_tenants_job_without_its_content_and_does_nothing_else_to_it() -> None:
    generation_id = submit_generation(make_tenant(), "a very secret cat", metadata={"order": "very secret"})
    path = f"/api/v1/generations/{encode(GENERATION, generation_id)}"
    for role in OperatorRole:
        job = client(role).get(path)
        assert (job.status_code, job.json()["object"], job.json()["status"]) == (200, "job", "queued")
        assert "secret cat" not in job.content.decode()
    for method in ("patch", "delete"):
        assert getattr(client(OperatorRole.FULL), method)(path, {}, format="json").status_code == 401
    assert client(OperatorRole.FULL).get(f"/api/v1/generations/gen_{'0' * 32}").status_code == 404


def test_every_role_and_permission_is_in_the_table_of_the_page() -> None:
    assert set(OPERATOR_PERMISSIONS) == set(OperatorRole)
    assert list(OPERATOR_MEANINGS) == list(OperatorPermission)
    for permission in OperatorPermission:
        row = next(it for it in operators_as_markdown().splitlines() if it.startswith(f"| `{permission}` |"))
        marks = [cell.strip() == "yes" for cell in row.split("|")[2 : 2 + len(OperatorRole)]]
        assert marks == [operator_may(role, permission) for role in OperatorRole]


def test_what_each_role_is_for() -> None:
    assert OPERATOR_PERMISSIONS[OperatorRole.FULL] == set(OperatorPermission)
    assert OPERATOR_PERMISSIONS[OperatorRole.READ_ONLY] == {"view"}
    assert OPERATOR_PERMISSIONS[OperatorRole.FINANCE] == {"view", "money", "prices"}
    assert OPERATOR_PERMISSIONS[OperatorRole.SUPPORT] == {"view", "content", "tenants", "keys", "jobs"}
    assert role_within("finance", "full")
    assert not role_within("finance", "support")


def test_a_page_allows_active_operators_alone() -> None:
    operator = User(email="o@example.com", is_staff=True, operator_role=OperatorRole.SUPPORT)
    assert operator_can(operator, OperatorPermission.KEYS)
    assert not operator_can(operator, OperatorPermission.MONEY)
    for change in ({"is_active": False}, {"is_staff": False}, {"operator_role": ""}):
        other = User(**{"is_staff": True, "operator_role": OperatorRole.FULL, "is_superuser": True, **change})
        assert not any(operator_can(other, permission) for permission in OperatorPermission), change
    assert not operator_can(None, OperatorPermission.VIEW)


def test_the_document_says_the_roles_of_each_operation() -> None:
    program = APIClient()
    document = program.get("/api/v1/openapi-operator.json").json()
    seen = 0
    for path, item in document["paths"].items():
        for method in METHODS:
            if (operation := item.get(method)) is not None:
                roles = operation["x-operator-roles"]
                assert roles[0] == "full", path
                assert re.search(r"Roles: `full`(, `\w+`)*\.$", operation["description"]), path
                seen += 1
    assert seen > 100
    assert document["paths"]["/api/v1/tenants/{tenant_id}/top-ups"]["post"]["x-operator-roles"] == ["full", "finance"]
    assert "x-operator-roles" not in program.get("/api/v1/openapi.json").content.decode()
