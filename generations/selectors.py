"""Reads of generations, in a tenant's context where nothing else is said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.authentication.principal import Principal
from billing.models import Charge, Hold
from billing.prices.selectors import price_book
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.prepared import run, run_as
from cavendish.db.rows import Columns
from cavendish.db.storable import is_storable
from cavendish.db.tenancy import tenant_context
from cavendish.gemini.catalog import Model, UnknownModel, models_taken, requested_model
from cavendish.timed_cache import TimedCache
from generations.models import File, Generation, GenerationContent, Output, ShareLink, Status

FALLBACK_SECONDS = 15.0
"""Where none of the model and size has succeeded within a week."""
KEEP_DURATIONS = 10.0

_durations: TimedCache[tuple[str, str], float] = TimedCache(most=1_000)


@dataclass(frozen=True)
class GenerationDetail:
    """A generation with everything that its representation shows. Its `content` has `job_spec` and `steps`, the
    largest columns, only where the whole was asked for.
    """

    generation: Generation
    content: GenerationContent
    outputs: list[Output]
    hold: Hold | None
    charge: Charge | None
    position: int | None
    estimated_seconds: int | None
    tags: list[str]


def models_offered(who: Principal) -> list[Model]:
    """The models that key and tenant may use and the plan offers. Opens the tenant's context."""
    with tenant_context(who.tenant_id):
        return [
            model
            for model in models_taken()
            if who.may_use(model.id)
            and price_book(tenant_id=who.tenant_id, model=model.id, tier="standard").terms.allow(model.id)
        ]


def model_offered(who: Principal, name: str) -> Model | None:
    """The model of an id or further name, if it is among those. Opens the tenant's context."""
    try:
        model = requested_model(name)
    except UnknownModel:
        return None
    return model if model in models_offered(who) else None


def generation_find(generation_id: UUID, *, livemode: bool | None) -> Generation | None:
    """A generation that is not deleted. `livemode` None is for a signed link, which names exactly one generation."""
    query = Generation.objects.filter(id=generation_id, deleted_at=None)
    if livemode is not None:
        query = query.filter(livemode=livemode)
    generation: Generation | None = query.first()
    return generation


def generation_detail(
    generation_id: UUID, *, livemode: bool, whole: bool = False, tenant_id: UUID | None = None
) -> GenerationDetail | None:
    """One generation with its parts, in one statement, which is planned once.

    With `tenant_id` no context must be open: then it takes one message instead of three.
    """
    parts = _parts(whole)
    statement = _statement("g.id = %s AND g.livemode = %s AND g.deleted_at IS NULL", parts, kept_plan=True)
    values = [generation_id, livemode]
    found = run_as(tenant_id, connection, statement, values) if tenant_id else run(connection, statement, values)
    return _read(found.rows, parts).get(generation_id)


def generation_details(generation_ids: Sequence[UUID], *, livemode: bool) -> dict[UUID, GenerationDetail]:
    """Those of the generations that there are, with their parts, by id, in one statement."""
    values = [list(generation_ids), livemode]
    return _details("g.id = ANY (%s) AND g.livemode = %s AND g.deleted_at IS NULL", values, _parts(False))


def generations_load(generations: Sequence[Generation], *, whole: bool = False) -> list[GenerationDetail]:
    """The parts of a page of generations, in one statement, in the order given."""
    ids = [generation.id for generation in generations]
    details = _details("g.id = ANY (%s)", [ids], _parts(whole)) if ids else {}
    return [details[id] for id in ids]


@cache
def _parts(whole: bool) -> tuple[Columns[Any], ...]:
    return (
        Columns(Generation, "g"),
        Columns(GenerationContent, "c", without=() if whole else {"job_spec", "steps"}),
        Columns(Charge, "b"),
        Columns(Hold, "h"),
        Columns(Output, "o"),
    )


