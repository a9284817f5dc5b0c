"""`/api/v1/tenants/{tenant_id}/legal-holds`, for operators."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_of
from accounts.roles.operators import OperatorPermission
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import invalid_value, not_found
from cavendish.http.schema import PAGING, problems
from generations.holds import schema
from generations.holds.representation import legal_hold_json
from generations.holds.services import legal_hold_release, legal_hold_set
from generations.models import LegalHold


class LegalHoldList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.ERASE}

    @extend_schema(
        operation_id="legal_holds_list",
        responses={200: schema.LegalHoldPage, **problems(401, 404, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Lists a tenant's legal holds, released ones too, newest first."""
        Parameters(request).close()
        rows = LegalHold.objects.filter(tenant_id=tenant_of(tenant_id))
        page, cursor = page_read(request, rows, ids.LEGAL_HOLD)
        return Response(page_json([legal_hold_json(hold) for hold in page], cursor))

    @extend_schema(
        operation_id="legal_holds_create",
        request=schema.LegalHoldNew,
        responses={201: schema.LegalHold, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Holds a generation, or everything of the tenant. Nothing of it is deleted until the hold is released."""
        tenant = tenant_of(tenant_id)
        body = body_of(request, schema.LegalHoldNew)
        hold = legal_hold_set(
            tenant_id=tenant,
            generation_id=_generation_of(body.get("generation_id")),
            reason=body["reason"],
            actor=actor(request),
        )
        return self._created(hold)

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        hold = LegalHold.objects.filter(id=UUID(created_ids[0]), tenant_id=tenant_of(tenant_id)).first()
        if hold is None:
            raise not_found()
        return self._created(hold)

    def _created(self, hold: LegalHold) -> Response:
        shown = legal_hold_json(hold)
        return Response(
            shown, 201, headers={"Location": f"/api/v1/tenants/{shown['tenant_id']}/legal-holds/{shown['id']}"}
        )


class LegalHoldDetail(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "DELETE": OperatorPermission.ERASE}

    @extend_schema(
        operation_id="legal_holds_get", responses={200: schema.LegalHold, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, tenant_id: str, hold_id: str) -> Response:
        """Returns a legal hold."""
        hold = LegalHold.objects.filter(id=_hold_of(hold_id), tenant_id=tenant_of(tenant_id)).first()
        if hold is None:
            raise not_found()
        return Response(legal_hold_json(hold))

    @extend_schema(
        operation_id="legal_holds_release", responses={200: schema.LegalHold, **problems(401, 404)}, tags=["operators"]
    )
    def delete(self, request: Request, tenant_id: str, hold_id: str) -> Response:
        """Releases a legal hold. It stays in the list, and what it held can be deleted unless another hold has it."""
        hold = legal_hold_release(tenant_id=tenant_of(tenant_id), hold_id=_hold_of(hold_id), actor=actor(request))
        return Response(legal_hold_json(hold))


def _hold_of(public: str) -> UUID:
    hold_id = ids.decode(ids.LEGAL_HOLD, public)
    if hold_id is None:
        raise not_found()
    return hold_id


def _generation_of(public: str | None) -> UUID | None:
    """Returns the generation that a body names, None for none. Raises Problem 422 for what is no id of one."""
    if public is None:
        return None
    generation_id = ids.decode(ids.GENERATION, public)
    if generation_id is None:
        raise invalid_value("/generation_id", "not_found", "This tenant has no such generation.")
    return generation_id
