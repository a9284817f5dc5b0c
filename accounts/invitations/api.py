"""`/api/v1/invitations`: who is invited to a tenant; and the same for operators."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import CREATED, Parameters, tenant_of
from accounts.idempotency import IdempotentView
from accounts.invitations import schema
from accounts.invitations.bodies import InvitationNew
from accounts.invitations.representation import STATUSES, invitation_json
from accounts.invitations.services import invitation_create, invitation_resend, invitation_revoke
from accounts.models import Invitation, Role
from accounts.roles.operators import OperatorPermission
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems


class InvitationList(IdempotentView):
    scopes = {"GET": "members", "POST": "members"}

    @extend_schema(
        operation_id="invitations_list",
        responses={200: schema.InvitationPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.INVITATIONS],
        tags=["members"],
    )
    def get(self, request: Request) -> Response:
        """Lists invitations, newest first, including accepted, expired and revoked ones."""
        return _invitations(request, principal(request).tenant_id)

    @extend_schema(
        operation_id="invitations_create",
        request=InvitationNew,
        responses={201: schema.Invitation, **problems(400, 401, 403, 409, 422, 429)},
        tags=["members"],
    )
    def post(self, request: Request) -> Response:
        """Invites a person by email. The link works once, for that address, for seven days."""
        return _invite(request, principal(request).tenant_id, "/api/v1/invitations")

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return _invited(_find(principal(request).tenant_id, UUID(created_ids[0])), "/api/v1/invitations")


class InvitationDetail(APIView):
    scopes = {"GET": "members"}

    @extend_schema(
        operation_id="invitations_get", responses={200: schema.Invitation, **problems(401, 403, 404)}, tags=["members"]
    )
    def get(self, request: Request, invitation_id: str) -> Response:
        """Returns an invitation."""
        return Response(invitation_json(_find(principal(request).tenant_id, _id_of(invitation_id))))


class InvitationResend(IdempotentView):
    scopes = {"POST": "members"}

    @extend_schema(
        operation_id="invitations_resend",
        request=None,
        responses={200: schema.Invitation, **problems(401, 403, 404, 409, 429)},
        tags=["members"],
    )
    def post(self, request: Request, invitation_id: str) -> Response:
        """Sends the invitation again with a new link, valid for another seven days. The previous link stops working."""
        invitation = invitation_resend(
            tenant_id=principal(request).tenant_id, invitation_id=_id_of(invitation_id), actor=actor(request)
        )
        return Response(invitation_json(invitation))

    def replay(self, request: Request, created_ids: Sequence[str], invitation_id: str) -> Response:
        return Response(invitation_json(_find(principal(request).tenant_id, _id_of(invitation_id))))


class InvitationRevoke(IdempotentView):
    scopes = {"POST": "members"}

    @extend_schema(
        operation_id="invitations_revoke",
        request=None,
        responses={200: schema.Invitation, **problems(401, 403, 404, 409)},
        tags=["members"],
    )
    def post(self, request: Request, invitation_id: str) -> Response:
        """Revokes an invitation that was not accepted yet."""
        invitation = invitation_revoke(
            tenant_id=principal(request).tenant_id, invitation_id=_id_of(invitation_id), actor=actor(request)
        )
        return Response(invitation_json(invitation))

    def replay(self, request: Request, created_ids: Sequence[str], invitation_id: str) -> Response:
        return Response(invitation_json(_find(principal(request).tenant_id, _id_of(invitation_id))))


class TenantInvitationList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.TENANTS}

    @extend_schema(
        operation_id="tenant_invitations_list",
        responses={200: schema.InvitationPage, **problems(401, 404, 422)},
        parameters=[*PAGING, *schema.INVITATIONS],
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Lists a tenant's invitations, newest first."""
        return _invitations(request, tenant_of(tenant_id))

    @extend_schema(
        operation_id="tenant_invitations_create",
        request=InvitationNew,
        responses={201: schema.Invitation, **problems(400, 401, 404, 409, 422, 429)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Invites a person to a tenant, for example its first owner."""
        return _invite(request, tenant_of(tenant_id), f"/api/v1/tenants/{tenant_id}/invitations")

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        invitation = _find(tenant_of(tenant_id), UUID(created_ids[0]))
        return _invited(invitation, f"/api/v1/tenants/{tenant_id}/invitations")


def _invitations(request: Request, tenant_id: UUID) -> Response:
    parameters = Parameters(request, takes=(*CREATED, "status", "email"))
    conditions = parameters.created()
    status = parameters.choice("status", tuple(STATUSES))
    if (email := parameters.text("email", most=254)) is not None:
        conditions["email"] = email.lower()
    parameters.close()
    with tenant_work(tenant_id):
        rows = Invitation.objects.filter(tenant_id=tenant_id, **conditions)
        if status:
            rows = rows.filter(STATUSES[status]())
        page, cursor = page_read(request, rows, ids.INVITATION)
    return Response(page_json([invitation_json(invitation) for invitation in page], cursor))


def _invite(request: Request, tenant_id: UUID, path: str) -> Response:
    body = body_of(request, InvitationNew)
    invitation = invitation_create(
        tenant_id=tenant_id, email=body["email"], role=Role(body["role"]), actor=actor(request)
    )
    return _invited(invitation, path)


def _invited(invitation: Invitation, path: str) -> Response:
    response_body = invitation_json(invitation)
    return Response(response_body, 201, headers={"Location": f"{path}/{response_body['id']}"})


def _find(tenant_id: UUID, invitation_id: UUID) -> Invitation:
    with tenant_work(tenant_id):
        invitation: Invitation | None = Invitation.objects.filter(tenant_id=tenant_id, id=invitation_id).first()
    if invitation is None:
        raise not_found()
    return invitation


def _id_of(public: str) -> UUID:
    invitation_id = ids.decode(ids.INVITATION, public)
    if invitation_id is None:
        raise not_found()
    return invitation_id
