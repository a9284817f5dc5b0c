"""The turns around a picture, as runs of thumbnails that branch where a turn was continued more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cavendish.above.console.gallery.wall import output_address
from cavendish.above.console.pictures.sight import smaller_url
from cavendish.above.ui.formats import STATES
from cavendish.db import ids
from generations.jobs.turns import Turn, conversation_tree


@dataclass(frozen=True)
class Step:
    """A turn: its number and size, its thumbnail and page; without a picture `word` says why."""

    id: str
    number: int
    size: str
    address: str
    src: str
    width: int
    height: int
    word: str
    is_current: bool


@dataclass(frozen=True)
class Branch:
    """Turns that follow one another, and the branches into which the last of them parts."""

    steps: Sequence[Step]
    branches: Sequence[Branch]


@dataclass(frozen=True)
class Tree:
    """All turns of a conversation, and which one is shown; `is_cut` where the latest are left out."""

    root: Branch
    current: int
    turns: int
    is_cut: bool


def tree_of(generation_id: UUID) -> Tree | None:
    """Returns the turns around a generation, None where it is alone. Needs the tenant's context."""
    found = conversation_tree(generation_id)
    if found is None:
        return None
    root = _branch(found.first, generation_id)
    return Tree(root, _current(root), found.turns, found.is_cut)


def _current(branch: Branch) -> int:
    numbers = [step.number for step in branch.steps if step.is_current]
    return max([*numbers, *(_current(each) for each in branch.branches)], default=0)


def _branch(turn: Turn, current: UUID) -> Branch:
    run = [turn]
    while len(run[-1].next) == 1:
        run.append(run[-1].next[0])
    return Branch([_step(each, current) for each in run], [_branch(each, current) for each in run[-1].next])


def _step(turn: Turn, current: UUID) -> Step:
    job, output = turn.generation, turn.picture
    word = ""
    if turn.is_erased:
        word = str(STATES["erased"][1])
    elif output is None:
        word = str(STATES.get(job.status, ("", job.status))[1])
    return Step(
        id=ids.encode(ids.GENERATION, job.id),
        number=turn.number,
        size=job.image_size,
        address=output_address(output) if output and not word else "",
        src=smaller_url(output, 256) if output and not word else "",
        width=output.width if output else 1,
        height=output.height if output else 1,
        word=word,
        is_current=job.id == current,
    )
