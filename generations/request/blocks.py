"""Content as steps hold it: a string, one block, or a list of blocks and strings."""

from __future__ import annotations

from typing import Any

from cavendish.http.problems import shown
from generations.request.content import read_block
from generations.request.fields import Context, Fields
from generations.request.generation_request import Block, Text


def read_content(fields: Fields, *, of_user: bool) -> tuple[Block, ...]:
    """The blocks under `content`: a string, one block or a list."""
    context, value, pointer = fields.context, fields.take("content"), fields.at("content")
    if value is None:
        fields.wrong("content", "required", "This step needs its content.")
        return ()
    if isinstance(value, str):
        return (Text(pointer, value),) if value else ()
    if isinstance(value, list):
        value = context.few(pointer, value)
        pointers = [f"{pointer}/{index}" for index in range(len(value))]
    else:
        value, pointers = [value], [pointer]
    blocks: list[Block | None] = []
    for item, at in zip(value, pointers, strict=True):
        item, at = unwrap(item, at)
        if isinstance(item, dict):
            blocks.append(read_block(context, item, at, of_user=of_user))
        else:
            blocks.append(read_loose(context, item, at))
    return tuple(block for block in blocks if block is not None)


def unwrap(item: Any, pointer: str) -> tuple[Any, str]:
    if isinstance(item, dict) and item.get("type") == "UNKNOWN" and isinstance(item.get("raw"), dict):
        return item["raw"], f"{pointer}/raw"
    return item, pointer


def read_loose(context: Context, item: Any, pointer: str) -> Block | None:
    if isinstance(item, str):
        return Text(pointer, item) if item else None
    if isinstance(item, dict):
        return read_block(context, item, pointer)
    context.wrong(pointer, "wrong_type", f"This is {shown(item)}; it takes a content block, a step or a string.")
    return None
