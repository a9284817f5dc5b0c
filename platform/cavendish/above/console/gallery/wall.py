"""The wall: pictures as tiles on a justified grid, under the days on which they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from cavendish.above.console.pictures.sight import smaller_url
from cavendish.above.ui.cells import model_name
from cavendish.db import ids
from generations.derivatives.sizes import derived_size
from generations.jobs.turns import turn_numbers
from generations.models import Output
from generations.selectors import groundings_of
from generations.show.prompts import prompts_of
from generations.show.representation import is_grounded

ALT_CHARS = 120

RATIOS = (
    0.42, 0.558, 0.571, 0.667, 0.671, 0.73, 0.747, 0.778, 0.806, 1.0, 1.241, 1.286, 1.339, 1.37, 1.491, 1.5, 1.75,
    1.792, 2.286, 2.357, 3.2,
)  # fmt: skip
"""Width by height of what the models make, as classes of `gallery.css`: a tile has its shape before any script runs.

The narrowest and the widest stand for all beyond them, whose pictures lie whole on the ground of a wider tile.
"""


@dataclass(frozen=True)
class Tile:
    """A picture on the wall. `turn` is which one of its conversation, 1 for a first one."""

    id: str
    generation_id: str
    address: str
    src: str
    srcset: str
    width: int
    height: int
    shape: str
    alt: str
    model: str
    grounded: bool
    turn: int
    rating: int | None
    favorite: bool
    day: date


@dataclass(frozen=True)
class Day:
    """The pictures of a day. `title` is empty where the day began on the page before."""

    on: date
    title: str
    tiles: Sequence[Tile]


def tiles_read(outputs: Sequence[Output]) -> list[Tile]:
    """Returns the tiles of outputs whose generations are loaded, in a fixed number of queries of a tenant's context."""
    jobs = {output.generation_id for output in outputs}
    if not jobs:
        return []
    prompts, groundings, turns = prompts_of(jobs, most=ALT_CHARS), groundings_of(jobs), turn_numbers(jobs)
    return [
        Tile(
            id=ids.encode(ids.OUTPUT, output.id),
            generation_id=ids.encode(ids.GENERATION, output.generation_id),
            address=output_address(output),
            src=smaller_url(output, 512),
            srcset=_srcset(output),
            width=output.width,
            height=output.height,
            shape=shape(output.width, output.height),
            alt=prompts.get(output.generation_id, "")
            or _("Picture by %s").replace("%s", model_name(output.generation.model)),
            model=model_name(output.generation.model),
            grounded=is_grounded(groundings.get(output.generation_id)),
            turn=turns.get(output.generation_id, 1),
            rating=output.rating,
            favorite=output.favorite,
            day=timezone.localdate(output.created_at),
        )
        for output in outputs
    ]


def days_of(tiles: Sequence[Tile], *, begun: str = "") -> list[Day]:
    """Returns the tiles by day. `begun` is the day (ISO) whose heading stands already."""
    days: list[tuple[date, list[Tile]]] = []
    for tile in tiles:
        if not days or days[-1][0] != tile.day:
            days.append((tile.day, []))
        days[-1][1].append(tile)
    return [Day(on, "" if on.isoformat() == begun else day_title(on), tiles) for on, tiles in days]


def day_title(on: date) -> str:
    """Returns "Today", "Yesterday", "Thursday, 26 November", and of another year "26 November 2025"."""
    today = timezone.localdate()
    if on == today:
        return _("Today")
    if on == today - timedelta(days=1):
        return _("Yesterday")
    # Translators: days in Django's date format, without and with their year.
    return formats.date_format(on, _("l, j F") if on.year == today.year else _("j F Y"))


def shape(width: int, height: int) -> str:
    """Returns the class of the ratio that is nearest to a picture's."""
    ratio = min(RATIOS, key=lambda known: abs(log(known) - log(width / height)))
    return f"shape-{round(ratio * 1000)}"


def output_address(output: Output) -> str:
    return reverse("console:gallery_output", args=[ids.encode(ids.OUTPUT, output.id)])


def _srcset(output: Output) -> str:
    """Returns the larger thumbnail for screens with fine pixels, where there is a larger one."""
    if derived_size(output.width, output.height, requested=1024)[0] <= 512:
        return ""
    return f"{smaller_url(output, 1024)} 2x"
