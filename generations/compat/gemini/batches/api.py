"""`models/<model>:batchGenerateContent` and `/v1/batches`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.drf import actor, principal
from accounts.authentication.principal import Principal
from accounts.idempotency import Replay
from cavendish.db.storable import is_storable
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import bad_request, clip, escape, invalid_value, not_found, shown
from generations.accept.funnel import check_active, check_model, check_policy, request_spool
from generations.accept.webhooks import job_webhooks_check
from generations.batches.accept import BatchRequest, batch_of_file, batch_of_items
from generations.batches.json_scan import NotJson, Text, members, value_parse
from generations.batches.services import batch_cancel, batch_delete
from generations.batches.source import body_spool, file_mapped, list_spans, member_spans
from generations.compat.gemini.batches.representation import is_file, operation_chunks, operation_json
from generations.compat.gemini.batches.results_file import batch_load
from generations.compat.gemini.content.api import model_of
from generations.compat.gemini.paging import list_check, page_after, page_size
from generations.compat.gemini.views import GoogleView
from generations.compat.shared.camel_fields import camel
from generations.errors import NotCancelable
from generations.models import BATCH_ENDED, Batch
from generations.request import JobWebhooks, file_id_of
from generations.request.fields import Context, Fields
from generations.request.hints import listing
from generations.request.webhooks import webhook_config_parse

MAX_NAME = 255
MAX_CONFIG_BYTES = 32 * 1024
_TAKEN = ("displayName", "inputConfig", "webhookConfig")
# What else a batch of Google's has: what the address says, what changes nothing here, and what only answers hold.
_FIELDS = frozenset(
    {*_TAKEN, "name", "model", "priority", "state", "output", "batchStats", "createTime", "endTime", "updateTime"}
)
Spans = dict[str, tuple[int, int]]


class BatchCreate(GoogleView):
    scopes = {"POST": "generate"}

    def post(self, request: Request, model_id: str) -> JsonResponse:
        """Accepts a batch of generateContent requests, inline or in an uploaded JSONL file."""
        who = principal(request)
        model = model_of(model_id)
        check_active(who)
        check_policy(who)
        check_model(who, model)
        with request_spool() as spool:
            path = spool / "body"
            body_spool(request._request, path, max_bytes=settings.MAX_BODY_BYTES)
            return JsonResponse(operation_json(_create(who, model.id, path)))

    def replay(self, request: Request, created_ids: Sequence[str], model_id: str) -> JsonResponse:
        return JsonResponse(operation_json(batch_load(principal(request), created_ids[0])))


class BatchList(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        """Batches of this API, newest first, without inlined answers."""
        who = principal(request)
        list_check(request)
        size, after = page_size(request), page_after(request)
        with tenant_context(who.tenant_id):
            rows = Batch.objects.filter(
                tenant_id=who.tenant_id, livemode=who.livemode, deleted_at=None, dialect=Batch.Dialect.GEMINI
            )
            if after:
                rows = rows.filter(id__lt=after)
            batches = list(rows.order_by("-id")[: size + 1])
        page: dict[str, Any] = {"operations": [operation_json(batch) for batch in batches[:size]]}
        if len(batches) > size:
            page["nextPageToken"] = batches[size - 1].id.hex
        return JsonResponse(page)


class BatchDetail(GoogleView):
    scopes = {"GET": "read", "DELETE": "generate"}

    def get(self, request: Request, batch_id: str) -> HttpResponseBase:
        batch = batch_load(principal(request), batch_id)
        if batch.status not in BATCH_ENDED or is_file(batch):
            return JsonResponse(operation_json(batch))
        by_hand = "x-goog-api-client" not in request.headers
        return StreamingHttpResponse(operation_chunks(batch, twice=by_hand), content_type="application/json")

    def delete(self, request: Request, batch_id: str) -> JsonResponse:
        who = principal(request)
        batch = batch_load(who, batch_id)
        deleted = batch_delete(tenant_id=who.tenant_id, batch_id=batch.id, livemode=who.livemode, actor=actor(request))
        if not deleted:
            raise not_found()
        return JsonResponse({})


class BatchCancel(GoogleView):
    replays = Replay.RERUN
    scopes = {"POST": "generate"}

    def post(self, request: Request, batch_id: str) -> JsonResponse:
        """Cancels; a batch that has ended stays as it is, as an interaction does."""
        who = principal(request)
        batch = batch_load(who, batch_id)
        with suppress(NotCancelable):
            batch_cancel(tenant_id=who.tenant_id, batch_id=batch.id, livemode=who.livemode, actor=actor(request))
        return JsonResponse({})


def _create(who: Principal, model: str, path: Path) -> Batch:
    with file_mapped(path) as text:
        batch = _inner(text, _camel(member_spans(text)), "batch", "batch")
        _refuse_unknown(batch)
        config = _inner(text, batch, "inputConfig", "batch.inputConfig")
        name = _text(text, batch, "displayName", "batch.displayName") or ""
        if not is_storable(name):
            detail = "displayName holds the character U+0000; take it out."
            raise invalid_value("/batch/displayName", "unknown_value", detail)
        if len(name) > MAX_NAME:
            raise invalid_value("/batch/displayName", "too_long", f"displayName takes at most {MAX_NAME} characters.")
        webhooks = _webhooks(text, batch)
        job_webhooks_check(webhooks)
        batch_request = BatchRequest(Batch.Dialect.GEMINI, model=model, name=name, webhooks=webhooks)
        file_name = _text(text, config, "fileName", "batch.inputConfig.fileName")
        if ("requests" in config) == (file_name is not None):
            detail = "batch.inputConfig takes one of requests and fileName."
            raise invalid_value("/batch/inputConfig", "required", detail)
        if file_name is None:
            requests = _inner(text, config, "requests", "batch.inputConfig.requests")
            if "requests" not in requests:
                raise invalid_value("/batch/inputConfig/requests", "required", "It takes a list under requests.")
            pointer = "/batch/inputConfig/requests/requests"
            item_spans = list_spans(text, *requests["requests"], pointer=pointer)
            return batch_of_items(who=who, batch_request=batch_request, body=path, spans=item_spans)
    return batch_of_file(
        who=who,
        batch_request=batch_request,
        name=file_id_of(file_name) or "",
        pointer="/batch/inputConfig/fileName",
        spool=path.parent,
    )


def _refuse_unknown(batch: Spans) -> None:
    """Raises Problem 422 for a field that no batch of Google's has: what it asks for would get lost."""
    for name in batch.keys() - _FIELDS:
        near = next(iter(difflib.get_close_matches(name[:60], _TAKEN, n=1)), "")
        hint = f"did you mean {near}?" if near else f"known are {listing(_TAKEN, 'and')}."
        detail = f"batch.{clip(name, 60)}: There is no such field; {hint}"
        raise invalid_value(f"/batch/{escape(name)}", "unknown_field", detail)


