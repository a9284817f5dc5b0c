"""What a generation's page shows: itself, the turns around it, its variants, and what can be made of it next."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles.permissions import Permission
from billing.money import ZERO
from cavendish.above.console.pictures.shapes import Sight, SightPicture
from cavendish.above.console.pictures.sight import picture_of as picture_of_output
from cavendish.above.console.pictures.sight import sights_read
from cavendish.above.console.playground.form import DRAFT_SIZE, body_again, picture_of, search_of
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.cells import model_name
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import listed
from cavendish.db import ids
from cavendish.gemini.catalog import CatalogError, get_model
from cavendish.http.problems import Problem
from generations.accept.funnel import quote_build
from generations.jobs.conversation import turns_around
from generations.models import Generation, Output, Status
from generations.request import MAX_VARIANTS
from generations.show.prompts import prompts_of

MAX_TURNS = 20
REPEAT, FINISH = "repeat", "finish"
LARGEST = "4K"
LOOK_BACK = 3
"""Generations for each picture that is looked for: some have none."""


@dataclass(frozen=True)
class Again:
    """A larger picture by one click: `repeat` asks anew, `finish` keeps the picture; its size and price."""

    how: str
    size: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Turn:
    """A generation in a strip: its number there, from 1."""

    number: int
    sight: Sight
    current: bool

    @property
    def picture(self) -> SightPicture | None:
        return self.sight.pictures[0] if self.sight.pictures else None

    @property
    def size(self) -> str:
        size = self.sight.generation.image_size
        return _("{} draft").format(size) if size == DRAFT_SIZE else size

    @property
    def amount(self) -> Decimal | None:
        cost = self.sight.cost
        return cost.amount if cost and cost.status != "held" else None


@dataclass(frozen=True)
class Result:
    """`turns` and `variants` are empty where there is one alone. `number` is which turn it is, from 1."""

    sight: Sight
    turns: Sequence[Turn]
    variants: Sequence[Turn]
    number: int

    @property
    def pending(self) -> bool:
        """Whether it or one of its variants has not ended."""
        return self.sight.pending or any(turn.sight.pending for turn in self.variants)

    @property
    def state(self) -> str:
        """Changes whenever something else is to be seen."""
        seen = [
            (turn.sight.public_id, turn.sight.status, turn.sight.detail.position, turn.sight.generation.attempts)
            for turn in self.variants or (Turn(self.number, self.sight, True),)
        ]
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]

    @property
    def total(self) -> Decimal:
        """What all turns cost together."""
        return sum((turn.amount or ZERO for turn in self.turns), ZERO)

    @property
    def compared(self) -> str:
        """Ids of what stands beside each other on the page that compares."""
        turns = self.variants or self.turns
        return ",".join(turn.sight.public_id for turn in turns[-MAX_VARIANTS:])


def result_of(work: Workplace, generation_id: UUID) -> Result | None:
    """Returns the result of a generation of this mode, None where there is none. Opens the tenant's context."""
    with work.reading():
        row = Generation.objects.filter(id=generation_id, livemode=work.livemode, deleted_at=None).first()
        if row is None:
            return None
        turn_ids = turns_around(generation_id, tenant_id=work.tenant_id, most=MAX_TURNS)
        wanted = Generation.objects.filter(deleted_at=None, livemode=work.livemode)
        rows = {each.id: each for each in wanted.filter(id__in=turn_ids)}
        siblings = list(wanted.filter(group_id=row.group_id).order_by("id")[:MAX_VARIANTS]) if row.group_id else []
        rows |= {each.id: each for each in siblings}
        sights = {sight.generation.id: sight for sight in sights_read(list(rows.values()))}
    turn_ids = [id for id in turn_ids if id in sights]
    number = turn_ids.index(generation_id) + 1
    return Result(
        sight=sights[generation_id],
        turns=_strip([sights[id] for id in turn_ids], generation_id),
        variants=_strip([sights[each.id] for each in siblings], generation_id),
        number=number,
    )


def _strip(sights: Sequence[Sight], current: UUID) -> list[Turn]:
    if len(sights) < 2:
        return []
    return [Turn(place, sight, sight.generation.id == current) for place, sight in enumerate(sights, 1)]


