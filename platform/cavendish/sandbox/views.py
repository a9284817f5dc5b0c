"""The JSON of an interaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from cavendish.sandbox.contents import Json
from cavendish.sandbox.pictures import Recipe, Studio
from cavendish.sandbox.records import Record
from cavendish.sandbox.responses import Binary
from cavendish.sandbox.times import moment

_CHUNK = 1024 * 1024
_BLOCKS = {"content", "summary"}
"""The fields of a step that contain blocks; pictures are in these alone."""


def lifecycle(record: Record, *, final: bool) -> Json:
    """Returns the interaction without its steps, as in the first and the last event of a stream."""
    body: Json = {
        "id": record.id,
        "object": "interaction",
        "model": record.model,
        "status": record.status if final else "in_progress",
        "role": "model",
        "created": moment(record.created),
        "updated": moment(record.updated if final else record.created),
    }
    if final:
        body |= _outcome(record)
    return body


def _outcome(record: Record) -> Json:
    if record.status in {"in_progress", "cancelled"}:
        return {}
    body: Json = {"usage": record.plan.usage}
    return body | ({"errors": record.plan.errors} if record.plan.errors else {})


def interaction(record: Record, steps: list[Json]) -> Json:
    """Returns the interaction with these steps."""
    return {**lifecycle(record, final=True), "steps": steps, **record.echo}


async def model_steps(record: Record, studio: Studio, *, data_first: bool) -> list[Json]:
    """Returns the model's steps with their pictures drawn; none while the interaction runs."""
    if record.status in {"in_progress", "cancelled"}:
        return []
    drawn: dict[str, Binary] = {}
    for block in _pictures(record.plan.steps):
        recipe = Recipe(**block["data"]["recipe"])
        picture = await studio.picture(recipe)
        drawn[recipe.seed] = Binary(picture.size, picture.__iter__)

    def binary(data: Json) -> Binary:
        return drawn[data["recipe"]["seed"]]

    return _filled(record.plan.steps, binary, data_first=data_first)


def input_steps(record: Record, input_path: Callable[[str, int], Path]) -> list[Json]:
    """Returns the steps of the input, whose inline bytes are read from their files while they are sent."""

    def binary(data: Json) -> Binary:
        path = input_path(record.id, data["inline"])
        return Binary(path.stat().st_size, lambda: _file(path))

    return _filled(record.input, binary, data_first=False)


def _pictures(steps: list[Json]) -> Iterator[Json]:
    for step in steps:
        for name in _BLOCKS & step.keys():
            yield from (block for block in step[name] if isinstance(block.get("data"), dict))


def _filled(steps: list[Json], binary: Callable[[Json], Binary], *, data_first: bool) -> list[Json]:
    """Returns copies of the steps with their `data` replaced by the bytes that it refers to."""

    def block_filled(block: Json) -> Json:
        if not isinstance(block.get("data"), dict):
            return block
        data = {"data": binary(block["data"])}
        return {**data, **{**block, **data}} if data_first else {**block, **data}

    return [
        {name: [block_filled(block) for block in value] if name in _BLOCKS else value for name, value in step.items()}
        for step in steps
    ]


def _file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
