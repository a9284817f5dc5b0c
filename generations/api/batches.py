"""`/api/v1/batches`: many generations in one request, at the batch price, when there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.parameters import Parameters
from accounts.authentication.principal import Principal
from accounts.idempotency import IdempotentView
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import FieldError, bad_request, invalid, not_found
from cavendish.http.schema import PAGING, problems
from generations.accept.funnel import check_active, check_policy, request_spool
from generations.api.filters import batches_filter
from generations.api.schema import URL_EXPIRES_IN
from generations.api.schema import BatchRequest as BatchRequestShape
from generations.api.url_lifetime import url_seconds_of
from generations.batches import schema
from generations.batches.accept import BatchRequest, batch_of_file, batch_of_items
from generations.batches.json_scan import NotJson, value_parse
from generations.batches.representation import batch_json, item_json, result_lines
from generations.batches.results_zip import results_zip
from generations.batches.selectors import batch_find, items_page
from generations.batches.services import batch_cancel, batch_delete
from generations.batches.source import body_spool, file_mapped, list_spans, member_spans
from generations.models import Batch, ItemStatus
from generations.request import JSONL
from generations.request.checks import check_characters
from generations.request.fields import Context, Fields
from generations.request.settings import metadata_parse

PAGE_ITEMS, MAX_PAGE_ITEMS = 100, 1000
MAX_NAME = 255
ZIP = "application/zip"
_MAX_VALUE_BYTES = 64 * 1024


def batch_id_of(text: str) -> UUID:
    """The id behind a public one. Raises the one 404 for what is no batch's id."""
    batch_id = ids.decode(ids.BATCH, text)
    if batch_id is None:
        raise not_found()
    return batch_id


def batch_load(who: Principal, text: str) -> Batch:
    """The batch of a public id in the key's mode. Raises Problem 404."""
    with tenant_context(who.tenant_id):
        batch = batch_find(batch_id_of(text), livemode=who.livemode)
    if batch is None:
        raise not_found()
    return batch


class BatchList(IdempotentView):
    scopes = {"GET": "read", "POST": "generate"}

    @extend_schema(
        operation_id="batches_create",
        request=BatchRequestShape,
        responses={201: schema.Batch, **problems(400, 401, 403, 404, 413, 422, 429)},
        tags=["batches"],
    )
    def post(self, request: Request) -> Response:
        """Accepts a batch. Its items are read, held and run later, each for itself: what is wrong with one fails it
        alone.
        """
        who = principal(request)
        check_active(who)
        check_policy(who)
        with request_spool() as spool:
            path = spool / "body"
            body_spool(request._request, path, max_bytes=settings.MAX_BODY_BYTES)
            return self._created(_create(who, path))

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return self._created(batch_load(principal(request), ids.encode(ids.BATCH, UUID(created_ids[0]))))

    def _created(self, batch: Batch) -> Response:
        shown = batch_json(batch)
        return Response(shown, 201, headers={"Location": f"/api/v1/batches/{shown['id']}"})

    @extend_schema(
        operation_id="batches_list",
        responses={200: schema.BatchPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.BATCH_FILTERS],
        tags=["batches"],
    )
    def get(self, request: Request) -> Response:
        """Batches of this key's mode, newest first."""
        who = principal(request)
        with tenant_context(who.tenant_id):
            rows = Batch.objects.filter(tenant_id=who.tenant_id, livemode=who.livemode, deleted_at=None)
            page, cursor = page_read(request, batches_filter(rows, request), ids.BATCH)
        return Response(page_json([batch_json(batch) for batch in page], cursor))


