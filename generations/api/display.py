"""What shows a generation: its display as JSON and as a small page, and lasting links to it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.parameters import Parameters
from accounts.authentication.permissions import HasScope
from accounts.authentication.principal import Principal
from accounts.idempotency import IdempotentView
from accounts.keys.bodies import Future
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.json_body import Body, body_of
from cavendish.http.languages import in_browsers_language
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import FieldError, Problem, invalid, not_found
from cavendish.http.schema import PAGING, problems
from generations.api import display_schema, schema
from generations.api.generations import generation_id_of
from generations.api.url_lifetime import url_seconds_of
from generations.models import ShareLink
from generations.selectors import generation_detail, generation_find
from generations.services import share_link_create, share_link_revoke
from generations.show.display import display_json
from generations.show.pages.views import embed_of, for_every_site, is_opened, load_in, page_refused, signed_load
from generations.show.representation import share_link_json
from generations.show.stored_bytes import page_link

THEMES = ("light", "dark")
THEME = OpenApiParameter(
    "theme", OpenApiTypes.STR, enum=list(THEMES), description="Of the small page; without it the viewer's own."
)


class ShareLinkNew(Body):
    expires_at = Future(
        allow_null=True,
        required=False,
        help_text="null: it lasts until it is revoked.",
        error_messages={"out_of_range": "This time has passed. To end a link now, delete it."},
    )


def theme_of(request: Request) -> str:
    """Returns the theme that was asked for, "" without one. Raises Problem 422."""
    theme = request.query_params.get("theme", "")
    if theme and theme not in THEMES:
        raise invalid([FieldError("/theme", "unknown", f"Use one of: {', '.join(THEMES)}.")])
    return theme


class GenerationDisplay(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="generations_display",
        responses={200: display_schema.Display, **problems(401, 403, 404, 422)},
        parameters=[schema.URL_EXPIRES_IN, THEME],
        tags=["generations"],
    )
    def get(self, request: Request, generation_id: str) -> Response:
        """Returns what has to be shown of a generation, in order, and how to embed the page that shows it."""
        who, url_seconds, theme = principal(request), url_seconds_of(request), theme_of(request)
        with tenant_context(who.tenant_id):
            detail = generation_detail(generation_id_of(generation_id), livemode=who.livemode)
        if detail is None:
            raise not_found()
        shown = display_json(detail, url_seconds=url_seconds, theme=theme)
        return Response(shown, headers={"Link": page_link(shown["page_url"])})


class GenerationDisplayPage(APIView):
    """The small page, to a key that may read or to whoever has a signed address or a share link."""

    scopes = {"GET": "read", "HEAD": "read"}
    permission_classes = ()

    @extend_schema(
        operation_id="generations_display_page",
        responses={(200, "text/html"): str, **problems(401, 403, 404, 422)},
        parameters=[THEME],
        tags=["generations"],
    )
    def get(self, request: Request, generation_id: str) -> HttpResponse:
        """Returns the page that is made to be embedded, by the tenant's `frame_origins`.

        It is in English or Chinese, as `Accept-Language` asks.
        """
        theme, asked = theme_of(request), request._request
        if isinstance(request.user, Principal):
            HasScope().has_permission(request, self)
            who = request.user
            loaded = load_in(who.tenant_id, generation_id_of(generation_id), livemode=who.livemode)
            if loaded is None:
                raise not_found()
            return in_browsers_language(asked, lambda: embed_of(loaded, theme=theme))
        if "signature" not in request.query_params:
            raise Problem(
                401,
                "not_authenticated",
                "Give an API key, or use the html_url of the display.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return in_browsers_language(asked, lambda: for_every_site(_signed_embed(asked, generation_id, theme)))


class ShareLinkList(IdempotentView):
    scopes = {"GET": "read", "POST": "generate"}

    @extend_schema(
        operation_id="share_links_list",
        responses={200: display_schema.ShareLinkPage, **problems(401, 403, 404, 422)},
        parameters=PAGING,
        tags=["generations"],
    )
    def get(self, request: Request, generation_id: str) -> Response:
        """Lists the share links of a generation, newest first."""
        Parameters(request, takes=()).close()
        who, row_id = principal(request), generation_id_of(generation_id)
        with tenant_context(who.tenant_id):
            if generation_find(row_id, livemode=who.livemode) is None:
                raise not_found()
            rows = ShareLink.objects.filter(tenant_id=who.tenant_id, generation_id=row_id)
            page, cursor = page_read(request, rows, ids.SHARE_LINK)
        return Response(page_json([share_link_json(row) for row in page], cursor))

    @extend_schema(
        operation_id="share_links_create",
        request=ShareLinkNew,
        responses={201: display_schema.ShareLink, **problems(400, 401, 403, 404, 422)},
        tags=["generations"],
    )
    def post(self, request: Request, generation_id: str) -> Response:
        """Makes a link to the generation's page that lasts until `expires_at`, or until it is revoked."""
        who, row_id = principal(request), generation_id_of(generation_id)
        expires_at = body_of(request, ShareLinkNew).get("expires_at")
        row = share_link_create(
            tenant_id=who.tenant_id,
            generation_id=row_id,
            livemode=who.livemode,
            expires_at=expires_at,
            actor=actor(request),
        )
        if row is None:
            raise not_found()
        return _created(row)

    def replay(self, request: Request, created_ids: Sequence[str], generation_id: str) -> Response:
        with tenant_context(principal(request).tenant_id):
            row = ShareLink.objects.filter(id=UUID(created_ids[0])).first()
        if row is None:
            raise not_found()
        return _created(row)


class ShareLinkDetail(APIView):
    scopes = {"DELETE": "generate"}

    @extend_schema(
        operation_id="share_links_delete", responses={204: None, **problems(401, 403, 404)}, tags=["generations"]
    )
    def delete(self, request: Request, share_link_id: str) -> Response:
        """Revokes a share link at once."""
        who, row_id = principal(request), ids.decode(ids.SHARE_LINK, share_link_id)
        if row_id is None or not share_link_revoke(
            tenant_id=who.tenant_id, share_link_id=row_id, livemode=who.livemode, actor=actor(request)
        ):
            raise not_found()
        return Response(status=204)


def _signed_embed(request: HttpRequest, generation_id: str, theme: str) -> HttpResponse:
    if not is_opened(request, generation_id):
        return page_refused(generation_id)
    return embed_of(signed_load(generation_id), theme=theme)


def _created(row: ShareLink) -> Response:
    return Response(share_link_json(row), 201)
