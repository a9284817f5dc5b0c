"""`/api/v1/collections`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from accounts.authentication.parameters import CREATED, Parameters
from accounts.idempotency import IdempotentView
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems
from generations.api.outputs import output_id_of, outputs_page
from generations.api.schema import OUTPUT_FILTERS, URL_EXPIRES_IN, OutputPage
from generations.collections import schema
from generations.collections.bodies import CollectionChange, CollectionNew, CollectionOutputNew
from generations.collections.representation import collection_json, collection_output_json
from generations.collections.selectors import collection_find, collection_output_find, output_counts
from generations.collections.services import (
    collection_create,
    collection_delete,
    collection_output_add,
    collection_output_remove,
    collection_update,
    output_unknown,
)
from generations.models import Collection

PATH = "/api/v1/collections"


def collection_id_of(text: str) -> UUID:
    """The id behind a public one. Raises the one 404 for what is no collection's id."""
    collection_id = ids.decode(ids.COLLECTION, text)
    if collection_id is None:
        raise not_found()
    return collection_id


def _load_response(request: Request, collection_id: UUID, *, status: int = 200) -> Response:
    """Returns a collection as it is. Raises Problem 404."""
    who = principal(request)
    with tenant_context(who.tenant_id):
        row = collection_find(collection_id, livemode=who.livemode)
        if row is None:
            raise not_found()
        count = output_counts([row.id]).get(row.id, 0)
    return _response(row, count, status=status)


def _response(row: Collection, count: int, *, status: int) -> Response:
    body = collection_json(row, count)
    return Response(body, status, headers={"Location": f"{PATH}/{body['id']}"} if status == 201 else None)


class CollectionList(IdempotentView):
    scopes = {"GET": "read", "POST": "generate"}

    @extend_schema(
        operation_id="collections_list",
        responses={200: schema.CollectionPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.COLLECTIONS],
        tags=["collections"],
    )
    def get(self, request: Request) -> Response:
        """Lists collections of this key's mode, newest first."""
        who = principal(request)
        parameters = Parameters(request, takes=(*CREATED, "name"))
        conditions = parameters.created()
        if (name := parameters.text("name")) is not None:
            conditions["name"] = name
        parameters.close()
        with tenant_context(who.tenant_id):
            rows = Collection.objects.filter(tenant_id=who.tenant_id, livemode=who.livemode, **conditions)
            page, cursor = page_read(request, rows, ids.COLLECTION)
            counts = output_counts(row.id for row in page)
        return Response(page_json([collection_json(row, counts.get(row.id, 0)) for row in page], cursor))

    @extend_schema(
        operation_id="collections_create",
        request=CollectionNew,
        responses={201: schema.Collection, **problems(400, 401, 403, 409, 422)},
        tags=["collections"],
    )
    def post(self, request: Request) -> Response:
        """Creates an empty collection, of the key's mode."""
        who = principal(request)
        values = body_of(request, CollectionNew)
        row = collection_create(tenant_id=who.tenant_id, livemode=who.livemode, **values)
        return _response(row, 0, status=201)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return _load_response(request, UUID(created_ids[0]), status=201)


class CollectionDetail(APIView):
    scopes = {"GET": "read", "PATCH": "generate", "DELETE": "generate"}

    @extend_schema(
        operation_id="collections_get",
        responses={200: schema.Collection, **problems(401, 403, 404)},
        tags=["collections"],
    )
    def get(self, request: Request, collection_id: str) -> Response:
        """Returns a collection."""
        return _load_response(request, collection_id_of(collection_id))

    @extend_schema(
        operation_id="collections_update",
        request=CollectionChange,
        responses={200: schema.Collection, **problems(400, 401, 403, 404, 422)},
        tags=["collections"],
    )
    def patch(self, request: Request, collection_id: str) -> Response:
        """Updates the fields that the body names."""
        who, row_id = principal(request), collection_id_of(collection_id)
        changed = body_of(request, CollectionChange, partial=True)
        if not collection_update(tenant_id=who.tenant_id, collection_id=row_id, livemode=who.livemode, changed=changed):
            raise not_found()
        return _load_response(request, row_id)

    @extend_schema(
        operation_id="collections_delete",
        responses={204: None, **problems(401, 403, 404)},
        tags=["collections"],
    )
    def delete(self, request: Request, collection_id: str) -> Response:
        """Deletes a collection; the pictures in it stay."""
        who, row_id = principal(request), collection_id_of(collection_id)
        if not collection_delete(tenant_id=who.tenant_id, collection_id=row_id, livemode=who.livemode):
            raise not_found()
        return Response(status=204)


class CollectionOutputs(IdempotentView):
    scopes = {"GET": "read", "POST": "generate"}

    @extend_schema(
        operation_id="collections_outputs_list",
        responses={200: OutputPage, **problems(401, 403, 404, 422)},
        parameters=[*PAGING, *OUTPUT_FILTERS, URL_EXPIRES_IN],
        tags=["collections"],
    )
    def get(self, request: Request, collection_id: str) -> Response:
        """Lists the pictures of a collection, the newest picture first."""
        who, row_id = principal(request), collection_id_of(collection_id)
        with tenant_context(who.tenant_id):
            if collection_find(row_id, livemode=who.livemode) is None:
                raise not_found()
        return Response(outputs_page(request, collection_id=row_id))

    @extend_schema(
        operation_id="collections_outputs_add",
        request=CollectionOutputNew,
        responses={200: schema.CollectionOutput, 201: schema.CollectionOutput, **problems(400, 401, 403, 404, 422)},
        tags=["collections"],
    )
    def post(self, request: Request, collection_id: str) -> Response:
        """Puts a picture into a collection; 200 where it is in it already."""
        who, row_id = principal(request), collection_id_of(collection_id)
        with tenant_context(who.tenant_id):
            if collection_find(row_id, livemode=who.livemode) is None:
                raise not_found()
        output_id = self._output_id(request)
        added = collection_output_add(
            tenant_id=who.tenant_id, collection_id=row_id, output_id=output_id, livemode=who.livemode
        )
        if added is None:
            raise not_found()
        row, is_new = added
        return Response(collection_output_json(row), 201 if is_new else 200)

    def replay(self, request: Request, created_ids: Sequence[str], collection_id: str) -> Response:
        who, row_id, output_id = principal(request), collection_id_of(collection_id), self._output_id(request)
        with tenant_context(who.tenant_id):
            row = collection_output_find(row_id, output_id, livemode=who.livemode)
        if row is None:
            raise not_found()
        return Response(collection_output_json(row), 201 if created_ids[0] == output_id.hex else 200)

    def _output_id(self, request: Request) -> UUID:
        output_id = ids.decode(ids.OUTPUT, body_of(request, CollectionOutputNew)["output_id"])
        if output_id is None:
            raise output_unknown()
        return output_id


class CollectionOutputDetail(APIView):
    scopes = {"DELETE": "generate"}

    @extend_schema(
        operation_id="collections_outputs_remove",
        responses={204: None, **problems(401, 403, 404)},
        tags=["collections"],
    )
    def delete(self, request: Request, collection_id: str, output_id: str) -> Response:
        """Takes a picture out of a collection; the picture stays."""
        who, row_id = principal(request), collection_id_of(collection_id)
        if not collection_output_remove(
            tenant_id=who.tenant_id, collection_id=row_id, output_id=output_id_of(output_id), livemode=who.livemode
        ):
            raise not_found()
        return Response(status=204)