class BatchDetail(APIView):
    scopes = {"GET": "read", "DELETE": "generate"}

    @extend_schema(
        operation_id="batches_get", responses={200: schema.Batch, **problems(401, 403, 404)}, tags=["batches"]
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """Returns a batch with the counts of its items."""
        return Response(batch_json(batch_load(principal(request), batch_id)))

    @extend_schema(
        operation_id="batches_delete", responses={204: None, **problems(401, 403, 404, 409)}, tags=["batches"]
    )
    def delete(self, request: Request, batch_id: str) -> Response:
        """Erases an ended batch with its items. Its generations stay; delete them one by one."""
        who = principal(request)
        deleted = batch_delete(
            tenant_id=who.tenant_id, batch_id=batch_id_of(batch_id), livemode=who.livemode, actor=actor(request)
        )
        if not deleted:
            raise not_found()
        return Response(status=204)


class BatchCancel(IdempotentView):
    scopes = {"POST": "generate"}

    @extend_schema(
        operation_id="batches_cancel",
        request=None,
        responses={200: schema.Batch, **problems(401, 403, 404, 409)},
        tags=["batches"],
    )
    def post(self, request: Request, batch_id: str) -> Response:
        """Cancels what has not started, at once and uncharged. It is `canceling` until what runs has ended."""
        who = principal(request)
        batch = batch_cancel(
            tenant_id=who.tenant_id, batch_id=batch_id_of(batch_id), livemode=who.livemode, actor=actor(request)
        )
        if batch is None:
            raise not_found()
        return Response(batch_json(batch))

    def replay(self, request: Request, created_ids: Sequence[str], batch_id: str) -> Response:
        return Response(batch_json(batch_load(principal(request), batch_id)))


class BatchItems(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="batches_items",
        responses={200: schema.BatchItemPage, **problems(401, 403, 404, 422)},
        parameters=[*PAGING, schema.ITEM_STATUS, schema.ITEM_KEY],
        tags=["batches"],
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """Items in their order, all or those of one status."""
        batch = batch_load(principal(request), batch_id)
        parameters = Parameters(request, takes=("status", "key"))
        status, key = parameters.choice("status", tuple(ItemStatus.values)), parameters.text("key", most=255)
        parameters.close()
        limit = _whole_number(request, "limit", PAGE_ITEMS, 1, MAX_PAGE_ITEMS)
        after = _whole_number(request, "cursor", -1, 0, settings.MAX_BATCH_ITEMS)
        with tenant_context(batch.tenant_id):
            items = items_page(batch.id, after=after, limit=limit + 1, status=status, key=key)
        page = items[:limit]
        cursor = str(page[-1].index) if len(items) > limit else None
        return Response(page_json([item_json(item) for item in page], cursor))


class BatchResults(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="batches_results",
        responses={(200, JSONL): str, **problems(401, 403, 404, 422)},
        parameters=[URL_EXPIRES_IN],
        tags=["batches"],
    )
    def get(self, request: Request, batch_id: str) -> HttpResponseBase:
        """JSONL: a line for each item that has ended, with its generation or why there is none. Also while it runs."""
        batch, url_seconds = batch_load(principal(request), batch_id), url_seconds_of(request)
        return lines_response(batch, batch_id, url_seconds=url_seconds)


class BatchResultsZip(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="batches_results_zip",
        responses={(200, ZIP): bytes, **problems(401, 403, 404, 422)},
        parameters=[URL_EXPIRES_IN],
        tags=["batches"],
    )
    def get(self, request: Request, batch_id: str) -> HttpResponseBase:
        """A ZIP archive of the pictures, byte for byte, and of `results.jsonl`, whose lines name them in `files`."""
        batch, url_seconds = batch_load(principal(request), batch_id), url_seconds_of(request)
        return zip_response(batch, batch_id, url_seconds=url_seconds)


def zip_response(batch: Batch, public_id: str, *, url_seconds: int | None = None) -> StreamingHttpResponse:
    """The archive of a batch's results, written while it is downloaded."""
    headers = {"Content-Disposition": f'attachment; filename="{public_id}.zip"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(results_zip(batch, url_seconds=url_seconds), content_type=ZIP, headers=headers)


def lines_response(batch: Batch, public_id: str, *, url_seconds: int | None = None) -> StreamingHttpResponse:
    """The lines of a batch's results, written while they are downloaded."""
    headers = {"Content-Disposition": f'attachment; filename="{public_id}.jsonl"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(result_lines(batch, url_seconds=url_seconds), content_type=JSONL, headers=headers)


def _create(who: Principal, path: Path) -> Batch:
    with file_mapped(path) as text:
        spans = member_spans(text)
        items = spans.get("items")
        if items is not None and text[slice(*items)] == b"null":
            items = None
        values: dict[str, Any] = {}
        for name, (start, end) in spans.items():
            if name != "items":
                try:
                    values[name] = value_parse(text, start, end) if end - start <= _MAX_VALUE_BYTES else {}
                except NotJson:
                    raise bad_request("malformed_json", "The body is not JSON.") from None
        batch_request, file_id = _batch_request(values, has_items=items is not None)
        if items is not None:
            item_spans = list_spans(text, *items, pointer="/items")
            return batch_of_items(who=who, batch_request=batch_request, body=path, spans=item_spans)
    return batch_of_file(
        who=who, batch_request=batch_request, name=file_id or "", pointer="/file_id", spool=path.parent
    )


def _batch_request(values: dict[str, Any], *, has_items: bool) -> tuple[BatchRequest, str | None]:
    """The fields of the body beside its items, and the id of the file that holds those instead.

    Raises Problem 422 with all that is wrong.
    """
    context = Context("native")
    fields = Fields(context, values, "")
    name = fields.text("name") or ""
    if len(name) > MAX_NAME:
        fields.wrong("name", "too_long", f"name has {len(name)} characters; it takes at most {MAX_NAME}.")
    metadata = metadata_parse(context, fields.inner("metadata"), None)
    file_id = fields.text("file_id")
    fields.take("items")
    if has_items and fields.has("file_id"):
        fields.wrong("file_id", "conflict", "Give items or file_id, not both.")
    elif not has_items and not fields.has("file_id"):
        fields.wrong("items", "required", 'Give items, a list of {"key": …, "request": {…}}, or file_id.')
    fields.close()
    check_characters(context, values)
    context.raise_errors()
    return BatchRequest(Batch.Dialect.NATIVE, name=name, metadata=metadata), file_id


def _whole_number(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and low <= int(text) <= high):
        raise invalid([FieldError(f"/{name}", "out_of_range", f"Use a whole number from {low} to {high}.")])
    return int(text)
