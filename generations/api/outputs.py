"""`/api/v1/outputs`: what a picture is, and its bytes as the upstream sent them."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from accounts.authentication.parameters import Parameters
from accounts.authentication.permissions import HasScope
from accounts.authentication.principal import Principal
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import Problem, not_found
from cavendish.http.schema import PAGING, problems
from generations.api import schema
from generations.api.url_lifetime import url_seconds_of
from generations.models import Output
from generations.request.media_types import EXTENSIONS
from generations.selectors import groundings_of, output_find, tenant_of_output
from generations.show.representation import output_alone_json, page_path
from generations.show.signed_urls import url_sign, url_verify
from generations.show.stored_bytes import FOR_EVERY_ORIGIN, PREFLIGHT, bytes_response, page_link


def output_id_of(text: str) -> UUID:
    """The id behind a public one. Raises the one 404 for what is no output's id."""
    output_id = ids.decode(ids.OUTPUT, text)
    if output_id is None:
        raise not_found()
    return output_id


class OutputList(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="outputs_list",
        responses={200: schema.OutputPage, **problems(401, 403, 422)},
        parameters=[*PAGING, schema.URL_EXPIRES_IN],
        tags=["outputs"],
    )
    def get(self, request: Request) -> Response:
        """Pictures of this key's mode, newest first, each with what a search brought to its generation."""
        who = principal(request)
        Parameters(request, takes=("url_expires_in",)).close()
        url_seconds = url_seconds_of(request)
        with tenant_context(who.tenant_id):
            rows = Output.objects.filter(
                tenant_id=who.tenant_id,
                part=Output.Part.OUTPUT,
                generation__livemode=who.livemode,
                generation__deleted_at=None,
            ).select_related("generation")
            page, cursor = page_read(request, rows, ids.OUTPUT)
            groundings = groundings_of(output.generation_id for output in page)
        shown = [
            output_alone_json(
                output, output.generation.model, groundings.get(output.generation_id), url_seconds=url_seconds
            )
            for output in page
        ]
        return Response(page_json(shown, cursor))


class OutputDetail(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="outputs_get",
        responses={200: schema.OutputAlone, **problems(401, 403, 404, 422)},
        parameters=[schema.URL_EXPIRES_IN],
        tags=["outputs"],
    )
    def get(self, request: Request, output_id: str) -> Response:
        """Returns a picture's facts, with what a search brought to its generation."""
        who = principal(request)
        url_seconds = url_seconds_of(request)
        with tenant_context(who.tenant_id):
            output = output_find(output_id_of(output_id), livemode=who.livemode)
            if output is None:
                raise not_found()
            grounding = groundings_of([output.generation_id]).get(output.generation_id)
        shown = output_alone_json(output, output.generation.model, grounding, url_seconds=url_seconds)
        return Response(shown, headers={"Link": page_link(shown["page_url"])})


class OutputContent(APIView):
    """The bytes, to a key that may read or to whoever has a signed URL."""

    scopes = {"GET": "read", "HEAD": "read"}
    permission_classes = ()

    @extend_schema(
        operation_id="outputs_content",
        responses={(200, "image/*"): bytes, **problems(401, 403, 404)},
        tags=["outputs"],
    )
    def get(self, request: Request, output_id: str) -> HttpResponseBase:
        decoded_id = output_id_of(output_id)
        if isinstance(request.user, Principal):
            HasScope().has_permission(request, self)
            tenant_id, livemode = request.user.tenant_id, request.user.livemode
        else:
            tenant_id, livemode = self._signed(request, decoded_id), None
        with tenant_context(tenant_id):
            output = output_find(decoded_id, livemode=livemode)
        if output is None:
            raise not_found()
        return bytes_response(
            output.storage_key,
            mime_type=output.mime_type,
            size=output.bytes,
            sha256=output.sha256,
            name=f"{output_id}.{EXTENSIONS.get(output.mime_type, 'bin')}",
            page=url_sign(page_path(output.generation_id))[0],
            signed=not isinstance(request.user, Principal),
        )

    @extend_schema(exclude=True)
    def options(self, request: Request, output_id: str) -> Response:  # type: ignore[override]
        """Returns what a browser asks before a script's request: the same for every address, so it tells nothing."""
        return Response(status=204, headers=PREFLIGHT)

    def _signed(self, request: Request, decoded_id: UUID) -> UUID:
        """The tenant whose output a signed URL names. Raises Problem: 401 without a signature, 403 for a wrong one."""
        if "signature" not in request.query_params:
            raise Problem(
                401,
                "not_authenticated",
                "Give an API key, or use the signed URL from the generation.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not url_verify(request.path, request.META.get("QUERY_STRING", "")):
            raise Problem(
                403,
                "signature_invalid",
                "The signature is wrong or has expired; read the output again.",
                headers=FOR_EVERY_ORIGIN,
            )
        tenant_id = tenant_of_output(decoded_id)
        if tenant_id is None:
            raise not_found()
        return tenant_id
