"""`/api/v1/tenants` for operators, and `/api/v1/tenant` for a tenant's own settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView, require_operator_permission
from accounts.authentication.parameters import CREATED, Parameters, tenant_of
from accounts.models import Tenant, TenantStatus
from accounts.policy.services import policy_accept
from accounts.roles.operators import OperatorPermission
from accounts.tenants import schema
from accounts.tenants.bodies import Closing, OwnSettings, PolicyAcceptance, Settings, Suspension, TenantNew
from accounts.tenants.representation import tenant_json
from accounts.tenants.selectors import tenant_details
from accounts.tenants.services import (
    tenant_close,
    tenant_open,
    tenant_reactivate,
    tenant_suspend,
    tenant_update,
    tenant_update_as_operator,
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
        """Returns the key's tenant: its status and settings, the use policy, and today's use by its test keys."""
        return Response(_tenant_json(principal(request).tenant_id))

    @extend_schema(
        operation_id="tenant_update",
        request=OwnSettings,
        responses={200: schema.Tenant, **problems(400, 401, 403, 422)},
        tags=["tenant"],
    )
    def patch(self, request: Request) -> Response:
        """Updates the settings that a tenant controls itself. The operator controls the others."""
        tenant_id = principal(request).tenant_id
        changed = body_of(request, OwnSettings, partial=True)
        tenant_update(tenant_id=tenant_id, changed=changed, actor=actor(request))
        return Response(_tenant_json(tenant_id))


class TenantList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.TENANTS}

    @extend_schema(
        operation_id="tenants_list",
        responses={200: schema.TenantPage, **problems(401, 422)},
        parameters=[*PAGING, *schema.TENANTS],
        tags=["operators"],
    )
    def get(self, request: Request) -> Response:
        """Lists all tenants, newest first."""
        parameters = Parameters(request, takes=(*CREATED, "status", "slug"))
        rows = Tenant.objects.filter(**parameters.created())
        if status := parameters.choice("status", tuple(TenantStatus.values)):
            rows = rows.filter(status=status)
        if slug := parameters.text("slug"):
            rows = rows.filter(slug=slug)
        parameters.close()
        page, cursor = page_read(request, rows, ids.TENANT)
        return Response(page_json([tenant_json(detail) for detail in tenant_details(page)], cursor))

    @extend_schema(
        operation_id="tenants_create",
        request=TenantNew,
        responses={201: schema.Tenant, **problems(400, 401, 422)},
        tags=["operators"],
    )
    def post(self, request: Request) -> Response:
        """Creates a tenant on a plan, credits its opening balance and invites its owner.

        Next, create a key for it, or let the owner create one. `opening_balance` takes the permission `money` too.
        """
        body = body_of(request, TenantNew)
        if "opening_balance" in body:
            require_operator_permission(request, OperatorPermission.MONEY)
        return self._created(tenant_open(actor=actor(request), **body).id)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return self._created(UUID(created_ids[0]))

    def _created(self, tenant_id: UUID) -> Response:
        body = _tenant_json(tenant_id)
        return Response(body, 201, headers={"Location": f"/api/v1/tenants/{body['id']}"})


class TenantDetail(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "PATCH": OperatorPermission.TENANTS}

    @extend_schema(operation_id="tenants_get", responses={200: schema.Tenant, **problems(401, 404)}, tags=["operators"])
    def get(self, request: Request, tenant_id: str) -> Response:
        """Returns a tenant."""
        return Response(_tenant_json(tenant_of(tenant_id)))

    @extend_schema(
        operation_id="tenants_update",
        request=Settings,
        responses={200: schema.Tenant, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def patch(self, request: Request, tenant_id: str) -> Response:
        """Updates a tenant's settings. If anything was billed, a new time zone waits for the next month in both."""
        row_id = tenant_of(tenant_id)
        changed = body_of(request, Settings, partial=True)
        tenant_update_as_operator(tenant_id=row_id, changed=changed, actor=actor(request))
        return Response(_tenant_json(row_id))


class TenantSuspend(OperatorView):
    operator_permissions = {"POST": OperatorPermission.TENANTS}

    @extend_schema(
        operation_id="tenants_suspend",
        request=Suspension,
        responses={200: schema.Tenant, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Suspends a tenant. New jobs are refused and queued jobs wait. Everything can still be read and erased."""
        row_id = tenant_of(tenant_id)
        tenant_suspend(tenant_id=row_id, reason=body_of(request, Suspension)["reason"], actor=actor(request))
        return Response(_tenant_json(row_id))

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        return Response(_tenant_json(tenant_of(tenant_id)))


class TenantReactivate(OperatorView):
    operator_permissions = {"POST": OperatorPermission.TENANTS}

    @extend_schema(
        operation_id="tenants_reactivate",
        request=None,
        responses={200: schema.Tenant, **problems(401, 404, 409)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Reactivates a suspended tenant, or a closing one of which nothing is erased yet. Queued jobs run again."""
        row_id = tenant_of(tenant_id)
        tenant_reactivate(tenant_id=row_id, actor=actor(request))
        return Response(_tenant_json(row_id))

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        return Response(_tenant_json(tenant_of(tenant_id)))


class TenantClose(OperatorView):
    operator_permissions = {"POST": OperatorPermission.ERASE}

    @extend_schema(
        operation_id="tenants_close",
        request=Closing,
        responses={200: schema.Tenant, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Closes a tenant. New jobs are refused, queued jobs still run, and everything can be read and exported."""
        row_id = tenant_of(tenant_id)
        reason = body_of(request, Closing).get("reason", "")
        tenant_close(tenant_id=row_id, reason=reason, actor=actor(request))
        return Response(_tenant_json(row_id))

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        return Response(_tenant_json(tenant_of(tenant_id)))


class TenantPolicyAcceptance(OperatorView):
    operator_permissions = {"POST": OperatorPermission.TENANTS}

    @extend_schema(
        operation_id="tenants_accept_policy",
        request=PolicyAcceptance,
        responses={200: schema.Tenant, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Records that an owner accepted the use policy on paper. In the console, owners accept it themselves."""
        row_id = tenant_of(tenant_id)
        policy_accept(tenant_id=row_id, actor=actor(request), **body_of(request, PolicyAcceptance))
        return Response(_tenant_json(row_id))

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        return Response(_tenant_json(tenant_of(tenant_id)))


def _tenant_json(tenant_id: UUID) -> dict[str, Any]:
    with tenant_work(tenant_id):
        tenant = Tenant.objects.filter(id=tenant_id).first()
        if tenant is None:
            raise not_found()
        return tenant_json(tenant_details([tenant])[0])
