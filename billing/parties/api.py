"""`/api/v1/billing-profile`, the same of any tenant for operators, and `/api/v1/legal-entities`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_of
from accounts.authentication.permissions import require_live_key
from accounts.roles.operators import OperatorPermission
from billing.models import LegalEntity
from billing.parties import schema
from billing.parties.bodies import LegalEntityBody, OperatorProfilePatch, ProfilePatch
from billing.parties.representation import legal_entity_json, profile_json
from billing.parties.services import (
    billing_profile_of,
    billing_profile_update,
    legal_entity_create,
    legal_entity_update,
)
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import invalid_value, not_found
from cavendish.http.schema import PAGING, problems

NO_TEST = "Test jobs are on no invoice"


class OwnBillingProfile(APIView):
    scopes = {"GET": "billing", "PATCH": "billing"}

    @extend_schema(
        operation_id="billing_profile_get",
        responses={200: schema.BillingProfile, **problems(401, 403)},
        tags=["invoices"],
    )
    def get(self, request: Request) -> Response:
        """To whom this tenant's invoices go, and on which terms. Invoices are of live mode: it takes a live key."""
        require_live_key(request, NO_TEST)
        who = principal(request)
        with tenant_context(who.tenant_id):
            return Response(profile_json(billing_profile_of(who.tenant_id)))

    @extend_schema(
        operation_id="billing_profile_update",
        request=schema.ProfilePatch,
        responses={200: schema.BillingProfile, **problems(400, 401, 403, 422)},
        tags=["invoices"],
    )
    def patch(self, request: Request) -> Response:
        """Changes name, address, tax id, reference or emails of coming invoices. Tax and terms are the operator's."""
        require_live_key(request, NO_TEST)
        who = principal(request)
        values = body_of(request, ProfilePatch, partial=True)
        with tenant_context(who.tenant_id):
            billing_profile_update(tenant_id=who.tenant_id, actor=actor(request), **values)
            return Response(profile_json(billing_profile_of(who.tenant_id)))


class TenantBillingProfile(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "PATCH": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="tenant_billing_profile_get",
        responses={200: schema.BillingProfile, **problems(401, 404)},
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """To whom a tenant's invoices go, and on which terms."""
        return Response(profile_json(billing_profile_of(tenant_of(tenant_id))))

    @extend_schema(
        operation_id="tenant_billing_profile_update",
        request=schema.OperatorProfilePatch,
        responses={200: schema.BillingProfile, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def patch(self, request: Request, tenant_id: str) -> Response:
        """Changes a tenant's billing profile: tax, terms and the issuing company too."""
        tenant = tenant_of(tenant_id)
        values = body_of(request, OperatorProfilePatch, partial=True)
        entity = values.get("legal_entity_id")
        if entity is not None and not LegalEntity.objects.filter(id=entity).exists():
            raise invalid_value("/legal_entity_id", "not_found", "There is no such legal entity.")
        billing_profile_update(tenant_id=tenant, actor=actor(request), **values)
        return Response(profile_json(billing_profile_of(tenant)))


class LegalEntityList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="legal_entities_list",
        responses={200: schema.LegalEntityPage, **problems(401, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request) -> Response:
        """The companies that issue invoices, newest first."""
        Parameters(request).close()
        page, cursor = page_read(request, LegalEntity.objects.all(), ids.LEGAL_ENTITY)
        return Response(page_json([legal_entity_json(entity) for entity in page], cursor))

    @extend_schema(
        operation_id="legal_entities_create",
        request=schema.LegalEntityBody,
        responses={201: schema.LegalEntity, **problems(400, 401, 422)},
        tags=["operators"],
    )
    def post(self, request: Request) -> Response:
        """Adds a company; the first one issues for all tenants that name no other."""
        values = body_of(request, LegalEntityBody)
        return self._created(legal_entity_create(actor=actor(request), **values).id)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return self._created(UUID(created_ids[0]))

    def _created(self, legal_entity_id: UUID) -> Response:
        shown = legal_entity_json(LegalEntity.objects.get(id=legal_entity_id))
        return Response(shown, 201, headers={"Location": f"/api/v1/legal-entities/{shown['id']}"})


class LegalEntityDetail(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "PATCH": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="legal_entities_get",
        responses={200: schema.LegalEntity, **problems(401, 404)},
        tags=["operators"],
    )
    def get(self, request: Request, legal_entity_id: str) -> Response:
        """One company, with how many numbers it has given."""
        entity = LegalEntity.objects.filter(id=legal_entity_id_of(legal_entity_id)).first()
        if entity is None:
            raise not_found()
        return Response(legal_entity_json(entity))

    @extend_schema(
        operation_id="legal_entities_update",
        request=schema.LegalEntityPatch,
        responses={200: schema.LegalEntity, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def patch(self, request: Request, legal_entity_id: str) -> Response:
        """Changes what coming invoices say; issued ones stay as they are, and so do the numbers given."""
        entity_id = legal_entity_id_of(legal_entity_id)
        values = body_of(request, LegalEntityBody, partial=True)
        entity = legal_entity_update(legal_entity_id=entity_id, actor=actor(request), **values)
        if entity is None:
            raise not_found()
        return Response(legal_entity_json(entity))


def legal_entity_id_of(text: str) -> UUID:
    """Returns the id that a public id stands for. Raises Problem."""
    legal_entity_id = ids.decode(ids.LEGAL_ENTITY, text)
    if legal_entity_id is None:
        raise not_found()
    return legal_entity_id