def _inner(text: Text, spans: Spans, name: str, called: str) -> Spans:
    """The values of the object under `name`, under their names in camelCase."""
    if name not in spans:
        raise invalid_value(f"/{called.replace('.', '/')}", "required", f"{called} is missing.")
    try:
        found = {key: (start, end) for key, start, end in members(text, *spans[name])}
    except NotJson:
        raise invalid_value(f"/{called.replace('.', '/')}", "wrong_type", f"{called} takes an object.") from None
    # A null says nothing, as everywhere in Google's JSON.
    return _camel({key: (start, end) for key, (start, end) in found.items() if text[start:end] != b"null"})


def _camel(spans: Spans) -> Spans:
    """The spans under camelCase names: Google takes both spellings."""
    return {camel(name): span for name, span in spans.items()}


def _webhooks(text: Text, batch: Spans) -> JobWebhooks | None:
    """Where this batch's events go, as `webhookConfig` names it."""
    if "webhookConfig" not in batch:
        return None
    start, end = batch["webhookConfig"]
    try:
        config = value_parse(text, start, min(end, start + MAX_CONFIG_BYTES))
    except NotJson:
        raise bad_request("malformed_json", "batch.webhookConfig is too long, or no JSON.") from None
    if isinstance(config, dict) and "userMetadata" in config:
        config["user_metadata"] = config.pop("userMetadata")
    context = Context("interactions")
    webhooks = webhook_config_parse(Fields(context, {"webhook_config": config}, "/batch"))
    context.raise_errors()
    return webhooks


def _text(text: Text, spans: Spans, name: str, called: str) -> str | None:
    if name not in spans:
        return None
    start, end = spans[name]
    try:
        value = value_parse(text, start, min(end, start + 16 * 1024))
    except NotJson:
        raise bad_request("malformed_json", f"{called} is too long, or no JSON.") from None
    if value is not None and not isinstance(value, str):
        raise invalid_value(
            f"/{called.replace('.', '/')}", "wrong_type", f"{called} is {shown(value)}; it takes a string."
        )
    return value