def _details(condition: str, values: list[Any], parts: tuple[Columns[Any], ...]) -> dict[UUID, GenerationDetail]:
    """Generations with their parts, by id. `condition` is SQL of ours, its values come apart."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(condition, parts, kept_plan=False), values)
        return _read(cursor.fetchall(), parts)


@cache
def _statement(condition: str, parts: tuple[Columns[Any], ...], *, kept_plan: bool) -> str:
    """A hold is read only where no charge has ended it. Of one generation the plan is kept, since to make it takes
    longer than to use it; of a page a join is cheaper.
    """
    content = (
        "CROSS JOIN generation_content(g.id) c"
        if kept_plan
        else "JOIN generations_generationcontent c ON c.generation_id = g.id"
    )
    # The position is among the tenant's own waiting jobs, from 1: what other tenants have waiting is their own matter.
    return f"""
        SELECT {", ".join(part.sql for part in parts)}, CASE g.status WHEN 'queued' THEN
            (SELECT count(*) + 1 FROM generations_generation w
             WHERE w.status = 'queued' AND w.tenant_id = g.tenant_id AND w.priority = g.priority AND w.id < g.id) END,
            CASE g.status WHEN 'queued' THEN (SELECT count(*) FROM generations_generation w
             WHERE w.status = 'running' AND w.tenant_id = g.tenant_id AND w.priority <= g.priority) END,
            CASE g.status WHEN 'queued' THEN
                (SELECT t.concurrency_limit FROM accounts_tenant t WHERE t.id = g.tenant_id) END,
            ARRAY (SELECT t.tag FROM generations_generationtag t WHERE t.generation_id = g.id ORDER BY t.id)
        FROM generations_generation g
        {content}
        LEFT JOIN billing_charge b ON b.generation_id = g.id
        LEFT JOIN billing_hold h ON h.generation_id = g.id AND b.generation_id IS NULL
        LEFT JOIN generations_output o ON o.generation_id = g.id
        WHERE {condition}
    """  # noqa: S608


def _read(rows: Iterable[Sequence[Any]], parts: tuple[Columns[Any], ...]) -> dict[UUID, GenerationDetail]:
    """Returns what a statement of `_statement` found, by the generations' ids."""
    details: dict[UUID, GenerationDetail] = {}
    for row in rows:
        instances: list[Any] = []
        start = 0
        for part in parts:
            instances.append(part.read(row[start : start + part.width]))
            start += part.width
        generation, content, charge, hold, output = instances
        if generation.id not in details:
            position, running, limit, tags = row[start:]
            seconds = estimated_seconds(generation, position=position, running=running or 0, limit=limit or 1)
            details[generation.id] = GenerationDetail(generation, content, [], hold, charge, position, seconds, tags)
        if output is not None:
            details[generation.id].outputs.append(output)
    for detail in details.values():
        detail.outputs.sort(key=lambda output: (output.part, output.index))
    return details


def typical_seconds(model: str, image_size: str) -> float:
    """Returns what the latest took from start to end, as it was asked for within KEEP_DURATIONS."""
    return _durations.get((model, image_size), lambda: _read_seconds(model, image_size))


def _read_seconds(model: str, image_size: str) -> tuple[float, float]:
    """Returns what they took, a page of an index, and for how many seconds that is used."""
    seconds: float | None = call("generation_seconds", model, image_size, using="default")
    return FALLBACK_SECONDS if seconds is None else seconds, KEEP_DURATIONS


def estimated_seconds(
    generation: Generation, *, position: int | None, running: int, limit: int, now: datetime | None = None
) -> int | None:
    """Returns whole seconds until the generation is likely to have ended, at least 1; None for one that has.

    `position` is its place among the tenant's waiting ones, from 1; `running` of the tenant's run, `limit` may at once.
    """
    now = now or timezone.now()
    if generation.status == Status.RUNNING and generation.started_at is not None:
        typical = typical_seconds(generation.model, generation.image_size)
        seconds = typical - (now - generation.started_at).total_seconds()
    elif generation.status == Status.QUEUED and position is not None:
        typical = typical_seconds(generation.model, generation.image_size)
        # As many rounds of jobs before it as the tenant's limit makes of those that are ahead.
        rounds = (running + position - 1) // max(limit, 1)
        seconds = typical * (rounds + 1)
    else:
        return None
    left = (generation.deadline_at - now).total_seconds()
    return max(1, math.ceil(min(seconds, left)))


def groundings_of(generation_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any] | None]:
    """Returns what the searches of generations brought, by the generation's id."""
    rows = GenerationContent.objects.filter(generation_id__in=set(generation_ids))
    return dict(rows.values_list("generation_id", "grounding"))


def share_link_is_open(share_link_id: UUID, *, generation_id: UUID) -> bool:
    """Returns whether a link to that generation is neither revoked nor expired."""
    row = ShareLink.objects.filter(id=share_link_id, generation_id=generation_id).first()
    return row is not None and (row.expires_at is None or row.expires_at > timezone.now())


def file_find(file_id: UUID, *, livemode: bool) -> File | None:
    file: File | None = File.objects.filter(id=file_id, livemode=livemode, deleted_at=None).first()
    return file


def file_named(name: str, *, livemode: bool) -> File | None:
    """The file of a name: its id, as both APIs write it, or what its client called it."""
    file_id = ids.decode(ids.FILE, name)
    if file_id is not None:
        return file_find(file_id, livemode=livemode)
    if not is_storable(name):
        return None
    file: File | None = File.objects.filter(resource_name=name, livemode=livemode, deleted_at=None).first()
    return file


def output_find(output_id: UUID, *, livemode: bool | None) -> Output | None:
    """An output that is not deleted. `livemode` None is for a signed URL, which names exactly one output."""
    query = Output.objects.filter(id=output_id, generation__deleted_at=None).select_related("generation")
    if livemode is not None:
        query = query.filter(generation__livemode=livemode)
    output: Output | None = query.first()
    return output


def tenant_of_output(output_id: UUID) -> UUID | None:
    """Returns whose output a checked signed URL names; no tenant's context is open yet."""
    tenant_id: UUID | None = call("output_tenant", output_id, using="default")
    return tenant_id


def tenant_of_generation(generation_id: UUID) -> UUID | None:
    """Returns whose generation it is; no tenant's context is open yet."""
    tenant_id: UUID | None = call("generation_tenant", generation_id, using="default")
    return tenant_id
