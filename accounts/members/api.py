"""`/api/v1/members`: who belongs to a tenant; and the same for operators. A member's id is the person's: `usr_…`."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import CREATED, Parameters, tenant_of
from accounts.members import schema
from accounts.members.bodies import MemberChange
from accounts.members.representation import member_json
from accounts.members.selectors import people_with_two_factors
from accounts.members.services import membership_remove, membership_role_change
from accounts.models import Membership, Role
from accounts.roles.operators import OperatorPermission
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
        parameters=[*PAGING, *schema.MEMBERS],
        tags=["members"],
    )
    def get(self, request: Request) -> Response:
        """Lists the tenant's members, newest first."""
        return _members(request, principal(request).tenant_id)


class MemberDetail(APIView):
    scopes = {"GET": "members", "PATCH": "members", "DELETE": "members"}

    @extend_schema(
        operation_id="members_get", responses={200: schema.Member, **problems(401, 403, 404)}, tags=["members"]
    )
    def get(self, request: Request, member_id: str) -> Response:
        """Returns a member."""
        return Response(_member_json(principal(request).tenant_id, _user_id_of(member_id)))

    @extend_schema(
        operation_id="members_update",
        request=MemberChange,
        responses={200: schema.Member, **problems(400, 401, 403, 404, 409, 422)},
        tags=["members"],
    )
    def patch(self, request: Request, member_id: str) -> Response:
        """Changes a member's role. Keys cannot create or change owners; owners do that in the console."""
        tenant_id, user_id = principal(request).tenant_id, _user_id_of(member_id)
        _member_json(tenant_id, user_id)
        role = Role(body_of(request, MemberChange)["role"])
        membership_role_change(tenant_id=tenant_id, user_id=user_id, role=role, actor=actor(request))
        return Response(_member_json(tenant_id, user_id))

    @extend_schema(
        operation_id="members_remove", responses={204: None, **problems(401, 403, 404, 409)}, tags=["members"]
    )
    def delete(self, request: Request, member_id: str) -> Response:
        """Removes a member and revokes the keys that count for them."""
        membership_remove(tenant_id=principal(request).tenant_id, user_id=_user_id_of(member_id), actor=actor(request))
        return Response(status=204)


class TenantMemberList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="tenant_members_list",
        responses={200: schema.MemberPage, **problems(401, 404, 422)},
        parameters=[*PAGING, *schema.MEMBERS],
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Lists a tenant's members, newest first."""
        return _members(request, tenant_of(tenant_id))


def _members(request: Request, tenant_id: UUID) -> Response:
    parameters = Parameters(request, takes=(*CREATED, "role", "email"))
    conditions = parameters.created()
    if role := parameters.choice("role", tuple(Role.values)):
        conditions["role"] = role
    if (email := parameters.text("email", most=254)) is not None:
        conditions["user__email__iexact"] = email
    parameters.close()
    with tenant_work(tenant_id):
        rows = Membership.objects.filter(tenant_id=tenant_id, **conditions).select_related("user")
        page, cursor = page_read(request, rows, ids.MEMBERSHIP)
        protected = people_with_two_factors([membership.user_id for membership in page])
        shown = [member_json(membership, two_factor=membership.user_id in protected) for membership in page]
        return Response(page_json(shown, cursor))


def _member_json(tenant_id: UUID, user_id: UUID) -> dict[str, object]:
    with tenant_work(tenant_id):
        membership = Membership.objects.filter(tenant_id=tenant_id, user_id=user_id).select_related("user").first()
        protected = people_with_two_factors([user_id])
    if membership is None:
        raise not_found()
    return member_json(membership, two_factor=user_id in protected)


def _user_id_of(public: str) -> UUID:
    user_id = ids.decode(ids.USER, public)
    if user_id is None:
        raise not_found()
    return user_id
