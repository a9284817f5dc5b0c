"""`/api/v1/generations`: create, list, get, cancel, delete, events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import ApiKeyAuthentication, principal, resumed_by_wait_layer
from accounts.authentication.operators import OperatorPrincipal
from accounts.authentication.principal import Principal
from accounts.authentication.tenant_or_operator import HasScopeOrIsOperator, TenantOrOperatorAuthentication
from accounts.idempotency import IdempotentView
from accounts.roles.operators import OperatorPermission
from accounts.roles.permissions import Permission
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import bad_request, not_found
from cavendish.http.schema import PAGING, of_audience, problems
from generations.accept.funnel import generation_accept
from generations.accept.made import Made
from generations.api import schema
from generations.api.filters import generations_filter
from generations.api.url_lifetime import url_seconds_of
from generations.jobs.representation import job_json, timeline_json
from generations.jobs.schema import Job, JobTimeline
from generations.jobs.selectors import job_timeline
from generations.jobs.tenant_timeline import tenant_timeline
from generations.labels.bodies import GenerationChange
from generations.labels.services import generation_tag
from generations.models import TERMINAL, Generation, Status
from generations.request import MAX_VARIANTS
from generations.selectors import GenerationDetail as Detail
from generations.selectors import generation_detail, generations_load
from generations.services import generation_cancel, generation_delete
from generations.show.representation import generation_json

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,6}")
CANCEL_WAIT = 3
READ = of_audience(schema.Generation, Job)
MAX_CANCEL_AFTER = 86_400


def wait_seconds(request: Request) -> int:
    """The seconds of `Prefer: wait=N` (RFC 7240), at most MAX_WAIT_SECONDS; 0 without it."""
    match = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(match[1]), settings.MAX_WAIT_SECONDS) if match else 0


def cancel_after_of(request: Request) -> int | None:
    """The seconds of `Cancel-After`, None without it. Raises Problem 400."""
    text = request.headers.get("Cancel-After")
    if text is None:
        return None
    if not _SECONDS.fullmatch(text.strip()) or not 1 <= int(text) <= MAX_CANCEL_AFTER:
        raise bad_request(
            "invalid_cancel_after", f"Cancel-After takes a whole number of seconds, 1 to {MAX_CANCEL_AFTER}."
        )
    return int(text)


def generation_id_of(text: str) -> UUID:
    """The id behind a public one. Raises the one 404 for what is no generation's id."""
    generation_id = ids.decode(ids.GENERATION, text)
    if generation_id is None:
        raise not_found()
    return generation_id


def _job_json(generation_id: UUID) -> dict[str, Any]:
    with acting_as("operator"):
        timeline = job_timeline(generation_id)
    if timeline is None:
        raise not_found()
    return job_json(timeline)


def _load_json(who: Principal, generation_id: UUID, *, url_seconds: int | None = None) -> dict[str, Any]:
    detail = generation_detail(generation_id, livemode=who.livemode, tenant_id=who.tenant_id)
    if detail is None:
        raise not_found()
    return generation_json(detail, url_seconds=url_seconds)


def _group_json(details: Sequence[Detail]) -> dict[str, Any]:
    """Returns the page of all variants of a request."""
    group_id = details[0].generation.group_id
    assert group_id is not None
    shown = page_json([generation_json(detail) for detail in details], None)
    return {**shown, "group_id": ids.encode(ids.GENERATION_GROUP, group_id)}


def _group_load(who: Principal, **condition: Any) -> list[Detail]:
    """Returns the variants of a request that are not deleted, the first one first."""
    with tenant_context(who.tenant_id):
        rows = Generation.objects.filter(
            tenant_id=who.tenant_id, livemode=who.livemode, deleted_at=None, group_id__isnull=False, **condition
        )
        return generations_load(list(rows.order_by("id")[:MAX_VARIANTS]))


def _accepted_group(request: Request, who: Principal, generation_ids: Sequence[UUID], made: Sequence[Made]) -> Response:
    details = [one.detail() for one in made] or _group_load(who, id__in=generation_ids)
    if not details:
        raise not_found()
    shown = _group_json(details)
    path = f"/api/v1/generations?group_id={shown['group_id']}"
    headers = {"Location": path}
    if seconds := wait_seconds(request):
        last = ids.encode(ids.GENERATION, generation_ids[-1])
        headers["X-Cavendish-Wait"] = f"{last};{seconds};{path}"
    return Response(shown, 202, headers=headers)


