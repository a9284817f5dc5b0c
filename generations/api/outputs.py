"""`/api/v1/outputs`: what a picture is, and its bytes as the upstream sent them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from accounts.authentication.permissions import HasScope
from accounts.authentication.principal import Principal
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import Problem, not_found
from cavendish.http.schema import PAGING, problems
from generations.api import schema
from generations.api.filters import outputs_filter
from generations.api.url_lifetime import url_seconds_of
from generations.labels.bodies import OutputChange
from generations.labels.services import output_label
from generations.models import Output
from generations.request.media_types import EXTENSIONS
from generations.selectors import groundings_of, output_find, tenant_of_output
from generations.show.derived_bytes import derived_of, derived_response
from generations.show.representation import output_alone_json, page_path
from generations.show.signed_urls import OPTIONS, url_expiry, url_sign
from generations.show.stored_bytes import FOR_EVERY_ORIGIN, PREFLIGHT, bytes_response, page_link


def output_id_of(text: str) -> UUID:
    """The id behind a public one. Raises the one 404 for what is no output's id."""
    output_id = ids.decode(ids.OUTPUT, text)
    if output_id is None:
        raise not_found()
    return output_id


def outputs_page(request: Request, *, collection_id: UUID | None = None) -> dict[str, Any]:
    """Returns the page of outputs that a query asks for, of a collection where one is named. Raises Problem 422."""
    who, url_seconds = principal(request), url_seconds_of(request)
    with tenant_context(who.tenant_id):
        rows = Output.objects.filter(
            tenant_id=who.tenant_id,
            part=Output.Part.OUTPUT,
            generation__livemode=who.livemode,
            generation__deleted_at=None,
        ).select_related("generation")
        rows = outputs_filter(
            rows, request, tenant_id=who.tenant_id, livemode=who.livemode, collection_id=collection_id
        )
        page, cursor = page_read(request, rows, ids.OUTPUT)
        groundings = groundings_of(output.generation_id for output in page)
    shown = [
        output_alone_json(
            output, output.generation.model, groundings.get(output.generation_id), url_seconds=url_seconds
        )
        for output in page
    ]
    return page_json(shown, cursor)


def _output_response(request: Request, output_id: UUID) -> Response:
    who = principal(request)
    url_seconds = url_seconds_of(request)
    with tenant_context(who.tenant_id):
        output = output_find(output_id, livemode=who.livemode)
        if output is None:
            raise not_found()
        grounding = groundings_of([output.generation_id]).get(output.generation_id)
    shown = output_alone_json(output, output.generation.model, grounding, url_seconds=url_seconds)
    return Response(shown, headers={"Link": page_link(shown["page_url"])})


class OutputList(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="outputs_list",
        responses={200: schema.OutputPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.OUTPUT_FILTERS, schema.COLLECTION, schema.URL_EXPIRES_IN],
        tags=["outputs"],
    )
    def get(self, request: Request) -> Response:
        """Pictures of this key's mode, newest first, each with what a search brought to its generation."""
        return Response(outputs_page(request))


class OutputDetail(APIView):
    scopes = {"GET": "read", "PATCH": "generate"}

    @extend_schema(
        operation_id="outputs_get",
        responses={200: schema.OutputAlone, **problems(401, 403, 404, 422)},
        parameters=[schema.URL_EXPIRES_IN],
        tags=["outputs"],
    )
    def get(self, request: Request, output_id: str) -> Response:
        """Returns a picture's facts, with what a search brought to its generation."""
        return _output_response(request, output_id_of(output_id))

    @extend_schema(
        operation_id="outputs_update",
        request=OutputChange,
        responses={200: schema.OutputAlone, **problems(400, 401, 403, 404, 422)},
        tags=["outputs"],
    )
    def patch(self, request: Request, output_id: str) -> Response:
        """Changes `favorite` and `rating`, those that the body names."""
        who, row_id = principal(request), output_id_of(output_id)
        changed = body_of(request, OutputChange, partial=True)
        if not output_label(tenant_id=who.tenant_id, output_id=row_id, livemode=who.livemode, changed=changed):
            raise not_found()
        return _output_response(request, row_id)


class OutputContent(APIView):
    """The bytes, to a key that may read or to whoever has a signed URL."""

    scopes = {"GET": "read", "HEAD": "read"}
    permission_classes = ()

    @extend_schema(
        operation_id="outputs_content",
        responses={
            (200, "image/*"): bytes,
            (206, "image/*"): bytes,
            304: None,
            **problems(401, 403, 404, 416, 422, 429),
        },
        parameters=schema.DERIVED,
        tags=["outputs"],
    )
    def get(self, request: Request, output_id: str) -> HttpResponseBase:
        """Returns the bytes as the upstream sent them; with `format` and `width` a smaller picture made of them."""
        decoded_id = output_id_of(output_id)
        if isinstance(request.user, Principal):
            HasScope().has_permission(request, self)
            tenant_id, livemode, signed_until = request.user.tenant_id, request.user.livemode, None
        else:
            signed_until = self._signed_until(request)
            tenant_id, livemode = self._tenant_of(decoded_id), None
        derived = derived_of(request.query_params)
        with tenant_context(tenant_id):
            output = output_find(decoded_id, livemode=livemode)
        if output is None:
            raise not_found()
        if derived is not None:
            return derived_response(output, derived, signed_until=signed_until)
        return bytes_response(
            output.storage_key,
            mime_type=output.mime_type,
            size=output.bytes,
            sha256=output.sha256,
            name=f"{output_id}.{EXTENSIONS.get(output.mime_type, 'bin')}",
            page=url_sign(page_path(output.generation_id))[0],
            signed_until=signed_until,
        )

    @extend_schema(exclude=True)
    def options(self, request: Request, output_id: str) -> Response:  # type: ignore[override]
        """Returns what a browser asks before a script's request: the same for every address, so it tells nothing."""
        return Response(status=204, headers=PREFLIGHT)

    def _signed_until(self, request: Request) -> int:
        """When a signed URL expires, in seconds since 1970. Raises Problem: 401 without a signature, 403 if wrong."""
        if "signature" not in request.query_params:
            raise Problem(
                401,
                "not_authenticated",
                "Give an API key, or use the signed URL from the generation.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        until = url_expiry(request.path, request.META.get("QUERY_STRING", ""), added=OPTIONS)
        if until is None:
            raise Problem(
                403,
                "signature_invalid",
                "The signature is wrong or has expired; read the output again.",
                headers=FOR_EVERY_ORIGIN,
            )
        return until

    def _tenant_of(self, decoded_id: UUID) -> UUID:
        tenant_id = tenant_of_output(decoded_id)
        if tenant_id is None:
            raise not_found()
        return tenant_id
