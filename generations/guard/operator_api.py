"""`/api/v1/tenants/{tenant_id}/guard-rules` and `/api/v1/platform-guard-rules`: the operator's rules on requests."""

from __future__ import annotations

from collections.abc import Sequence

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import tenant_of
from accounts.roles.operators import OperatorPermission
from cavendish.http.schema import PAGING, problems
from generations.guard import schema
from generations.guard.api import (
    rule_create,
    rule_created,
    rule_delete,
    rule_get,
    rule_rotate,
    rule_update,
    rules_list,
)
from generations.guard.bodies import RuleChange, RuleNew

PLATFORM_PATH = "/api/v1/platform-guard-rules"


class TenantGuardRuleList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.TENANTS}

    @extend_schema(
        operation_id="tenants_guard_rules_list",
        responses={200: schema.GuardRulePage, **problems(401, 404, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Lists the rules on a tenant's requests, newest first: its own, the operator's, and those on all tenants."""
        return rules_list(request, tenant_of(tenant_id), full=True)

    @extend_schema(
        operation_id="tenants_guard_rules_create",
        request=RuleNew,
        responses={201: schema.GuardRuleWithSecret, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Sets a tenant a rule, which it sees and cannot change."""
        return rule_create(request, tenant_of(tenant_id), actor(request), _path(tenant_id), full=True)

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        return rule_created(tenant_of(tenant_id), created_ids[0], _path(tenant_id), full=True)


class TenantGuardRuleDetail(OperatorView):
    operator_permissions = {
        "GET": OperatorPermission.VIEW,
        "PATCH": OperatorPermission.TENANTS,
        "DELETE": OperatorPermission.TENANTS,
    }

    @extend_schema(
        operation_id="tenants_guard_rules_get",
        responses={200: schema.GuardRule, **problems(401, 404)},
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str, rule_id: str) -> Response:
        """Returns a rule on a tenant's requests."""
        return rule_get(tenant_of(tenant_id), rule_id, full=True)

    @extend_schema(
        operation_id="tenants_guard_rules_update",
        request=RuleChange,
        responses={200: schema.GuardRule, **problems(400, 401, 403, 404, 422)},
        tags=["operators"],
    )
    def patch(self, request: Request, tenant_id: str, rule_id: str) -> Response:
        """Updates a rule of a tenant, also one that the tenant created. A rule on all tenants has its own address."""
        return rule_update(request, tenant_of(tenant_id), rule_id, actor(request), full=True)

    @extend_schema(
        operation_id="tenants_guard_rules_delete", responses={204: None, **problems(401, 403, 404)}, tags=["operators"]
    )
    def delete(self, request: Request, tenant_id: str, rule_id: str) -> Response:
        """Deletes a rule of a tenant, also one that the tenant created."""
        return rule_delete(tenant_of(tenant_id), rule_id, actor(request))


class TenantGuardRuleRotate(OperatorView):
    operator_permissions = {"POST": OperatorPermission.TENANTS}

    @extend_schema(
        operation_id="tenants_guard_rules_rotate",
        request=None,
        responses={200: schema.GuardRuleWithSecret, **problems(401, 403, 404, 409)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str, rule_id: str) -> Response:
        """Gives a hook a new secret. For 24 hours each request has signatures of both secrets."""
        return rule_rotate(tenant_of(tenant_id), rule_id, actor(request), full=True)

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str, rule_id: str) -> Response:
        return rule_get(tenant_of(tenant_id), rule_id, full=True)


class PlatformGuardRuleList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.PLATFORM}

    @extend_schema(
        operation_id="platform_guard_rules_list",
        responses={200: schema.GuardRulePage, **problems(401, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request) -> Response:
        """Lists the rules on all tenants' requests, newest first."""
        return rules_list(request, None, full=True)

    @extend_schema(
        operation_id="platform_guard_rules_create",
        request=RuleNew,
        responses={201: schema.GuardRuleWithSecret, **problems(400, 401, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request) -> Response:
        """Sets a rule on all tenants' requests, which they see and cannot change."""
        return rule_create(request, None, actor(request), PLATFORM_PATH, full=True)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return rule_created(None, created_ids[0], PLATFORM_PATH, full=True)


class PlatformGuardRuleDetail(OperatorView):
    operator_permissions = {
        "GET": OperatorPermission.VIEW,
        "PATCH": OperatorPermission.PLATFORM,
        "DELETE": OperatorPermission.PLATFORM,
    }

    @extend_schema(
        operation_id="platform_guard_rules_get",
        responses={200: schema.GuardRule, **problems(401, 404)},
        tags=["operators"],
    )
    def get(self, request: Request, rule_id: str) -> Response:
        """Returns a rule on all tenants' requests, with what it refused in all."""
        return rule_get(None, rule_id, full=True)

    @extend_schema(
        operation_id="platform_guard_rules_update",
        request=RuleChange,
        responses={200: schema.GuardRule, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def patch(self, request: Request, rule_id: str) -> Response:
        """Updates the fields that the body names. The type stays."""
        return rule_update(request, None, rule_id, actor(request), full=True)

    @extend_schema(
        operation_id="platform_guard_rules_delete", responses={204: None, **problems(401, 404)}, tags=["operators"]
    )
    def delete(self, request: Request, rule_id: str) -> Response:
        """Deletes a rule on all tenants' requests."""
        return rule_delete(None, rule_id, actor(request))


class PlatformGuardRuleRotate(OperatorView):
    operator_permissions = {"POST": OperatorPermission.PLATFORM}

    @extend_schema(
        operation_id="platform_guard_rules_rotate",
        request=None,
        responses={200: schema.GuardRuleWithSecret, **problems(401, 404, 409)},
        tags=["operators"],
    )
    def post(self, request: Request, rule_id: str) -> Response:
        """Gives a hook a new secret. For 24 hours each request has signatures of both secrets."""
        return rule_rotate(None, rule_id, actor(request), full=True)

    def replay(self, request: Request, created_ids: Sequence[str], rule_id: str) -> Response:
        return rule_get(None, rule_id, full=True)


def _path(tenant_id: str) -> str:
    return f"/api/v1/tenants/{tenant_id}/guard-rules"