def _awaited_group(who: Principal, group_id: UUID | None) -> Response:
    """Returns what who waited for all variants of a request gets, or has the layer in front wait for the next one."""
    details = _group_load(who, group_id=group_id) if group_id is not None else []
    if not details:
        raise not_found()
    shown = _group_json(details)
    waits = [detail.generation for detail in details if detail.generation.status not in TERMINAL]
    headers = {"X-Cavendish-Status": waits[0].status if waits else details[0].generation.status}
    if waits:
        path = f"/api/v1/generations?group_id={shown['group_id']}"
        headers["X-Cavendish-Wait"] = f"{ids.encode(ids.GENERATION, waits[0].id)};0;{path}"
    return Response(shown, headers=headers)


class GenerationList(IdempotentView):
    scopes = {"GET": "read", "POST": "generate"}
    makes_pictures = ("POST",)

    @extend_schema(
        operation_id="generations_create",
        request=schema.GenerationRequest,
        responses={
            200: schema.ACCEPTED,
            202: schema.ACCEPTED,
            **problems(400, 401, 402, 403, 404, 413, 422, 429),
        },
        parameters=[schema.PREFER, schema.CANCEL_AFTER],
        tags=["generations"],
    )
    def post(self, request: Request) -> Response:
        """Accepts a generation. With `Prefer: wait=N` the answer waits for its end, up to N seconds.

        With `n` above 1 it accepts so many, all or none; the answer holds all of them, and waits for all.
        """
        who = principal(request)
        accepted = generation_accept(
            who=who, body=request._request, dialect="native", cancel_after=cancel_after_of(request)
        )
        return self._accepted(request, accepted.ids, accepted.made)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        """Returns the generation as it stands now, and waits for it as the first answer did."""
        return self._accepted(request, [UUID(one) for one in created_ids])

    def _accepted(self, request: Request, generation_ids: Sequence[UUID], made: Sequence[Made] = ()) -> Response:
        """Of those that were `made` a moment ago nothing is read."""
        who = principal(request)
        if len(generation_ids) > 1:
            return _accepted_group(request, who, generation_ids, made)
        generation_id = generation_ids[0]
        public = ids.encode(ids.GENERATION, generation_id)
        headers = {"Location": f"/api/v1/generations/{public}"}
        seconds = wait_seconds(request)
        if seconds:
            # The layer in front waits without a thread and renders when there is something to show.
            headers["X-Cavendish-Wait"] = f"{public};{seconds}"
            return Response({"id": public, "object": "generation", "status": Status.QUEUED}, 202, headers=headers)
        shown = generation_json(made[0].detail()) if made else _load_json(who, generation_id)
        return Response(shown, 202, headers=headers)

    @extend_schema(
        operation_id="generations_list",
        responses={200: schema.GenerationPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.GENERATION_FILTERS, schema.URL_EXPIRES_IN],
        tags=["generations"],
    )
    def get(self, request: Request) -> Response:
        """Generations of this key's mode, newest first."""
        who = principal(request)
        url_seconds = url_seconds_of(request)
        if resumed_by_wait_layer(request):
            return _awaited_group(who, ids.decode(ids.GENERATION_GROUP, request.query_params.get("group_id", "")))
        with tenant_context(who.tenant_id):
            rows = Generation.objects.filter(tenant_id=who.tenant_id, livemode=who.livemode, deleted_at=None)
            rows = generations_filter(rows, request, tenant_id=who.tenant_id, livemode=who.livemode)
            page, cursor = page_read(request, rows, ids.GENERATION)
            details = generations_load(page)
        return Response(page_json([generation_json(detail, url_seconds=url_seconds) for detail in details], cursor))


