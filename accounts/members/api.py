"""`/api/v1/members` and `/api/v1/invitations`: who belongs to a tenant and who is asked to; and the same for operators.

A member is named by the person's id: `usr_…`.
"""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_of
from accounts.members import schema
from accounts.members.bodies import MemberChange
from accounts.members.representation import member_json
from accounts.members.services import membership_remove, membership_role_change
from accounts.models import Membership, Role
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems


class MemberList(APIView):
    scopes = {"GET": "members"}

    @extend_schema(
        operation_id="members_list",
        responses={200: schema.MemberPage, **problems(401, 403, 422)},
        parameters=PAGING,
        tags=["members"],
    )
    def get(self, request: Request) -> Response:
        """Who belongs to the tenant, newest first."""
        return _members(request, principal(request).tenant_id)


class MemberDetail(APIView):
    scopes = {"GET": "members", "PATCH": "members", "DELETE": "members"}

    @extend_schema(
        operation_id="members_get", responses={200: schema.Member, **problems(401, 403, 404)}, tags=["members"]
    )
    def get(self, request: Request, member_id: str) -> Response:
        return Response(_member(principal(request).tenant_id, _user_of(member_id)))

    @extend_schema(
        operation_id="members_update",
        request=MemberChange,
        responses={200: schema.Member, **problems(400, 401, 403, 404, 409, 422)},
        tags=["members"],
    )
    def patch(self, request: Request, member_id: str) -> Response:
        """Changes a member's role. Owners are made and changed by owners in person, not by keys."""
        tenant_id, wanted = principal(request).tenant_id, _user_of(member_id)
        _member(tenant_id, wanted)
        role = Role(body_of(request, MemberChange)["role"])
        membership_role_change(tenant_id=tenant_id, user_id=wanted, role=role, actor=actor(request))
        return Response(_member(tenant_id, wanted))

    @extend_schema(
        operation_id="members_remove", responses={204: None, **problems(401, 403, 404, 409)}, tags=["members"]
    )
    def delete(self, request: Request, member_id: str) -> Response:
        """Ends a membership, and the keys that counted for that person with it."""
        membership_remove(tenant_id=principal(request).tenant_id, user_id=_user_of(member_id), actor=actor(request))
        return Response(status=204)


class TenantMemberList(OperatorView):
    @extend_schema(
        operation_id="tenant_members_list",
        responses={200: schema.MemberPage, **problems(401, 404, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Who belongs to a tenant, newest first."""
        return _members(request, tenant_of(tenant_id))


def _members(request: Request, tenant_id: UUID) -> Response:
    Parameters(request, takes=()).close()
    with tenant_work(tenant_id):
        rows = Membership.objects.filter(tenant_id=tenant_id).select_related("user")
        page, cursor = page_read(request, rows, ids.MEMBERSHIP)
        return Response(page_json([member_json(membership) for membership in page], cursor))


def _member(tenant_id: UUID, user_id: UUID) -> dict[str, object]:
    with tenant_work(tenant_id):
        found = Membership.objects.filter(tenant_id=tenant_id, user_id=user_id).select_related("user").first()
    if found is None:
        raise not_found()
    return member_json(found)


def _user_of(public: str) -> UUID:
    found = ids.decode(ids.USER, public)
    if found is None:
        raise not_found()
    return found