def again_of(work: Workplace, sight: Sight) -> list[Again]:
    """Returns what one click makes larger, with its price; nothing for who may not, or for what has no picture.

    Opens the tenant's context.
    """
    if not work.may(Permission.GENERATE) or not sight.succeeded or not sight.pictures or not sight.request:
        return []
    size = _largest(sight)
    if size is None or size == sight.generation.image_size:
        return []
    ways = [FINISH, REPEAT] if sight.generation.image_size == DRAFT_SIZE else [REPEAT]
    found = []
    for how in ways:
        try:
            body = io.BytesIO(json.dumps(body_for(sight, how)).encode())
            quote = quote_build(who=work.principal, body=body, tier="standard")[2]
        except Problem:
            continue
        found.append(Again(how, size, quote.expected.amount, quote.currency))
    return found


def body_for(sight: Sight, how: str) -> dict[str, Any]:
    """Returns the request that repeats a generation at its model's largest size, or that finishes its picture."""
    size = _largest(sight) or sight.generation.image_size
    if how == REPEAT:
        return body_again(sight.request, size=size)
    picture = picture_of(sight.request)
    ratio = sight.generation.aspect_ratio or picture.get("aspect_ratio")
    shape = {"aspect_ratio": ratio} if ratio else {}
    return {
        "model": sight.generation.model,
        "input": _("Render this picture again in full detail. Keep composition, colors, text and style as they are."),
        "response_format": [{"type": "text"}, {"type": "image", **shape, "image_size": size}],
        "previous_generation_id": sight.public_id,
    }


def _largest(sight: Sight) -> str | None:
    try:
        sizes = get_model(sight.generation.model).sizes
    except CatalogError:
        return None
    return LARGEST if LARGEST in sizes else sizes[-1]


@dataclass(frozen=True)
class Setting:
    """A setting that was compared: its name, a text for each column, and whether they differ."""

    name: str
    values: Sequence[str]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def settings_of(sights: Sequence[Sight]) -> list[Setting]:
    """Returns what generations were asked for beside their prompts, those that differ first; nothing that none says."""
    columns = [_settings(sight) for sight in sights]
    rows = [Setting(name, [column.get(name, "–") for column in columns]) for name in columns[0]]
    rows = [row for row in rows if set(row.values) != {"–"}]
    return sorted(rows, key=lambda row: not row.differs)


def _settings(sight: Sight) -> Mapping[str, str]:
    request, row = sight.request, sight.generation
    config = request.get("generation_config") or {}
    search = {"web_search": _("Web"), "image_search": _("Pictures")}
    template = request.get("template") or {}
    return {
        _("Model"): model_name(row.model),
        _("Ratio"): row.aspect_ratio or "–",
        _("Size"): row.image_size or "–",
        _("Thinking"): label(str(config.get("thinking_level") or "–")).capitalize(),
        _("Search"): listed(search.get(kind, kind) for kind in search_of(request)) or "–",
        _("References"): str(len(sight.references) or "–"),
        _("Seed"): str(config.get("seed", "–")),
        _("Temperature"): str(config.get("temperature", "–")),
        _("System instruction"): sight.asked.system_instruction or "–",
        _("Template"): str(template.get("id") or "–").replace("_", " ").capitalize(),
    }


@dataclass(frozen=True)
class RecentPicture:
    """A picture of an earlier result, and what it shows in words."""

    picture: SightPicture
    page: str
    alt: str


def recent_pictures(work: Workplace, most: int) -> list[RecentPicture]:
    """Returns the newest pictures of this mode. Opens the tenant's context."""
    with work.reading():
        # Along the index of generations: that of outputs knows no tenant.
        newest = Generation.objects.filter(tenant_id=work.tenant_id, livemode=work.livemode, deleted_at=None)
        generation_ids = list(newest.order_by("-id").values_list("id", flat=True)[: most * LOOK_BACK])
        rows = Output.objects.filter(generation_id__in=generation_ids, part=Output.Part.OUTPUT)
        outputs = list(rows.select_related("generation").order_by("-generation_id", "index")[:most])
        prompts = prompts_of({output.generation_id for output in outputs}, most=120)
    return [
        RecentPicture(
            picture=picture_of_output(output, output.generation.model, downloads=False),
            page=reverse("console:playground_result", args=[ids.encode(ids.GENERATION, output.generation_id)]),
            alt=prompts.get(output.generation_id) or _("Picture without a text"),
        )
        for output in outputs
    ]


def generation_id_of(public_id: str) -> UUID | None:
    return ids.decode(ids.GENERATION, public_id)


def may_go_on(sight: Sight) -> bool:
    """Returns whether a next turn can go on from it: it succeeded and is kept."""
    return sight.status == Status.SUCCEEDED and sight.generation.store
