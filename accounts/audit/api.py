"""`/api/v1/audit-events`: who did what. A tenant reads its own events, the operator everybody's and the platform's."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import schema
from accounts.audit.representation import ACTORS, audit_json
from accounts.authentication.operators import OperatorPrincipal
from accounts.authentication.parameters import Parameters
from accounts.authentication.principal import Principal
from accounts.authentication.tenant_or_operator import (
    HasScopeOrIsOperator,
    TenantOrOperatorAuthentication,
    principal_context,
)
from accounts.models import AuditEvent
from accounts.roles.operators import OperatorPermission
from cavendish.db import ids
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import shown
from cavendish.http.schema import PAGING, problems

KINDS = (*ACTORS, "system")


class AuditEventList(APIView):
    authentication_classes = (TenantOrOperatorAuthentication,)
    permission_classes = (HasScopeOrIsOperator,)
    scopes = {"GET": "audit"}
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="audit_events_list",
        responses={200: schema.AuditEventPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.AUDIT],
        tags=["audit"],
    )
    def get(self, request: Request) -> Response:
        """Lists changes by people and keys, newest first. Tenants see that the operator did something, not who."""
        user: Principal | OperatorPrincipal = request.user  # type: ignore[assignment]
        full = isinstance(user, OperatorPrincipal)
        takes = ("action", "actor", "target", "from", "to")
        parameters = Parameters(request, takes=(*takes, "tenant_id") if full else takes)
        filters = _filters(parameters, full=full)
        parameters.close()
        if isinstance(user, Principal):
            filters["tenant_id"] = user.tenant_id
        with principal_context(user):
            page, cursor = page_read(request, AuditEvent.objects.filter(**filters), ids.AUDIT_EVENT)
        return Response(page_json([audit_json(event, full=full) for event in page], cursor))


def _filters(parameters: Parameters, *, full: bool) -> dict[str, object]:
    filters: dict[str, object] = {}
    if action := parameters.text("action"):
        # "api_key" stands for everything that is done to keys.
        filters["action" if "." in action else "target"] = action
    if (since := parameters.moment("from")) is not None:
        filters["at__gte"] = since
    if (until := parameters.moment("to")) is not None:
        filters["at__lt"] = until
    if actor := parameters.text("actor"):
        filters |= _actor_filters(parameters, actor, full=full)
    if target := parameters.text("target"):
        filters["target_id"] = target.rpartition("_")[2]
    if full and (tenant := parameters.text("tenant_id")):
        tenant_id = ids.decode(ids.TENANT, tenant)
        if tenant_id is None:
            parameters.wrong("tenant_id", "unknown_value", f"{shown(tenant)} is not a tenant's id.")
        filters["tenant_id"] = tenant_id
    return filters


def _actor_filters(parameters: Parameters, text: str, *, full: bool) -> dict[str, object]:
    """Returns filters for a kind of actor, or for one actor by id."""
    if text in KINDS:
        kinds = ("operator", "operator_key") if text == "operator" and not full else (text,)
        return {"actor_kind__in": kinds}
    prefix = text.partition("_")[0]
    actor_id = ids.decode(prefix, text) if prefix in ACTORS.values() else None
    if actor_id is None:
        detail = f"{shown(text)} is not accepted; use an id (key_…, usr_…, opk_…) or one of: {', '.join(KINDS)}."
        parameters.wrong("actor", "unknown_value", detail)
        return {}
    if prefix == ids.OPERATOR_KEY and not full:
        return {"actor_id": None, "actor_kind": "nobody"}
    return {"actor_id": actor_id} if full else {"actor_id": actor_id, "actor_kind__in": ("key", "person")}
