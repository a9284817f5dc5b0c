"""`/api/v1/plans`: what operators offer. The terms of a plan are versions; its own prices are in the price book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters
from accounts.roles.operators import OperatorPermission
from billing.fields import decimal_text
from billing.models import Budget, Plan
from billing.money import amount_text
from billing.plans import schema as plans_schema
from billing.plans.bodies import PlanBody, PlanChange, VersionBody
from billing.plans.representation import plan_json, terms_json
from billing.plans.services import plan_create, plan_update, plan_version_add
from billing.plans.terms import PlanTerms
from billing.prices import schema
from billing.prices.api import plan_of
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read, page_read_numbered
from cavendish.http.problems import not_found


class PlanList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.PRICES}

    @extend_schema(
        operation_id="plans_list",
        parameters=schema.PAGING,
        responses={200: plans_schema.PlanPage, **schema.problems(401, 422)},
        tags=["plans"],
    )
    def get(self, request: Request) -> Response:
        """Plans with the terms that apply now, the newest plan first."""
        Parameters(request).close()
        page, following = page_read(request, Plan.objects.all(), ids.PLAN)
        return Response(page_json([plan_json(plan) for plan in page], following))

    @extend_schema(
        operation_id="plans_create",
        request=PlanBody,
        responses={201: plans_schema.Plan, **schema.problems(400, 401, 409, 422)},
        tags=["plans"],
    )
    def post(self, request: Request) -> Response:
        """Makes a plan. One in another currency than the upstream's needs own prices: nothing is exchanged."""
        values = body_of(request, PlanBody)
        plan = plan_create(
            slug=values.pop("slug"),
            name=values.pop("name"),
            currency=values.pop("currency"),
            terms=PlanTerms(**_terms(values)),
            actor=actor(request),
        )
        plan.refresh_from_db()
        return Response(plan_json(plan), status=201)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return Response(plan_json(Plan.objects.get(id=UUID(created_ids[0]))), status=201)


class PlanDetail(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "PATCH": OperatorPermission.PRICES}

    @extend_schema(
        operation_id="plans_get", responses={200: plans_schema.Plan, **schema.problems(401, 404)}, tags=["plans"]
    )
    def get(self, request: Request, plan_id: str) -> Response:
        """Returns a plan with the terms that apply now."""
        return Response(plan_json(_plan(plan_id)))

    @extend_schema(
        operation_id="plans_update",
        request=PlanChange,
        responses={200: plans_schema.Plan, **schema.problems(400, 401, 404, 422)},
        tags=["plans"],
    )
    def patch(self, request: Request, plan_id: str) -> Response:
        """Renames a plan or archives it: tenants that have it keep it, no other can be moved to it."""
        plan = _plan(plan_id)
        values = body_of(request, PlanChange, partial=True)
        return Response(plan_json(plan_update(plan=plan, actor=actor(request), **values)))


class PlanVersions(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.PRICES}

    @extend_schema(
        operation_id="plans_versions_list",
        parameters=schema.PAGING,
        responses={200: plans_schema.TermsPage, **schema.problems(401, 404, 422)},
        tags=["plans"],
    )
    def get(self, request: Request, plan_id: str) -> Response:
        """All versions of a plan's terms, the last added first."""
        Parameters(request).close()
        page, following = page_read_numbered(request, _plan(plan_id).versions.all(), ids.PLAN)
        return Response(page_json([terms_json(version) for version in page], following))

    @extend_schema(
        operation_id="plans_versions_add",
        request=VersionBody,
        responses={201: plans_schema.Terms, **schema.problems(400, 401, 404, 422)},
        tags=["plans"],
    )
    def post(self, request: Request, plan_id: str) -> Response:
        """New terms from a moment on; what is not given stays. Months that have begun keep what they began with."""
        plan = _plan(plan_id)
        values = body_of(request, VersionBody)
        moment = values.pop("effective_from")
        version = plan_version_add(plan=plan, values=_terms(values), effective_from=moment, actor=actor(request))
        version.refresh_from_db()
        return Response(terms_json(version), status=201)

    def replay(self, request: Request, created_ids: Sequence[str], plan_id: str) -> Response:
        return Response(terms_json(_plan(plan_id).versions.get(id=created_ids[0])), status=201)


def _plan(public: str) -> Plan:
    plan = plan_of(public)
    if plan is None:
        raise not_found()
    return plan


def _terms(values: dict[str, Any]) -> dict[str, Any]:
    """Returns limits and steps as versions keep them in JSON: money as text, anything else as a number."""
    if "volume_discounts" in values:
        values["volume_discounts"] = [
            {"above": amount_text(step["above"]), "percent": decimal_text(step["percent"])}
            for step in values["volume_discounts"]
        ]
    if "default_budgets" in values:
        values["default_budgets"] = [
            {**budget, "limit": amount_text(limit) if budget["metric"] == Budget.Metric.MONEY else int(limit)}
            for budget in values["default_budgets"]
            for limit in [budget["limit"]]
        ]
    return values
