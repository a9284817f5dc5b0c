"""`/api/v1/tenants/{tenant_id}/exports` and `/erasure`, for operators. A ready export has a signed URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_of
from accounts.roles.operators import OperatorPermission
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
    operator_permissions = {"GET": OperatorPermission.ERASE, "POST": OperatorPermission.ERASE}

    @extend_schema(
        operation_id="tenant_exports_list",
        responses={200: schema.ExportPage, **problems(401, 404, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Lists a tenant's exports, newest first."""
        Parameters(request).close()
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
        """Starts an export of all the tenant's data into one archive. Poll it until it is `ready` and has a `url`."""
        return self._started(export_request(tenant_id=tenant_of(tenant_id), actor=actor(request)), tenant_id)

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        export = Export.objects.filter(id=UUID(created_ids[0]), tenant_id=tenant_of(tenant_id)).first()
        if export is None:
            raise not_found()
        return self._started(export, tenant_id)

    def _started(self, export: Export, tenant_id: str) -> Response:
        body = export_json(export)
        return Response(body, 202, headers={"Location": f"/api/v1/tenants/{tenant_id}/exports/{body['id']}"})


class ExportDetail(OperatorView):
    operator_permissions = {"GET": OperatorPermission.ERASE, "DELETE": OperatorPermission.ERASE}

    @extend_schema(
        operation_id="tenant_exports_get", responses={200: schema.Export, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, tenant_id: str, export_id: str) -> Response:
        """Returns an export."""
        export = Export.objects.filter(id=_export_id_of(export_id), tenant_id=tenant_of(tenant_id)).first()
        if export is None:
            raise not_found()
        return Response(export_json(export))

    @extend_schema(
        operation_id="tenant_exports_delete", responses={204: None, **problems(401, 404)}, tags=["operators"]
    )
    def delete(self, request: Request, tenant_id: str, export_id: str) -> Response:
        """Deletes an export's archive, even while it is being written."""
        row_id, tenant = _export_id_of(export_id), tenant_of(tenant_id)
        if not export_delete(tenant_id=tenant, export_id=row_id, actor=actor(request)):
            raise not_found()
        return Response(status=204)


class ExportContent(APIView):
    """The archive, for whoever has the signed URL: operators pass it on to the tenant."""

    authentication_classes = ()
    permission_classes = ()
    schema: Any = None

    def get(self, request: Request, tenant_id: str, export_id: str) -> HttpResponseBase:
        if not url_verify(request.path, request.META.get("QUERY_STRING", "")):
            raise forbidden("The signature is wrong or has expired. Request a new URL.", code="signature_invalid")
        tenant, row_id = ids.decode(ids.TENANT, tenant_id), _export_id_of(export_id)
        if tenant is None:
            raise not_found()
        with tenant_context(tenant):
            ready = Export.objects.filter(id=row_id, tenant_id=tenant, status=Export.Status.READY).exists()
            parts = list(ExportPart.objects.filter(tenant_id=tenant, export_id=row_id).order_by("number"))
        if not ready or not parts:
            raise not_found()
        return archive_response(parts, name=f"{export_id}.tar", range_header=request.headers.get("Range", ""))


class ErasureDetail(OperatorView):
    operator_permissions = {
        "GET": OperatorPermission.VIEW,
        "POST": OperatorPermission.ERASE,
        "DELETE": OperatorPermission.ERASE,
    }

    @extend_schema(
        operation_id="tenant_erasure_get", responses={200: schema.Erasure, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Returns the state of a closing tenant's erasure."""
        erasure = Erasure.objects.filter(tenant_id=tenant_of(tenant_id)).first()
        if erasure is None:
            raise not_found()
        return Response(erasure_json(erasure))

    @extend_schema(
        operation_id="tenant_erasure_create",
        request=schema.ErasureNew,
        responses={202: schema.Erasure, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Schedules the erasure of a closing tenant's content. Accounting stays. Requesting it again moves the day."""
        tenant = tenant_of(tenant_id)
        body = body_of(request, schema.ErasureNew)
        erasure = erasure_request(tenant_id=tenant, slug=body["slug"], days=body.get("days"), actor=actor(request))
        return Response(erasure_json(erasure), 202)

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        erasure = Erasure.objects.filter(tenant_id=tenant_of(tenant_id)).first()
        if erasure is None:
            raise not_found()
        return Response(erasure_json(erasure), 202)

    @extend_schema(
        operation_id="tenant_erasure_cancel",
        responses={200: schema.Erasure, **problems(401, 404, 409)},
        tags=["operators"],
    )
    def delete(self, request: Request, tenant_id: str) -> Response:
        """Cancels an erasure that has not begun."""
        return Response(erasure_json(erasure_cancel(tenant_id=tenant_of(tenant_id), actor=actor(request))))


def _export_id_of(public: str) -> UUID:
    row_id = ids.decode(ids.EXPORT, public)
    if row_id is None:
        raise not_found()
    return row_id
