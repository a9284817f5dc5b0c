"""`/api/v1/templates`: prompt templates, shipped and a tenant's own, and the guide's practices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.parameters import Parameters
from accounts.idempotency import IdempotentView
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found, shown
from cavendish.http.schema import PAGING, problems
from generations.accept.previews import TIER, template_preview
from generations.api import template_schema as schema
from generations.api.representation import quote_json
from generations.models import PromptTemplate, PromptTemplateVersion
from generations.prompt_templates.bodies import TemplateContent
from generations.prompt_templates.guide import CATEGORIES, guide, language_of
from generations.prompt_templates.representation import guide_json, guide_template_json, template_json
from generations.prompt_templates.selectors import guide_template, template_version_find, templates_newest
from generations.prompt_templates.services import template_create, template_delete, template_update
from generations.request import LANGUAGES

PATH = "/api/v1/templates"
MAX_VERSION = 2**31 - 1


class TemplateList(IdempotentView):
    scopes = {"GET": "read", "POST": "generate"}

    @extend_schema(
        operation_id="templates_list",
        responses={200: schema.TemplatePage, **problems(401, 403, 422)},
        parameters=[*PAGING, schema.BUILTIN, schema.CATEGORY, schema.LANGUAGE, schema.ACCEPT_LANGUAGE],
        tags=["templates"],
    )
    def get(self, request: Request) -> Response:
        """Lists the builtin templates on the first page, then the tenant's own of the key's mode, newest first."""
        who = principal(request)
        parameters = Parameters(request, takes=("builtin", "category", "language"))
        builtin, category = parameters.flag("builtin"), parameters.choice("category", CATEGORIES)
        language = _language(request, parameters)
        parameters.close()
        with tenant_context(who.tenant_id):
            rows = PromptTemplate.objects.filter(tenant_id=who.tenant_id, livemode=who.livemode)
            if builtin is True or category is not None:
                rows = rows.none()
            page, cursor = page_read(request, rows, ids.TEMPLATE)
            data = [template_json(row) for row in templates_newest(page)]
        if builtin is not False and not request.query_params.get("cursor"):
            shipped = [each for each in guide().templates.values() if category in {None, each.category}]
            data = [*(guide_template_json(each, language) for each in shipped), *data]
        return _in_language(page_json(data, cursor), language)

    @extend_schema(
        operation_id="templates_create",
        request=TemplateContent,
        responses={201: schema.Template, **problems(400, 401, 403, 409, 422)},
        tags=["templates"],
    )
    def post(self, request: Request) -> Response:
        """Creates a template of the tenant's own."""
        who = principal(request)
        row = template_create(
            tenant_id=who.tenant_id,
            livemode=who.livemode,
            content=body_of(request, TemplateContent),
            actor=actor(request),
        )
        return _created(row)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        """Returns the template as it stands now."""
        return _created(_own(request, UUID(created_ids[0])))


class TemplateDetail(APIView):
    scopes = {"GET": "read", "PATCH": "generate", "DELETE": "generate"}

    @extend_schema(
        operation_id="templates_get",
        responses={200: schema.Template, **problems(401, 403, 404, 422)},
        parameters=[schema.VERSION, schema.LANGUAGE, schema.ACCEPT_LANGUAGE],
        tags=["templates"],
    )
    def get(self, request: Request, template_id: str) -> Response:
        """Returns a template in its newest version, or in the one that `version` names."""
        parameters = Parameters(request, takes=("version", "language"))
        version, language = _version(parameters), _language(request, parameters)
        parameters.close()
        return _in_language(_shown(request, template_id, version, language), language)

    @extend_schema(
        operation_id="templates_update",
        request=TemplateContent,
        responses={200: schema.Template, **problems(400, 401, 403, 404, 422)},
        tags=["templates"],
    )
    def patch(self, request: Request, template_id: str) -> Response:
        """Makes a new version with the fields that the body names. The versions before stay readable."""
        who, row_id = principal(request), _own_id(template_id)
        row = template_update(
            tenant_id=who.tenant_id,
            template_id=row_id,
            livemode=who.livemode,
            changed=body_of(request, TemplateContent, partial=True),
            actor=actor(request),
        )
        if row is None:
            raise not_found()
        return Response(template_json(row))

    @extend_schema(
        operation_id="templates_delete", responses={204: None, **problems(401, 403, 404)}, tags=["templates"]
    )
    def delete(self, request: Request, template_id: str) -> Response:
        """Deletes a template with all its versions. Generations that were made with it keep their prompt."""
        who, row_id = principal(request), _own_id(template_id)
        if not template_delete(
            tenant_id=who.tenant_id, template_id=row_id, livemode=who.livemode, actor=actor(request)
        ):
            raise not_found()
        return Response(status=204)


