"""`/v1/files` as the official SDKs call it: get, list, delete, download. How files come is in `uploads.py`.

A file's name here is `files/` and the id without our prefix: the SDKs cut a name out of an https address with
`[a-z0-9]+`, which stops at an underscore. `files/file_…`, as the native API names it, is taken as well, and so is the
name that a client gave at the upload; addresses always carry the id. An `address` before it, which a client took for
part of the name, says nothing.
"""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.drf import principal
from accounts.authentication.principal import Principal
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import not_found
from generations.compat.gemini.batches.representation import results_file_json
from generations.compat.gemini.batches.results_file import is_results, results_load, results_response
from generations.compat.gemini.files.representation import file_json
from generations.compat.gemini.paging import list_check, page_after, page_size
from generations.compat.gemini.views import GoogleView
from generations.models import File
from generations.request import file_id_of
from generations.selectors import file_named
from generations.services import file_delete
from generations.show.stored_bytes import bytes_response


class FileList(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        """Uploads of this key's mode, newest first. Without an empty `nextPageToken`: a pager would follow it."""
        who = principal(request)
        list_check(request)
        size, after = page_size(request), page_after(request)
        with tenant_context(who.tenant_id):
            rows = File.objects.filter(
                tenant_id=who.tenant_id, livemode=who.livemode, deleted_at=None, source=File.Source.UPLOAD
            )
            if after:
                rows = rows.filter(id__lt=after)
            files = list(rows.order_by("-id")[: size + 1])
        page: dict[str, Any] = {"files": [file_json(file) for file in files[:size]]}
        if len(files) > size:
            page["nextPageToken"] = files[size - 1].id.hex
        return JsonResponse(page)


class FileDetail(GoogleView):
    scopes = {"GET": "read", "DELETE": "files"}

    def get(self, request: Request, file_id: str, address: str = "") -> JsonResponse:
        who = principal(request)
        if is_results(file_id):
            return JsonResponse(results_file_json(results_load(who, file_id)))
        return JsonResponse(file_json(_load(who, file_id)))

    def delete(self, request: Request, file_id: str, address: str = "") -> JsonResponse:
        who = principal(request)
        file = _load(who, file_id)
        if not file_delete(tenant_id=who.tenant_id, file_id=file.id, livemode=who.livemode):
            raise not_found()
        return JsonResponse({})


class FileDownload(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request, file_id: str, address: str = "") -> HttpResponseBase:
        who = principal(request)
        if is_results(file_id):
            return results_response(who, file_id)
        file = _load(who, file_id)
        return bytes_response(
            file.storage_key, mime_type=file.mime_type, size=file.bytes, sha256=file.sha256, name=file.id.hex
        )


def _load(who: Principal, text: str) -> File:
    with tenant_context(who.tenant_id):
        file = file_named(file_id_of(f"files/{text}") or "", livemode=who.livemode)
    if file is None:
        raise not_found()
    return file