class GenerationDetail(APIView):
    """An operator's key reads the job of any tenant, and does nothing else here."""

    authentication_classes = (TenantOrOperatorAuthentication,)
    permission_classes = (HasScopeOrIsOperator,)
    scopes = {"GET": "read", "PATCH": "generate", "DELETE": "generate"}
    operator_permissions = {"GET": OperatorPermission.VIEW}

    def get_authenticators(self) -> list[BaseAuthentication]:
        # There is no request yet where drf-spectacular begins to describe the view.
        of_tenants = getattr(self.request, "method", "") in {"PATCH", "DELETE"}
        return [ApiKeyAuthentication()] if of_tenants else list(super().get_authenticators())

    @extend_schema(
        operation_id="generations_get",
        responses={200: READ, 202: READ, **problems(401, 403, 404, 422)},
        parameters=[schema.PREFER, schema.URL_EXPIRES_IN],
        tags=["generations"],
    )
    def get(self, request: Request, generation_id: str) -> Response:
        """Returns a generation as it is. With `Prefer: wait=N` the answer waits for its end, up to N seconds.

        To an operator's key it is any tenant's job, without its prompt, its answer and its pictures, and does not wait.
        """
        if isinstance(request.user, OperatorPrincipal):
            return Response(_job_json(generation_id_of(generation_id)))
        url_seconds = url_seconds_of(request)
        shown = _load_json(principal(request), generation_id_of(generation_id), url_seconds=url_seconds)
        seconds = wait_seconds(request)
        if seconds and shown["status"] not in TERMINAL:
            path = f"/api/v1/generations/{generation_id}"
            again = path if url_seconds is None else f"{path}?url_expires_in={url_seconds}"
            headers = {"Location": path, "X-Cavendish-Wait": f"{generation_id};{seconds};{again}"}
            return Response(shown, 202, headers=headers)
        # Read by the waiting layer, which sends 200 for a terminal status and 202 otherwise.
        return Response(shown, headers={"X-Cavendish-Status": shown["status"]})

    @extend_schema(
        operation_id="generations_update",
        request=GenerationChange,
        responses={200: schema.Generation, **problems(400, 401, 403, 404, 422)},
        tags=["generations"],
    )
    def patch(self, request: Request, generation_id: str) -> Response:
        """Changes the tags of a generation, whatever its status."""
        who, row_id = principal(request), generation_id_of(generation_id)
        tags = body_of(request, GenerationChange, partial=True).get("tags")
        if tags is not None and not generation_tag(
            tenant_id=who.tenant_id, generation_id=row_id, livemode=who.livemode, tags=tags
        ):
            raise not_found()
        return Response(_load_json(who, row_id))

    @extend_schema(
        operation_id="generations_delete",
        responses={204: None, **problems(401, 403, 404, 409)},
        tags=["generations"],
    )
    def delete(self, request: Request, generation_id: str) -> Response:
        """Erases content and pictures of an ended generation; its charge stays."""
        who = principal(request)
        deleted = generation_delete(
            tenant_id=who.tenant_id, generation_id=generation_id_of(generation_id), livemode=who.livemode
        )
        if not deleted:
            raise not_found()
        return Response(status=204)


class GenerationTimeline(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="generations_timeline",
        responses={200: JobTimeline, **problems(401, 403, 404)},
        tags=["generations"],
    )
    def get(self, request: Request, generation_id: str) -> Response:
        """What happened to a generation, step by step: each call and its answer, where its seconds went, its money."""
        who = principal(request)
        timeline = tenant_timeline(
            tenant_id=who.tenant_id,
            generation_id=generation_id_of(generation_id),
            livemode=who.livemode,
            webhooks=Permission.WEBHOOKS in who.scopes,
            audit=Permission.AUDIT in who.scopes,
        )
        if timeline is None:
            raise not_found()
        return Response(timeline_json(timeline))


class GenerationCancel(IdempotentView):
    scopes = {"POST": "generate"}

    @extend_schema(
        operation_id="generations_cancel",
        request=None,
        responses={200: schema.Generation, 202: schema.Generation, **problems(401, 403, 404, 409)},
        tags=["generations"],
    )
    def post(self, request: Request, generation_id: str) -> Response:
        """Cancels. A queued generation ends at once, a running one when its worker has let go (202 until then)."""
        who = principal(request)
        decoded_id = generation_id_of(generation_id)
        was = generation_cancel(tenant_id=who.tenant_id, generation_id=decoded_id, livemode=who.livemode)
        if was is None:
            raise not_found()
        return self._canceled(who, decoded_id, was)

    def replay(self, request: Request, created_ids: Sequence[str], generation_id: str) -> Response:
        who, decoded_id = principal(request), generation_id_of(generation_id)
        return self._canceled(who, decoded_id, _load_json(who, decoded_id)["status"])

    def _canceled(self, who: Principal, generation_id: UUID, was: str) -> Response:
        public = ids.encode(ids.GENERATION, generation_id)
        headers = {"Location": f"/api/v1/generations/{public}"}
        if was == Status.RUNNING:
            headers["X-Cavendish-Wait"] = f"{public};{CANCEL_WAIT}"
            return Response({"id": public, "object": "generation", "status": was}, 202, headers=headers)
        return Response(_load_json(who, generation_id), headers=headers)
