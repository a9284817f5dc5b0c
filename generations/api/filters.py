"""What `GET /api/v1/generations` and `/outputs` take in their queries, as conditions on the rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from rest_framework.request import Request

from accounts.authentication.parameters import Parameters
from cavendish.db import ids
from cavendish.db.storable import is_storable
from cavendish.gemini.catalog import UnknownModel, get_model
from cavendish.http.problems import shown
from generations.errors import ErrorCode
from generations.labels.folding import MAX_CHARS, MAX_TAGS, tag_folded
from generations.models import CollectionOutput, Generation, GenerationTag, Output, Status
from generations.request import no_such_model
from generations.search.selectors import OF_GENERATIONS, OF_OUTPUTS, with_terms
from generations.search.terms import terms_asked

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
    "q",
)
_OUTPUTS_TAKE = ("q", "favorite", "rating", "url_expires_in")
_MAX_SEARCH = 500
_MAX_NAME, _MAX_VALUE = 64, 512
_SLACK = timedelta(hours=1)
"""How far the clock of who makes an id may be from PostgreSQL's, which says when a row was made."""

_SLACK_OF_IDS = int(_SLACK.total_seconds() * 1000) << 80

# From turn to turn along the index of what continues what; UNION ends also where rows are in a ring.
_CONVERSATION = """
    WITH RECURSIVE turns AS (
        SELECT id FROM generations_generation WHERE id = %s AND tenant_id = %s
        UNION
        SELECT g.id FROM turns t JOIN generations_generation g ON g.previous_id = t.id AND g.tenant_id = %s
    )
    SELECT id FROM turns
"""


def generations_filter(
    rows: QuerySet[Generation], request: Request, *, tenant_id: UUID, livemode: bool
) -> QuerySet[Generation]:
    """Returns the rows that the query asks for. Raises Problem 422 with every parameter that is wrong or unknown."""
    parameters = Parameters(request, takes=_TAKES, prefixes=(METADATA,), repeats=("tag",))
    conditions = _conditions(parameters)
    tags = _tags(parameters)
    terms = _terms(parameters, tenant_id, livemode)
    conversation = _id(parameters, "conversation_id", ids.GENERATION)
    parameters.close()
    if conversation is not None:
        rows = rows.filter(id__in=RawSQL(_CONVERSATION, (conversation, tenant_id, tenant_id)))
    if terms:
        cursor = ids.decode(ids.GENERATION, request.query_params.get("cursor", ""))
        rows = with_terms(rows, terms, column=OF_GENERATIONS, before=cursor)
    return _tagged(rows.filter(**conditions), "id", tags)


def outputs_filter(
    rows: QuerySet[Output], request: Request, *, tenant_id: UUID, livemode: bool, collection_id: UUID | None
) -> QuerySet[Output]:
    """Returns the outputs that the query asks for, of a collection that the address names where it does.

    Raises Problem 422 with every parameter that is wrong or unknown.
    """
    takes = _OUTPUTS_TAKE if collection_id is not None else (*_OUTPUTS_TAKE, "collection_id")
    parameters = Parameters(request, takes=takes, repeats=("tag",))
    conditions: dict[str, Any] = {}
    if (favorite := parameters.flag("favorite")) is not None:
        conditions["favorite"] = favorite
    if rating := parameters.choice("rating", ("1", "2", "3", "4", "5")):
        conditions["rating"] = int(rating)
    collection_id = collection_id or _id(parameters, "collection_id", ids.COLLECTION)
    tags = _tags(parameters)
    terms = _terms(parameters, tenant_id, livemode)
    parameters.close()
    if collection_id is not None:
        rows = rows.filter(Exists(CollectionOutput.objects.filter(collection=collection_id, output=OuterRef("id"))))
    if terms:
        cursor = ids.decode(ids.OUTPUT, request.query_params.get("cursor", ""))
        # A generation is older than its outputs, but for the clocks of who makes their ids.
        before = UUID(int=min(cursor.int + _SLACK_OF_IDS, 2**128 - 1)) if cursor else None
        rows = with_terms(rows, terms, column=OF_OUTPUTS, before=before)
    return _tagged(rows.filter(**conditions), "generation_id", tags)


def _terms(parameters: Parameters, tenant_id: UUID, livemode: bool) -> list[int]:
    """Returns the terms of `q`, none without it."""
    text = parameters.values.get("q")
    if text is None:
        return []
    if len(text) > _MAX_SEARCH:
        parameters.wrong("q", "too_long", f"Use up to {_MAX_SEARCH} characters.")
        return []
    terms = terms_asked(text, tenant_id=tenant_id, livemode=livemode)
    if not terms:
        parameters.wrong("q", "unknown_value", f"{shown(text)} has no word to search for.")
    return terms


def _tags(parameters: Parameters) -> list[str]:
    """Returns the tags that are asked for, as they are compared."""
    given = parameters.values.getlist("tag")
    tags = {tag_folded(tag) if len(tag) <= MAX_CHARS and is_storable(tag) else "" for tag in given}
    if "" in tags or len(tags) > MAX_TAGS:
        detail = f"Use up to {MAX_TAGS} tags of 1 to {MAX_CHARS} characters."
        parameters.wrong("tag", "unknown_value", detail)
    return sorted(tags)


def _tagged(rows: QuerySet[Any], generation: str, tags: list[str]) -> QuerySet[Any]:
    """Returns the rows whose generation has all the tags."""
    for tag in tags:
        rows = rows.filter(Exists(GenerationTag.objects.filter(folded=tag, generation=OuterRef(generation))))
    return rows


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
