"""Every shape of `input` that arrives on the wire, read into steps.

A string · a content block · a list of blocks · a list of steps · a list of {role, content} turns · a list of strings ·
blocks without a type that hold text · {"type": "UNKNOWN", "raw": …} as some SDK releases wrap what they do not know.
"""

from __future__ import annotations

from typing import Any

from cavendish.http.problems import shown
from generations.request.content import CONTENT_TYPES, REFUSED_TYPES, content_parse, loose_block_parse, unwrapped
from generations.request.fields import Context, Fields
from generations.request.generation_request import Block, Step, Text
from generations.request.hints import use
from generations.request.replay import MODEL_STEPS, model_step_parse

STEPS = ("user_input", *MODEL_STEPS)
# Steps of the upstream that belong to tools which image jobs do not have.
REFUSED_STEPS = (
    "function_call", "function_result", "url_context_call", "url_context_result", "code_execution_call",
    "code_execution_result", "google_maps_call", "google_maps_result", "file_search_call", "file_search_result",
    "mcp_server_tool_call", "mcp_server_tool_result",
)  # fmt: skip
_OF_BLOCKS = {"text", "data", "uri", "file_id", "output_id"}
TURNS = {"user": "user_input", "model": "model_output"}


def input_parse(context: Context, value: Any) -> tuple[Step, ...]:
    """The conversation in order; loose blocks that follow each other become one step of the user."""
    before = len(context.errors)
    if value is None:
        context.wrong("/input", "required", "input is missing; give a text, a content block or a list of them.")
        return ()
    if not isinstance(value, str | dict | list):
        context.wrong(
            "/input", "wrong_type", f"input is {shown(value)}; it takes a string, a content block or a list of them."
        )
        return ()
    steps: list[Step] = []
    loose: list[Block] = []
    items = context.limited("/input", value) if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        pointer = f"/input/{index}" if isinstance(value, list) else "/input"
        item, pointer = unwrapped(item, pointer)
        if isinstance(item, dict) and is_step(item):
            _flush(loose, steps)
            step = _step_parse(context, item, pointer)
            if step is not None:
                steps.append(step)
        elif (block := loose_block_parse(context, item, pointer)) is not None:
            loose.append(block)
    _flush(loose, steps)
    if len(context.errors) == before:
        _check_turns(context, steps)
    return tuple(steps)


def is_step(item: dict[str, Any]) -> bool:
    """Returns whether an item of the input is a step of the conversation, and no block that stands alone."""
    kind = item.get("type")
    if kind is None:
        return "content" in item or ("role" in item and not item.keys() & _OF_BLOCKS)
    return kind in STEPS or kind in REFUSED_STEPS or (kind not in CONTENT_TYPES and "content" in item)


def _flush(loose: list[Block], steps: list[Step]) -> None:
    if loose:
        steps.append(Step(loose[0].pointer, "user_input", tuple(loose)))
        loose.clear()


def _step_parse(context: Context, item: dict[str, Any], pointer: str) -> Step | None:
    kind = item.get("type")
    if kind in REFUSED_STEPS or kind in REFUSED_TYPES:
        context.wrong(f"{pointer}/type", "not_supported", f"Steps of the type {shown(kind)} are not taken.")
        return None
    fields = Fields(context, item, pointer)
    fields.take("type")
    if kind is None:
        kind = TURNS.get(fields.choice("role", ("user", "model")) or "")
        if kind is None:
            if not fields.has("role"):
                fields.wrong("type", "required", '"type" is missing; give user_input, or "role": "user".')
            return None
    elif kind not in STEPS:
        fields.wrong("type", "unknown_value", f"{shown(kind)} is no type of step; {use(str(kind), STEPS)}")
        return None
    else:
        fields.take("role")
    if kind in MODEL_STEPS:
        return model_step_parse(fields, kind)
    content = content_parse(fields, of_user=True)
    fields.close()
    return Step(pointer, "user_input", content)


def _check_turns(context: Context, steps: list[Step]) -> None:
    users = [step for step in steps if step.type == "user_input"]
    if not any(not isinstance(block, Text) or block.text.strip() for step in users for block in step.content):
        context.wrong("/input", "empty", "input is empty; it needs at least one text, picture or video of the user.")
    elif steps[-1].type != "user_input":
        context.wrong(steps[-1].pointer, "conflict", "The conversation must end with a step of the user.")
