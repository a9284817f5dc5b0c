"""`/api/v1/tenants` for operators, and `/api/v1/tenant`: a tenant about itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_of
from accounts.models import Tenant, TenantStatus
from accounts.policy.services import policy_accept
from accounts.tenants import schema
from accounts.tenants.bodies import Closing, OwnSettings, PolicyAcceptance, Settings, Suspension, TenantNew
from accounts.tenants.representation import tenant_json
from accounts.tenants.selectors import tenant_details
from accounts.tenants.services import (
    tenant_close,
    tenant_reactivate,
    tenant_set,
    tenant_start,
    tenant_suspend,
    tenant_update,
)
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems


class OwnTenant(APIView):
    scopes = {"GET": "read", "PATCH": "settings"}

    @extend_schema(operation_id="tenant_get", responses={200: schema.Tenant, **problems(401, 403)}, tags=["tenant"])
    def get(self, request: Request) -> Response:
        """The tenant of the key that asks: its status, its settings, the use policy, what its test keys did today."""
        return Response(_shown(principal(request).tenant_id))

    @extend_schema(
        operation_id="tenant_update",
        request=OwnSettings,
        responses={200: schema.Tenant, **problems(400, 401, 403, 422)},
        tags=["tenant"],
    )
    def patch(self, request: Request) -> Response:
        """Changes what a tenant may set itself. The rest is the operator's."""
        tenant_id = principal(request).tenant_id
        changed = body_of(request, OwnSettings, partial=True)
        tenant_update(tenant_id=tenant_id, changed=changed, actor=actor(request))
        return Response(_shown(tenant_id))


class TenantList(OperatorView):
    @extend_schema(
        operation_id="tenants_list",
        responses={200: schema.TenantPage, **problems(401, 422)},
        parameters=[*PAGING, *schema.TENANTS],
        tags=["operators"],
    )
    def get(self, request: Request) -> Response:
        """All tenants, newest first."""
        parameters = Parameters(request, takes=("status", "slug"))
        rows = Tenant.objects.all()
        if status := parameters.choice("status", tuple(TenantStatus.values)):
            rows = rows.filter(status=status)
        if slug := parameters.text("slug"):
            rows = rows.filter(slug=slug)
        parameters.close()
        page, cursor = page_read(request, rows, ids.TENANT)
        return Response(page_json([tenant_json(view) for view in tenant_details(page)], cursor))

    @extend_schema(
        operation_id="tenants_create",
        request=TenantNew,
        responses={201: schema.Tenant, **problems(400, 401, 422)},
        tags=["operators"],
    )
    def post(self, request: Request) -> Response:
        """Makes a tenant on a plan, with what it has paid in, and invites its owner. Then give it a key, or let it."""
        shown = _shown(tenant_start(actor=actor(request), **body_of(request, TenantNew)).id)
        return Response(shown, 201, headers={"Location": f"/api/v1/tenants/{shown['id']}"})


class TenantDetail(OperatorView):
    @extend_schema(operation_id="tenants_get", responses={200: schema.Tenant, **problems(401, 404)}, tags=["operators"])
    def get(self, request: Request, tenant_id: str) -> Response:
        return Response(_shown(tenant_of(tenant_id)))

    @extend_schema(
        operation_id="tenants_update",
        request=Settings,
        responses={200: schema.Tenant, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def patch(self, request: Request, tenant_id: str) -> Response:
        """Changes settings. Where anything was billed, a new time zone waits until a month has begun in both."""
        wanted = tenant_of(tenant_id)
        tenant_set(tenant_id=wanted, changed=body_of(request, Settings, partial=True), actor=actor(request))
        return Response(_shown(wanted))


class TenantSuspend(OperatorView):
    @extend_schema(
        operation_id="tenants_suspend",
        request=Suspension,
        responses={200: schema.Tenant, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Nothing new is accepted, and what is queued waits. Everything can still be read and erased."""
        wanted = tenant_of(tenant_id)
        tenant_suspend(tenant_id=wanted, reason=body_of(request, Suspension)["reason"], actor=actor(request))
        return Response(_shown(wanted))


class TenantReactivate(OperatorView):
    @extend_schema(
        operation_id="tenants_reactivate",
        request=None,
        responses={200: schema.Tenant, **problems(401, 404, 409)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Ends a suspension, or a closing that has erased nothing yet. What waited in the queue runs."""
        wanted = tenant_of(tenant_id)
        tenant_reactivate(tenant_id=wanted, actor=actor(request))
        return Response(_shown(wanted))


class TenantClose(OperatorView):
    @extend_schema(
        operation_id="tenants_close",
        request=Closing,
        responses={200: schema.Tenant, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Begins the end: nothing new is accepted, what is queued still runs, everything can be read and exported."""
        wanted = tenant_of(tenant_id)
        reason = body_of(request, Closing).get("reason", "")
        tenant_close(tenant_id=wanted, reason=reason, actor=actor(request))
        return Response(_shown(wanted))


class TenantPolicyAcceptance(OperatorView):
    @extend_schema(
        operation_id="tenants_accept_policy",
        request=PolicyAcceptance,
        responses={200: schema.Tenant, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Notes that an owner has accepted the use policy on paper. In the console owners do it themselves."""
        wanted = tenant_of(tenant_id)
        policy_accept(tenant_id=wanted, actor=actor(request), **body_of(request, PolicyAcceptance))
        return Response(_shown(wanted))


def _shown(tenant_id: UUID) -> dict[str, Any]:
    with tenant_work(tenant_id):
        tenant = Tenant.objects.filter(id=tenant_id).first()
        if tenant is None:
            raise not_found()
        return tenant_json(tenant_details([tenant])[0])
