"""`/api/v1/budgets`: a tenant's own budgets; and `/api/v1/tenants/{tenant_id}/budgets`: any tenant's, for operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_of
from accounts.idempotency import IdempotentView
from accounts.roles.operators import OperatorPermission
from billing.budgets import schema
from billing.budgets.bodies import BudgetChange, BudgetNew, OperatorBudgetNew
from billing.budgets.representation import budget_json, budgets_json
from billing.budgets.selectors import budget_find, budgets_listed
from billing.budgets.services import budget_create, budget_delete, budget_update
from billing.models import Budget
from billing.quantities import SCOPE_PREFIXES
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems

NOBODY = UUID(int=0)


class BudgetList(IdempotentView):
    scopes = {"GET": "billing", "POST": "billing"}

    @extend_schema(
        operation_id="budgets_list",
        responses={200: schema.BudgetPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.BUDGETS],
        tags=["budgets"],
    )
    def get(self, request: Request) -> Response:
        """Budgets of this key's mode, newest first, with what is used and held now."""
        who = principal(request)
        return _list(request, who.tenant_id, livemode=who.livemode)

    @extend_schema(
        operation_id="budgets_create",
        request=schema.BudgetCreate,
        responses={201: schema.Budget, **problems(400, 401, 403, 409, 422)},
        tags=["budgets"],
    )
    def post(self, request: Request) -> Response:
        """Creates a budget of this key's mode. It holds at once and counts what its period has used so far."""
        who = principal(request)
        values = body_of(request, BudgetNew)
        return _create(who.tenant_id, actor(request), {**values, "livemode": who.livemode}, "/api/v1/budgets")

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        who = principal(request)
        return _created_again(who.tenant_id, created_ids[0], "/api/v1/budgets", livemode=who.livemode)


class BudgetDetail(APIView):
    scopes = {"GET": "billing", "PATCH": "billing", "DELETE": "billing"}

    @extend_schema(
        operation_id="budgets_get", responses={200: schema.Budget, **problems(401, 403, 404)}, tags=["budgets"]
    )
    def get(self, request: Request, budget_id: str) -> Response:
        """Returns a budget with what is used of it."""
        who = principal(request)
        return _get(who.tenant_id, budget_id, livemode=who.livemode)

    @extend_schema(
        operation_id="budgets_update",
        request=schema.BudgetPatch,
        responses={200: schema.Budget, **problems(400, 401, 403, 404, 422)},
        tags=["budgets"],
    )
    def patch(self, request: Request, budget_id: str) -> Response:
        """Changes a budget, for the period that runs too. A limit below what is used refuses what comes next."""
        who = principal(request)
        return _update(request, who.tenant_id, budget_id, livemode=who.livemode)

    @extend_schema(operation_id="budgets_delete", responses={204: None, **problems(401, 403, 404)}, tags=["budgets"])
    def delete(self, request: Request, budget_id: str) -> Response:
        """Deletes a budget: it limits nothing from now on."""
        who = principal(request)
        return _delete(request, who.tenant_id, budget_id, livemode=who.livemode)


