"""`/api/v1/tenants/{tenant_id}/notes`: what operators write to each other about a tenant."""

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
from accounts.tenants import schema
from accounts.tenants.bodies import TenantNoteNew
from accounts.tenants.note_services import tenant_note_add, tenant_note_remove
from accounts.tenants.representation import tenant_note_json
from accounts.tenants.selectors import tenant_notes
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems


class TenantNoteList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.TENANTS}

    @extend_schema(
        operation_id="tenant_notes_list",
        responses={200: schema.TenantNotePage, **problems(401, 404, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Lists operators' notes about a tenant, newest first. No tenant sees them."""
        Parameters(request).close()
        page, cursor = page_read(request, tenant_notes(tenant_of(tenant_id)), ids.TENANT_NOTE)
        return Response(page_json([tenant_note_json(note) for note in page], cursor))

    @extend_schema(
        operation_id="tenant_notes_create",
        request=TenantNoteNew,
        responses={201: schema.TenantNote, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Adds a note about a tenant."""
        tenant = tenant_of(tenant_id)
        text = body_of(request, TenantNoteNew)["text"]
        return Response(tenant_note_json(tenant_note_add(tenant_id=tenant, text=text, actor=actor(request))), 201)

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        note = tenant_notes(tenant_of(tenant_id)).filter(id=UUID(created_ids[0])).first()
        if note is None:
            raise not_found()
        return Response(tenant_note_json(note), 201)


class TenantNoteDetail(OperatorView):
    operator_permissions = {"DELETE": OperatorPermission.TENANTS}

    @extend_schema(operation_id="tenant_notes_delete", responses={204: None, **problems(401, 404)}, tags=["operators"])
    def delete(self, request: Request, tenant_id: str, note_id: str) -> Response:
        """Removes a note about a tenant."""
        row_id = ids.decode(ids.TENANT_NOTE, note_id)
        if row_id is None:
            raise not_found()
        tenant_note_remove(tenant_id=tenant_of(tenant_id), note_id=row_id, actor=actor(request))
        return Response(status=204)
