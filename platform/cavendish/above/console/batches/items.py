"""From rows of a table to items of a batch, in the API's own words: JSONL as `POST /api/v1/batches` takes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cavendish.above.console.batches.sheet import Sheet, SheetProblem, SheetRow
from cavendish.above.console.playground.prompt_templates import TemplateShown
from cavendish.above.ui.marks import listed
from cavendish.db import ids

PROMPT, PICTURE, KEY, MODEL, RATIO, SIZE = "prompt", "picture", "key", "model", "aspect_ratio", "image_size"
ALWAYS = (PICTURE, KEY, MODEL, RATIO, SIZE)
"""Columns that every table may have."""


@dataclass(frozen=True)
class Defaults:
    """What holds for rows that do not say it themselves; "" leaves it to the model."""

    model: str
    aspect_ratio: str = ""
    image_size: str = ""


@dataclass(frozen=True)
class Item:
    """An item with the line of its row."""

    line: int
    value: Mapping[str, Any]


def columns_of(template: TemplateShown | None) -> list[str]:
    """Returns the names of the columns that a table may have, those first that it is made of."""
    own = [slot.name for slot in template.slots] if template else [PROMPT]
    return [*own, *(name for name in ALWAYS if name not in own)]


def head_problems(sheet: Sheet, template: TemplateShown | None) -> list[SheetProblem]:
    """Returns what is wrong with the columns: unknown ones, and those that are missing though they are needed."""
    known = _names(template)
    problems = [
        SheetProblem(1, name, _("This column is not known. Use %s.").replace("%s", listed(columns_of(template))))
        for name in sheet.head
        if name and name.casefold() not in known
    ]
    given = {known.get(name.casefold()) for name in sheet.head}
    needed = [slot.name for slot in template.slots if slot.required] if template else [PROMPT]
    if template is not None and template.images:
        needed.append(PICTURE)
    text = _("This column is missing.")
    return problems + [SheetProblem(1, name, text) for name in needed if name not in given]


def items_of(sheet: Sheet, template: TemplateShown | None, defaults: Defaults) -> Iterator[Item]:
    """Yields an item for each row. Whether its values are right is the API's to say."""
    known = _names(template)
    for row in sheet.rows:
        cells = {known[name.casefold()]: value for name, value in row.cells.items()}
        yield Item(row.line, _item(row, cells, template, defaults))


def item_line(item: Item) -> bytes:
    return json.dumps(item.value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def column_of(pointer: str, template: TemplateShown | None) -> str:
    """Returns the column whose value a pointer into an item's request means; "" for none."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    if parts[:1] == ["request"]:
        parts = parts[1:]
    if parts[:2] == ["template", "values"] and len(parts) > 2:
        return parts[2]
    if parts[:1] == ["input"]:
        # Pictures stand before the prompt, each with a field of its own that is wrong.
        return PICTURE if template or len(parts) > 2 else PROMPT
    return parts[-1] if parts and parts[-1] in ALWAYS else ""


def sample_rows(template: TemplateShown | None, model: str) -> Iterator[Sequence[str]]:
    """Yields the column names and two rows, for a file to begin with."""
    columns = columns_of(template)
    yield columns
    examples = {slot.name: slot.example for slot in template.slots} if template else {}
    prompts = (_("A ripe banana on a marble table"), _("A lighthouse at dusk, in watercolour"))
    for number, prompt in enumerate(prompts, 1):
        row = {PROMPT: prompt, **examples, KEY: f"row-{number}", MODEL: model, RATIO: "1:1", SIZE: "1K"}
        yield [row.get(name, "") for name in columns]


def _names(template: TemplateShown | None) -> dict[str, str]:
    """Returns the columns by their names without regard to case; a slot's label names it too."""
    names = {name.casefold(): name for name in columns_of(template)}
    for slot in template.slots if template else ():
        names.setdefault(slot.label.casefold(), slot.name)
    return names


def _item(
    row: SheetRow, cells: Mapping[str, str], template: TemplateShown | None, defaults: Defaults
) -> dict[str, Any]:
    slots = {slot.name for slot in template.slots} if template else set()
    # A slot may be called as one of ours: the column is the slot's then.
    own = {name: cells[name] for name in ALWAYS if name in cells and name not in slots}
    request: dict[str, Any] = {"model": own.get(MODEL) or defaults.model}
    pictures = [_picture(text) for text in own.get(PICTURE, "").split()]
    if template is None:
        prompt = cells.get(PROMPT, "")
        request["input"] = [*pictures, {"type": "text", "text": prompt}] if pictures else prompt
    else:
        language = {"language": template.language} if template.language else {}
        values = {name: value for name, value in cells.items() if name in slots}
        request["template"] = {"id": template.id, **language, "values": values}
        if pictures:
            request["input"] = pictures
    shape = {RATIO: own.get(RATIO) or defaults.aspect_ratio, SIZE: own.get(SIZE) or defaults.image_size}
    if any(shape.values()):
        request["response_format"] = {"type": "image", **{name: value for name, value in shape.items() if value}}
    return {"key": own.get(KEY) or str(row.line), "request": request}


def _picture(text: str) -> dict[str, str]:
    """Returns a picture by a file's id, an output's id, or an address."""
    kind = text.partition("_")[0]
    name = {ids.FILE: "file_id", ids.OUTPUT: "output_id"}.get(kind, "uri")
    return {"type": "image", name: text}