class TenantBudgetList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="tenant_budgets_list",
        responses={200: schema.BudgetPage, **problems(401, 404, 422)},
        parameters=[*PAGING, *schema.BUDGETS],
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """A tenant's budgets of both modes, newest first."""
        return _list(request, tenant_of(tenant_id))

    @extend_schema(
        operation_id="tenant_budgets_create",
        request=schema.OperatorBudgetCreate,
        responses={201: schema.Budget, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Sets a tenant a budget, which it sees and cannot change."""
        tenant = tenant_of(tenant_id)
        return _create(
            tenant, actor(request), body_of(request, OperatorBudgetNew), f"/api/v1/tenants/{tenant_id}/budgets"
        )

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        return _created_again(tenant_of(tenant_id), created_ids[0], f"/api/v1/tenants/{tenant_id}/budgets")


class TenantBudgetDetail(OperatorView):
    operator_permissions = {
        "GET": OperatorPermission.VIEW,
        "PATCH": OperatorPermission.MONEY,
        "DELETE": OperatorPermission.MONEY,
    }

    @extend_schema(
        operation_id="tenant_budgets_get", responses={200: schema.Budget, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, tenant_id: str, budget_id: str) -> Response:
        """Returns a budget of a tenant with what is used of it."""
        return _get(tenant_of(tenant_id), budget_id)

    @extend_schema(
        operation_id="tenant_budgets_update",
        request=schema.BudgetPatch,
        responses={200: schema.Budget, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def patch(self, request: Request, tenant_id: str, budget_id: str) -> Response:
        """Changes any budget of a tenant, also one that the tenant created."""
        return _update(request, tenant_of(tenant_id), budget_id)

    @extend_schema(
        operation_id="tenant_budgets_delete", responses={204: None, **problems(401, 404)}, tags=["operators"]
    )
    def delete(self, request: Request, tenant_id: str, budget_id: str) -> Response:
        """Deletes a budget of a tenant: it limits nothing from now on."""
        return _delete(request, tenant_of(tenant_id), budget_id)


def _list(request: Request, tenant_id: UUID, *, livemode: bool | None = None) -> Response:
    parameters = Parameters(request, takes=("scope", "scope_id", "period", "metric"))
    choices = {"scope": Budget.Scope, "period": Budget.Period, "metric": Budget.Metric}
    conditions: dict[str, Any] = {
        name: value for name, of in choices.items() if (value := parameters.choice(name, tuple(of.values)))
    }
    if scope_id := parameters.text("scope_id"):
        decoded = [ids.decode(prefix, scope_id) for prefix in (ids.TENANT, ids.API_KEY, ids.USER)]
        conditions["scope_id"] = next(filter(None, decoded), None)
        if conditions["scope_id"] is None:
            parameters.wrong("scope_id", "unknown_value", "Use the id of the tenant, of a key or of a member.")
    parameters.close()
    with tenant_work(tenant_id):
        rows = budgets_listed(tenant_id=tenant_id, livemode=livemode).filter(**conditions)
        page, cursor = page_read(request, rows, ids.BUDGET)
        return Response(page_json(budgets_json(page, tenant_id=tenant_id), cursor))


def _get(tenant_id: UUID, public: str, *, livemode: bool | None = None) -> Response:
    with tenant_work(tenant_id):
        return Response(budget_json(_find(tenant_id, public, livemode)))


def _create(tenant_id: UUID, who: Actor, values: dict[str, Any], path: str) -> Response:
    values["scope_id"] = _scope_id(tenant_id, values["scope"], values.get("scope_id"))
    budget = budget_create(tenant_id=tenant_id, actor=who, **values)
    with tenant_work(tenant_id):
        shown = budget_json(budget)
    return Response(shown, 201, headers={"Location": f"{path}/{shown['id']}"})


def _created_again(tenant_id: UUID, created_id: str, path: str, *, livemode: bool | None = None) -> Response:
    with tenant_work(tenant_id):
        shown = budget_json(_find(tenant_id, ids.encode(ids.BUDGET, UUID(created_id)), livemode))
    return Response(shown, 201, headers={"Location": f"{path}/{shown['id']}"})


def _update(request: Request, tenant_id: UUID, public: str, *, livemode: bool | None = None) -> Response:
    with tenant_work(tenant_id):
        budget = _find(tenant_id, public, livemode)
    values = body_of(request, BudgetChange, partial=True, metric=budget.metric)
    changed = budget_update(tenant_id=tenant_id, budget_id=budget.id, actor=actor(request), values=values)
    if changed is None:
        raise not_found()
    with tenant_work(tenant_id):
        return Response(budget_json(changed))


def _delete(request: Request, tenant_id: UUID, public: str, *, livemode: bool | None = None) -> Response:
    with tenant_work(tenant_id):
        budget = _find(tenant_id, public, livemode)
    if not budget_delete(tenant_id=tenant_id, budget_id=budget.id, actor=actor(request)):
        raise not_found()
    return Response(status=204)


def _find(tenant_id: UUID, public: str, livemode: bool | None) -> Budget:
    budget_id = ids.decode(ids.BUDGET, public)
    budget = budget_find(budget_id, tenant_id=tenant_id, livemode=livemode) if budget_id else None
    if budget is None:
        raise not_found()
    return budget


def _scope_id(tenant_id: UUID, scope: str, public: str | None) -> UUID:
    """Returns what is limited; NOBODY where the id cannot be one, which the service treats like an unknown one."""
    return tenant_id if public is None else ids.decode(SCOPE_PREFIXES[scope], public) or NOBODY
