"""What `GET /api/v1/generations` takes in its query, as conditions on the rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from rest_framework.request import Request

from accounts.authentication.parameters import Parameters
from cavendish.db import ids
from cavendish.db.storable import is_storable
from cavendish.gemini.catalog import UnknownModel, get_model
from cavendish.http.problems import shown
from generations.errors import ErrorCode
from generations.models import Generation, Status
from generations.request import no_such_model

METADATA = "metadata."
_IDS = {
    "key_id": ("api_key_id", ids.API_KEY),
    "member_id": ("member_id", ids.USER),
    "batch_id": ("batch_id", ids.BATCH),
    "group_id": ("group_id", ids.GENERATION_GROUP),
}
_TAKES = (
    "status",
    "model",
    "created_after",
    "created_before",
    *_IDS,
    "conversation_id",
    "error_code",
    "url_expires_in",
)
_MAX_NAME, _MAX_VALUE = 64, 512
_SLACK = timedelta(hours=1)
"""How far the clock of who makes an id may be from PostgreSQL's, which says when a row was made."""

# From turn to turn along the index of what continues what; UNION ends also where rows are in a ring.
_CONVERSATION = """
    WITH RECURSIVE turns AS (
        SELECT id FROM generations_generation WHERE id = %s AND tenant_id = %s
        UNION
        SELECT g.id FROM turns t JOIN generations_generation g ON g.previous_id = t.id AND g.tenant_id = %s
    )
    SELECT id FROM turns
"""


def generations_filter(rows: QuerySet[Generation], request: Request, *, tenant_id: UUID) -> QuerySet[Generation]:
    """Returns the rows that the query asks for. Raises Problem 422 with every parameter that is wrong or unknown."""
    parameters = Parameters(request, takes=_TAKES, prefixes=(METADATA,))
    conditions = _conditions(parameters)
    conversation = _id(parameters, "conversation_id", ids.GENERATION)
    parameters.close()
    if conversation is not None:
        rows = rows.filter(id__in=RawSQL(_CONVERSATION, (conversation, tenant_id, tenant_id)))
    return rows.filter(**conditions)


def _conditions(parameters: Parameters) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    if status := parameters.choice("status", tuple(Status.values)):
        conditions["status"] = status
    if model := _model(parameters):
        conditions["model"] = model
    if code := parameters.choice("error_code", tuple(ErrorCode)):
        conditions["error__code"] = code
    # Ids begin with the time: with a bound of them the list's index leads there.
    if (after := parameters.moment("created_after")) is not None:
        conditions |= {"created_at__gt": after, "id__gte": ids.first_at(after - _SLACK)}
    if (before := parameters.moment("created_before")) is not None:
        conditions |= {"created_at__lt": before, "id__lt": ids.first_at(before + _SLACK)}
    for name, (column, prefix) in _IDS.items():
        value = _id(parameters, name, prefix)
        if value is not None:
            conditions[column] = value
    metadata = _metadata(parameters)
    return conditions | ({"metadata__contains": metadata} if metadata else {})


def _model(parameters: Parameters) -> str | None:
    value = parameters.text("model")
    if value is None:
        return None
    try:
        return get_model(value.removeprefix("models/")).id
    except UnknownModel as unknown:
        parameters.wrong("model", "unknown_model", no_such_model(value, unknown))
        return None


def _id(parameters: Parameters, name: str, prefix: str) -> UUID | None:
    value = parameters.text(name)
    if value is None:
        return None
    decoded = ids.decode(prefix, value)
    if decoded is None:
        parameters.wrong(name, "unknown_value", f"{shown(value)} is no id like {prefix}_….")
    return decoded


def _metadata(parameters: Parameters) -> dict[str, str]:
    """Returns the values that metadata has to have, by name."""
    asked: dict[str, str] = {}
    for parameter in parameters.values:
        if not parameter.startswith(METADATA):
            continue
        value = str(parameters.values[parameter])
        name = parameter.removeprefix(METADATA)
        if 0 < len(name) <= _MAX_NAME and len(value) <= _MAX_VALUE and is_storable(name) and is_storable(value):
            asked[name] = value
        else:
            detail = f"Use a name of up to {_MAX_NAME} characters and a value of up to {_MAX_VALUE}."
            parameters.wrong(parameter, "unknown_value", detail)
    return asked
