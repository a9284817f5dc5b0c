"""`/api/v1/tenants/{tenant_id}/exports` and `/erasure`: for operators. A ready export has a signed address."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import tenant_of
from cavendish.above.tenant_data import schema
from cavendish.above.tenant_data.download import archive_response
from cavendish.above.tenant_data.models import Erasure, Export, ExportPart
from cavendish.above.tenant_data.representation import erasure_json, export_json
from cavendish.above.tenant_data.services import erasure_cancel, erasure_request, export_delete, export_request
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import forbidden, not_found
from cavendish.http.schema import PAGING, problems
from generations.show.signed_urls import url_verify


class ExportList(OperatorView):
    @extend_schema(
        operation_id="tenant_exports_list",
        responses={200: schema.ExportPage, **problems(401, 404, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """A tenant's exports, newest first."""
        rows = Export.objects.filter(tenant_id=tenant_of(tenant_id))
        page, cursor = page_read(request, rows, ids.EXPORT)
        return Response(page_json([export_json(export) for export in page], cursor))

    @extend_schema(
        operation_id="tenant_exports_create",
        request=None,
        responses={202: schema.Export, **problems(401, 404, 409)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Writes everything of a tenant's into one archive. Poll it until it is `ready` and has a `url`."""
        made = export_json(export_request(tenant_id=tenant_of(tenant_id), actor=actor(request)))
        return Response(made, 202, headers={"Location": f"/api/v1/tenants/{tenant_id}/exports/{made['id']}"})


class ExportDetail(OperatorView):
    @extend_schema(
        operation_id="tenant_exports_get", responses={200: schema.Export, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, tenant_id: str, export_id: str) -> Response:
        found = Export.objects.filter(id=export_of(export_id), tenant_id=tenant_of(tenant_id)).first()
        if found is None:
            raise not_found()
        return Response(export_json(found))

    @extend_schema(
        operation_id="tenant_exports_delete", responses={204: None, **problems(401, 404)}, tags=["operators"]
    )
    def delete(self, request: Request, tenant_id: str, export_id: str) -> Response:
        """Erases an archive, also one that is being written."""
        wanted, tenant = export_of(export_id), tenant_of(tenant_id)
        if not export_delete(tenant_id=tenant, export_id=wanted, actor=actor(request)):
            raise not_found()
        return Response(status=204)


class ExportContent(APIView):
    """Whoever has the signed address may fetch it: it is meant to be handed to the tenant."""

    authentication_classes = ()
    permission_classes = ()
    schema: Any = None

    def get(self, request: Request, tenant_id: str, export_id: str) -> HttpResponseBase:
        if not url_verify(request.path, request.META.get("QUERY_STRING", "")):
            raise forbidden("The signature is wrong or has expired; fetch a fresh address.", code="bad_signature")
        tenant, wanted = ids.decode(ids.TENANT, tenant_id), export_of(export_id)
        if tenant is None:
            raise not_found()
        with tenant_context(tenant):
            ready = Export.objects.filter(id=wanted, tenant_id=tenant, status=Export.Status.READY).exists()
            parts = list(ExportPart.objects.filter(tenant_id=tenant, export_id=wanted).order_by("number"))
        if not ready or not parts:
            raise not_found()
        return archive_response(parts, name=f"{export_id}.tar", range_header=request.headers.get("Range", ""))


class ErasureDetail(OperatorView):
    @extend_schema(
        operation_id="tenant_erasure_get", responses={200: schema.Erasure, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """How far the erasure of a closing tenant is."""
        found = Erasure.objects.filter(tenant_id=tenant_of(tenant_id)).first()
        if found is None:
            raise not_found()
        return Response(erasure_json(found))

    @extend_schema(
        operation_id="tenant_erasure_create",
        request=schema.ErasureNew,
        responses={202: schema.Erasure, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Erases all content of a closing tenant on a day. The books stay; asking again moves the day."""
        tenant = tenant_of(tenant_id)
        wanted = body_of(request, schema.ErasureNew)
        erasure = erasure_request(tenant_id=tenant, slug=wanted["slug"], days=wanted.get("days"), actor=actor(request))
        return Response(erasure_json(erasure), 202)

    @extend_schema(
        operation_id="tenant_erasure_cancel",
        responses={200: schema.Erasure, **problems(401, 404, 409)},
        tags=["operators"],
    )
    def delete(self, request: Request, tenant_id: str) -> Response:
        """Takes an erasure back that has not begun."""
        return Response(erasure_json(erasure_cancel(tenant_id=tenant_of(tenant_id), actor=actor(request))))


def export_of(public: str) -> UUID:
    """Raises Problem 404."""
    wanted = ids.decode(ids.EXPORT, public)
    if wanted is None:
        raise not_found()
    return wanted
