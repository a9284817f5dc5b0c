"""`/api/v1/guard-rules`: a tenant's rules on its requests, and the operator's; and pictures that hooks look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.authentication.drf import actor, principal
from accounts.authentication.parameters import Parameters
from accounts.idempotency import IdempotentView
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_of
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems
from cavendish.storage import objects
from generations.guard import schema
from generations.guard.after import Picture
from generations.guard.bodies import RuleChange, RuleNew
from generations.guard.representation import guard_rule_json
from generations.guard.selectors import guard_rule_find, guard_rules, guard_work
from generations.guard.services import guard_rule_create, guard_rule_delete, guard_rule_rotate, guard_rule_update
from generations.models.guard_rule import GuardRuleFields
from generations.request.media_types import EXTENSIONS
from generations.show.signed_urls import url_verify
from generations.show.stored_bytes import bytes_response

# No cache on the way may keep a secret.
NO_STORE = {"Cache-Control": "no-store"}
PATH = "/api/v1/guard-rules"


class GuardRuleList(IdempotentView):
    scopes = {"GET": "settings", "POST": "settings"}

    @extend_schema(
        operation_id="guard_rules_list",
        responses={200: schema.GuardRulePage, **problems(401, 403, 422)},
        parameters=PAGING,
        tags=["guard"],
    )
    def get(self, request: Request) -> Response:
        """Lists the rules on the tenant's requests, newest first. The operator's are among them."""
        return rules_list(request, principal(request).tenant_id, full=False)

    @extend_schema(
        operation_id="guard_rules_create",
        request=RuleNew,
        responses={201: schema.GuardRuleWithSecret, **problems(400, 401, 403, 409, 422)},
        tags=["guard"],
    )
    def post(self, request: Request) -> Response:
        """Creates a rule, which holds from the next request on. `secret`, of a hook, is only in this response."""
        return rule_create(request, principal(request).tenant_id, actor(request), PATH, full=False)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        """Returns the rule without its secret, which is nowhere to be had again."""
        return rule_created(principal(request).tenant_id, created_ids[0], PATH, full=False)


class GuardRuleDetail(APIView):
    scopes = {"GET": "settings", "PATCH": "settings", "DELETE": "settings"}

    @extend_schema(
        operation_id="guard_rules_get", responses={200: schema.GuardRule, **problems(401, 403, 404)}, tags=["guard"]
    )
    def get(self, request: Request, rule_id: str) -> Response:
        """Returns a rule, without its secret."""
        return rule_get(principal(request).tenant_id, rule_id, full=False)

    @extend_schema(
        operation_id="guard_rules_update",
        request=RuleChange,
        responses={200: schema.GuardRule, **problems(400, 401, 403, 404, 422)},
        tags=["guard"],
    )
    def patch(self, request: Request, rule_id: str) -> Response:
        """Updates the fields that the body names. The type stays."""
        return rule_update(request, principal(request).tenant_id, rule_id, actor(request), full=False)

    @extend_schema(operation_id="guard_rules_delete", responses={204: None, **problems(401, 403, 404)}, tags=["guard"])
    def delete(self, request: Request, rule_id: str) -> Response:
        """Deletes a rule."""
        return rule_delete(principal(request).tenant_id, rule_id, actor(request))


class GuardRuleRotate(IdempotentView):
    scopes = {"POST": "settings"}

    @extend_schema(
        operation_id="guard_rules_rotate",
        request=None,
        responses={200: schema.GuardRuleWithSecret, **problems(401, 403, 404, 409)},
        tags=["guard"],
    )
    def post(self, request: Request, rule_id: str) -> Response:
        """Gives a hook a new secret. For 24 hours each request has signatures of both secrets."""
        return rule_rotate(principal(request).tenant_id, rule_id, actor(request), full=False)

    def replay(self, request: Request, created_ids: Sequence[str], rule_id: str) -> Response:
        """Returns the rule without its new secret, which is nowhere to be had again."""
        return rule_get(principal(request).tenant_id, rule_id, full=False)


class ReviewedPicture(APIView):
    """A picture that no generation has yet, for the hook that is asked about it. Its signature is the permission."""

    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request, output_id: str, token: str) -> HttpResponseBase:
        if not url_verify(request.path, request.META.get("QUERY_STRING", "")):
            raise not_found()
        picture = Picture.of_token(token)
        local = objects().local_path(picture.key)
        if local is not None and not local.exists():
            # What was refused, or deleted since, is gone.
            raise not_found()
        return bytes_response(
            picture.key,
            mime_type=picture.mime_type,
            size=picture.bytes,
            sha256=picture.sha256,
            name=f"{output_id}.{EXTENSIONS.get(picture.mime_type, 'bin')}",
            more=NO_STORE,
        )


def rules_list(request: Request, tenant_id: UUID | None, *, full: bool) -> Response:
    """The page of `guard_rules`. `full`, here and below, is for operators."""
    Parameters(request).close()
    with guard_work(tenant_id):
        page, cursor = page_of(request, guard_rules(tenant_id), ids.GUARD_RULE)
    return Response(page_json([guard_rule_json(row, full=full) for row in page], cursor))


def rule_create(request: Request, tenant_id: UUID | None, who: Actor, path: str, *, full: bool) -> Response:
    values = body_of(request, RuleNew)
    row, secret = guard_rule_create(tenant_id=tenant_id, actor=who, values=values)
    return _created(row, path, full, secret)


def rule_created(tenant_id: UUID | None, created_id: str, path: str, *, full: bool) -> Response:
    """The answer to a rule's creation again, without the secret."""
    row = _found(tenant_id, ids.encode(ids.GUARD_RULE, UUID(created_id)))
    return _created(row, path, full)


def rule_get(tenant_id: UUID | None, rule_id: str, *, full: bool) -> Response:
    return Response(guard_rule_json(_found(tenant_id, rule_id), full=full))


def rule_update(request: Request, tenant_id: UUID | None, rule_id: str, who: Actor, *, full: bool) -> Response:
    row = _found(tenant_id, rule_id)
    values = body_of(request, RuleChange, partial=True, type=row.type)
    changed = guard_rule_update(tenant_id=tenant_id, rule_id=row.id, actor=who, values=values)
    if changed is None:
        raise not_found()
    return Response(guard_rule_json(changed, full=full))


def rule_delete(tenant_id: UUID | None, rule_id: str, who: Actor) -> Response:
    if not guard_rule_delete(tenant_id=tenant_id, rule_id=_id_of(rule_id), actor=who):
        raise not_found()
    return Response(status=204)


def rule_rotate(tenant_id: UUID | None, rule_id: str, who: Actor, *, full: bool) -> Response:
    rotated = guard_rule_rotate(tenant_id=tenant_id, rule_id=_id_of(rule_id), actor=who)
    if rotated is None:
        raise not_found()
    row, secret = rotated
    return Response(guard_rule_json(row, full=full, secret=secret), headers=NO_STORE)


def _created(row: GuardRuleFields, path: str, full: bool, secret: str | None = None) -> Response:
    body: dict[str, Any] = guard_rule_json(row, full=full, secret=secret)
    return Response(body, 201, headers={"Location": f"{path}/{body['id']}", **NO_STORE})


def _found(tenant_id: UUID | None, public: str) -> GuardRuleFields:
    with guard_work(tenant_id):
        row = guard_rule_find(_id_of(public), tenant_id=tenant_id)
    if row is None:
        raise not_found()
    return row


def _id_of(public: str) -> UUID:
    rule_id = ids.decode(ids.GUARD_RULE, public)
    if rule_id is None:
        raise not_found()
    return rule_id
