"""What the lists of generations, outputs, batches and files take in their queries, as conditions on the rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from rest_framework.request import Request

from accounts.authentication.parameters import CREATED, SLACK, Parameters
from cavendish.db import ids
from cavendish.db.storable import is_storable
from cavendish.gemini.catalog import UnknownModel, get_model
from cavendish.http.problems import shown
from generations.errors import ErrorCode
from generations.labels.folding import MAX_CHARS, MAX_TAGS, tag_folded
from generations.models import Batch, BatchStatus, CollectionOutput, File, Generation, GenerationTag, Output, Status
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
    *CREATED,
    *_IDS,
    "conversation_id",
    "error_code",
    "url_expires_in",
    "q",
)
_ASKERS = ("key_id", "member_id")
_OUTPUTS_TAKE = (*CREATED, *_ASKERS, "generation_id", "model", "q", "favorite", "rating", "url_expires_in")
_BATCHES_TAKE = (*CREATED, "status", "model", *_ASKERS)
_FILES_TAKE = (*CREATED, "name", "mime_type", "source")
_MAX_SEARCH = 500
_MAX_NAME, _MAX_VALUE = 64, 512
_SLACK_OF_IDS = int(SLACK.total_seconds() * 1000) << 80

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
    conversation = parameters.id("conversation_id", ids.GENERATION)
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
    conditions = parameters.created()
    if (generation_id := parameters.id("generation_id", ids.GENERATION)) is not None:
        conditions["generation_id"] = generation_id
    if model := _model(parameters):
        conditions["generation__model"] = model
    for name in _ASKERS:
        column, prefix = _IDS[name]
        if (value := parameters.id(name, prefix)) is not None:
            conditions[f"generation__{column}"] = value
    if (favorite := parameters.flag("favorite")) is not None:
        conditions["favorite"] = favorite
    if rating := parameters.choice("rating", ("1", "2", "3", "4", "5")):
        conditions["rating"] = int(rating)
    collection_id = collection_id or parameters.id("collection_id", ids.COLLECTION)
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


def batches_filter(rows: QuerySet[Batch], request: Request) -> QuerySet[Batch]:
    """Returns the batches that the query asks for. Raises Problem 422 with every parameter that is wrong or unknown."""
    parameters = Parameters(request, takes=_BATCHES_TAKE, prefixes=(METADATA,))
    conditions = parameters.created() | _metadata(parameters)
    if status := parameters.choice("status", tuple(BatchStatus.values)):
        conditions["status"] = status
    if model := _model(parameters):
        conditions["model"] = model
    for name in _ASKERS:
        column, prefix = _IDS[name]
        if (value := parameters.id(name, prefix)) is not None:
            conditions[column] = value
    parameters.close()
    return rows.filter(**conditions)


def files_filter(rows: QuerySet[File], request: Request) -> QuerySet[File]:
    """Returns the files that the query asks for. Raises Problem 422 with every parameter that is wrong or unknown."""
    parameters = Parameters(request, takes=_FILES_TAKE)
    conditions = parameters.created()
    if source := parameters.choice("source", tuple(File.Source.values)):
        conditions["source"] = source
    for name in ("name", "mime_type"):
        if (value := parameters.text(name, most=255)) is not None:
            conditions[name] = value
    parameters.close()
    return rows.filter(**conditions)


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
    conditions |= parameters.created()
    for name, (column, prefix) in _IDS.items():
        value = parameters.id(name, prefix)
        if value is not None:
            conditions[column] = value
    return conditions | _metadata(parameters)


def _model(parameters: Parameters) -> str | None:
    value = parameters.text("model")
    if value is None:
        return None
    try:
        return get_model(value.removeprefix("models/")).id
    except UnknownModel as unknown:
        parameters.wrong("model", "unknown_model", no_such_model(value, unknown))
        return None


def _metadata(parameters: Parameters) -> dict[str, Any]:
    """Returns the condition that metadata has the values that are asked for."""
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
    return {"metadata__contains": asked} if asked else {}
