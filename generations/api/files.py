"""`/api/v1/files`: inputs that are uploaded once and used in many generations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from accounts.idempotency import IdempotentView
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.forms import FormParser, NoForm
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import FieldError, escape, invalid, not_found, shown
from cavendish.http.schema import PAGING, problems
from generations.accept.funnel import check_active
from generations.api import schema
from generations.api.filters import files_filter
from generations.models import File
from generations.selectors import file_find
from generations.services import file_delete, file_upload
from generations.show.representation import file_json
from generations.show.stored_bytes import bytes_response


def file_id_of(text: str) -> UUID:
    """The id behind a public one. Raises the one 404 for what is no file's id."""
    file_id = ids.decode(ids.FILE, text)
    if file_id is None:
        raise not_found()
    return file_id


class FileList(IdempotentView):
    scopes = {"GET": "read", "POST": "files"}
    parser_classes = (FormParser, NoForm)

    @extend_schema(
        operation_id="files_create",
        request={"multipart/form-data": schema.FileUpload},
        responses={201: schema.File, **problems(400, 401, 403, 413, 415, 422, 429)},
        tags=["files"],
    )
    def post(self, request: Request) -> Response:
        """Uploads a picture, a video or a batch's JSONL as multipart field `file`."""
        who = principal(request)
        check_active(who)
        return self._uploaded(file_upload(who=who, upload=_only_file(request)))

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        who = principal(request)
        with tenant_context(who.tenant_id):
            file = file_find(UUID(created_ids[0]), livemode=who.livemode)
        if file is None:
            raise not_found()
        return self._uploaded(file)

    def _uploaded(self, file: File) -> Response:
        shown = file_json(file)
        return Response(shown, 201, headers={"Location": f"/api/v1/files/{shown['id']}"})

    @extend_schema(
        operation_id="files_list",
        responses={200: schema.FilePage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.FILE_FILTERS],
        tags=["files"],
    )
    def get(self, request: Request) -> Response:
        """Files of this key's mode, newest first."""
        who = principal(request)
        with tenant_context(who.tenant_id):
            rows = File.objects.filter(tenant_id=who.tenant_id, livemode=who.livemode, deleted_at=None)
            page, cursor = page_read(request, files_filter(rows, request), ids.FILE)
            return Response(page_json([file_json(file) for file in page], cursor))


def _only_file(request: Request) -> UploadedFile[Any]:
    """The one file of the form. Raises Problem 422 for anything else in it, which would be lost without a word."""
    uploads = request.FILES.getlist("file")
    errors = [
        FieldError(f"/{escape(name)}", "unknown_field", f"{shown(name)} is not a field here; use file.")
        for name in request.data
        if name != "file"
    ]
    if not uploads:
        errors.insert(0, FieldError("/file", "required", 'Send the bytes as multipart field "file".'))
    elif len(uploads) > 1:
        errors.append(FieldError("/file", "too_many", f"{len(uploads)} files came; send each in a request of its own."))
    if errors:
        raise invalid(errors)
    upload: UploadedFile[Any] = uploads[0]
    return upload


class FileDetail(APIView):
    scopes = {"GET": "read", "DELETE": "files"}

    @extend_schema(
        operation_id="files_get",
        responses={200: schema.File, **problems(401, 403, 404)},
        tags=["files"],
    )
    def get(self, request: Request, file_id: str) -> Response:
        """Returns what is known of a file."""
        who = principal(request)
        with tenant_context(who.tenant_id):
            file = file_find(file_id_of(file_id), livemode=who.livemode)
            if file is None:
                raise not_found()
            return Response(file_json(file))

    @extend_schema(operation_id="files_delete", responses={204: None, **problems(401, 403, 404)}, tags=["files"])
    def delete(self, request: Request, file_id: str) -> Response:
        """Deletes a file, which later requests cannot name. What was made from it stays."""
        who = principal(request)
        if not file_delete(tenant_id=who.tenant_id, file_id=file_id_of(file_id), livemode=who.livemode):
            raise not_found()
        return Response(status=204)


class FileContent(APIView):
    scopes = {"GET": "read", "HEAD": "read"}

    @extend_schema(
        operation_id="files_content",
        responses={
            (200, "image/*"): bytes,
            (200, "video/*"): bytes,
            (200, "application/jsonl"): bytes,
            (206, "*/*"): bytes,
            304: None,
            **problems(401, 403, 404, 416),
        },
        tags=["files"],
    )
    def get(self, request: Request, file_id: str) -> HttpResponseBase:
        """Returns the bytes of a file, as they were uploaded."""
        who = principal(request)
        with tenant_context(who.tenant_id):
            file = file_find(file_id_of(file_id), livemode=who.livemode)
        if file is None:
            raise not_found()
        return bytes_response(
            file.storage_key, mime_type=file.mime_type, size=file.bytes, sha256=file.sha256, name=file_id
        )