class TemplatePreview(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="templates_preview",
        responses={200: schema.TemplatePreview, **problems(401, 403, 404, 422)},
        parameters=[schema.VALUES, schema.VERSION, schema.MODEL, schema.LANGUAGE, schema.ACCEPT_LANGUAGE],
        tags=["templates"],
    )
    def get(self, request: Request, template_id: str) -> Response:
        """Returns the prompt that values make, and the quote of a generation with it. Nothing is held or kept."""
        parameters = Parameters(request, takes=("values", "version", "model", "language"))
        version, language = _version(parameters), _language(request, parameters)
        values, model = _values(parameters), parameters.text("model")
        parameters.close()
        template = _shown(request, template_id, version, language)
        named = {"id": template["id"], "version": template["version"], "values": template["example"]["values"]}
        if template["language"]:
            named["language"] = language
        if values is not None:
            named["values"] = values
        parsed, spec, quote = template_preview(who=principal(request), model=model, named=named)
        assert parsed.template is not None
        preview = {
            "object": "template_preview",
            "template": {**named, "values": parsed.template.values},
            "prompt": parsed.template.prompt,
            "quote": quote_json(quote, spec, tier=TIER, variants=1),
        }
        return _in_language(preview, language)


class PromptGuide(APIView):
    scopes = {"GET": "read"}

    @extend_schema(
        operation_id="templates_guide",
        responses={200: schema.PromptGuide, **problems(401, 403, 422)},
        parameters=[schema.LANGUAGE, schema.ACCEPT_LANGUAGE],
        tags=["templates"],
    )
    def get(self, request: Request) -> Response:
        """Returns six practices for better prompts, and an example that is grounded in a search."""
        parameters = Parameters(request, takes=("language",))
        language = _language(request, parameters)
        parameters.close()
        return _in_language(guide_json(guide(), language), language)


def _language(request: Request, parameters: Parameters) -> str:
    return parameters.choice("language", LANGUAGES) or language_of(request.headers.get("Accept-Language"))


def _version(parameters: Parameters) -> int | None:
    value = parameters.text("version")
    if value is None:
        return None
    # int() accepts digits of any script, and raises an error of its own for thousands of them.
    if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= MAX_VERSION):
        parameters.wrong("version", "out_of_range", "Use a whole number from 1 on.")
        return None
    return int(value)


def _values(parameters: Parameters) -> dict[str, Any] | None:
    text = parameters.values.get("values")
    if text is None:
        return None
    try:
        values = json.loads(text)
        json.dumps(values, ensure_ascii=False).encode()  # half of a surrogate pair cannot be written
    except (ValueError, RecursionError):
        parameters.wrong("values", "wrong_type", "It is not JSON; use an object of values by slot.")
        return None
    if not isinstance(values, dict):
        parameters.wrong("values", "wrong_type", f"It is {shown(values)}; use an object of values by slot.")
        return None
    return values


def _in_language(body: dict[str, Any], language: str) -> Response:
    """Returns a response that a cache keeps by language."""
    return Response(body, headers={"Content-Language": language, "Vary": "Accept-Language"})


def _shown(request: Request, template_id: str, version: int | None, language: str) -> dict[str, Any]:
    """Returns a template, shipped or the tenant's own. Raises the one 404."""
    shipped = guide_template(template_id, version)
    if shipped is not None:
        return guide_template_json(shipped, language)
    return template_json(_own(request, _own_id(template_id), version))


def _own_id(template_id: str) -> UUID:
    """Returns the id of one of the tenant's own; the shipped ones are nobody's to change. Raises the one 404."""
    row_id = ids.decode(ids.TEMPLATE, template_id)
    if row_id is None:
        raise not_found()
    return row_id


def _own(request: Request, row_id: UUID, version: int | None = None) -> PromptTemplateVersion:
    who = principal(request)
    with tenant_context(who.tenant_id):
        row = template_version_find(row_id, livemode=who.livemode, version=version)
    if row is None:
        raise not_found()
    return row


def _created(row: PromptTemplateVersion) -> Response:
    body = template_json(row)
    return Response(body, 201, headers={"Location": f"{PATH}/{body['id']}"})
