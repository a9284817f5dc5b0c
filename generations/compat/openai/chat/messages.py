"""`messages`: the turns of a conversation into steps, and what the model is told beforehand."""

from __future__ import annotations

from typing import Any

from cavendish.gemini.reader import SpilledUrl
from cavendish.http.problems import shown
from generations.compat.openai.chat.outlines import Block, outline_unpack, turn_rebuild
from generations.compat.shared.camel_fields import CamelFields, camel_fields_of
from generations.compat.shared.pointer_map import PointerMap
from generations.compat.shared.signatures import Step
from generations.request.fields import Context
from generations.request.hints import listing, use
from generations.request.uris import is_youtube

BEFOREHAND = ("system", "developer")
ROLES = (*BEFOREHAND, "user", "assistant")
_OF_TOOLS = ("tool", "function")
PARTS = ("text", "image_url", "video_url")
_OTHER_PARTS = {
    "file": 'Files are not taken; send pictures as {"type": "image_url", "image_url": {"url": "data:…"}}.',
    "input_audio": "No model here takes audio.",
    "input_image": 'That is a part of the Responses API; use "image_url".',
    "input_text": 'That is a part of the Responses API; use "text".',
    "image": 'Send a picture as {"type": "image_url", "image_url": {"url": "data:…"}}.',
}
_EXPECTED_URL = 'an object like {"url": "data:image/png;base64,…"} or {"url": "https://…"}'
_LIKE_DATA = "data:"


class Messages:
    """Collects steps and instructions; `pointers` learns where each block came from. What is wrong is noted in
    `context`. `ignored` names what was given and changes nothing.
    """

    def __init__(self, context: Context, pointers: PointerMap) -> None:
        self.steps: list[Step] = []
        self.instructions: list[str] = []
        self.ignored: list[str] = []
        self._context = context
        self._pointers = pointers

    def parse(self, fields: CamelFields) -> None:
        """Reads all of `messages`."""
        self._pointers.note("/input", fields.at("messages"))
        self._pointers.note("/system_instruction", fields.at("messages"))
        if not fields.take("messages"):
            fields.wrong("messages", "required", 'It is empty; give for example [{"role": "user", "content": "…"}].')
            return
        for index, item in enumerate(fields.items("messages")):
            pointer = f"{fields.at('messages')}/{index}"
            message = camel_fields_of(self._context, item, pointer, 'an object like {"role": "user", "content": "…"}')
            if message is not None:
                self._message(message)

    def _message(self, message: CamelFields) -> None:
        role = message.text("role")
        if role in BEFOREHAND:
            self._beforehand(message)
        elif role == "user":
            self._user(message)
        elif role == "assistant":
            self._assistant(message)
        elif role in _OF_TOOLS:
            message.wrong("role", "not_supported", "The image models call no tools of yours; leave it out.")
        elif role is None and not message.has("role"):
            message.wrong("role", "required", f"A message needs its role: {listing(ROLES)}.")
        elif role is not None:
            message.wrong("role", "unknown_value", f"{shown(role)} is no role; {use(role, ROLES)}")

    def _beforehand(self, message: CamelFields) -> None:
        for pointer, block in self._content(message, required=True):
            if block["type"] == "text":
                self.instructions.append(block["text"])
            else:
                self._context.wrong(pointer, "not_supported", "What the model is told beforehand is text.")
        self._close(message)

    def _user(self, message: CamelFields) -> None:
        blocks = self._content(message, required=True)
        self._close(message)
        if blocks:
            self._append({"type": "user_input", "content": [block for _, block in blocks]}, message.pointer)
            for place, (pointer, block) in enumerate(blocks):
                self._note(place, pointer, block)

    def _assistant(self, message: CamelFields) -> None:
        """A turn of the model's, as our answers have it or as other clients keep it."""
        message.refuse(
            "tool_calls", "function_call", "audio", because="The image models call no tools of yours and say nothing."
        )
        blocks = self._content(message, required=False)
        for index, item in enumerate(message.items("images")):
            if (block := self._picture(item, f"{message.at('images')}/{index}")) is not None:
                blocks.append((f"{message.at('images')}/{index}", block))
        if not blocks and (refusal := message.text("refusal")):
            blocks.append((message.at("refusal"), {"type": "text", "text": refusal}))
        outline = self._outline(message)
        first = len(self.steps)
        if outline:
            text = "".join(block["text"] for _, block in blocks if block["type"] == "text")
            pictures = [block for _, block in blocks if block["type"] != "text"]
            for step in turn_rebuild(outline, text, pictures):
                self._append(step, message.pointer)
        elif blocks:
            self._append({"type": "model_output", "content": [block for _, block in blocks]}, message.pointer)
        pointers = {id(block): pointer for pointer, block in blocks}
        for number in range(first, len(self.steps)):
            for place, block in enumerate(self.steps[number].get("content") or ()):
                if id(block) in pointers:
                    self._note(place, pointers[id(block)], block, step=number)

    def _outline(self, message: CamelFields) -> list[Step]:
        """The turn that `reasoning_details` remember, if they are ours."""
        for entry in message.items("reasoning_details"):
            data = entry.get("data") if isinstance(entry, dict) else None
            if isinstance(data, str) and (steps := outline_unpack(data)):
                return steps
        return []

    def _content(self, message: CamelFields, *, required: bool) -> list[tuple[str, Block]]:
        """The blocks of `content`, each with its pointer; without empty texts."""
        value = message.take("content")
        at = message.at("content")
        if value is None:
            if required:
                message.wrong("content", "required", "A message needs its content.")
            return []
        if isinstance(value, str):
            return [(at, {"type": "text", "text": value})] if value else []
        if not isinstance(value, list):
            message.wrong_type("content", "a string or a list of parts")
            return []
        blocks: list[tuple[str, Block]] = []
        for index, item in enumerate(self._context.limited(at, value)):
            pointer = f"{at}/{index}"
            if isinstance(item, str):
                item = {"type": "text", "text": item}
            part = camel_fields_of(self._context, item, pointer, 'a part like {"type": "text", "text": "…"}')
            if part is not None and (block := self._part(part)) is not None:
                blocks.append((pointer, block))
        return blocks

    def _part(self, part: CamelFields) -> Block | None:
        kind = part.text("type")
        if kind == "text":
            text = part.text("text")
            if text is None and not part.has("text"):
                part.wrong("text", "required", "A text part needs its text.")
            part.take("cache_control", "annotations")
            part.close()
            return {"type": "text", "text": text} if text else None
        if kind == "refusal":
            return {"type": "text", "text": text} if (text := part.text("refusal")) else None
        if kind in ("image_url", "video_url"):
            part.take("cache_control")
            return self._picture(part.values, part.pointer, name=kind)
        if kind in _OTHER_PARTS:
            part.wrong("type", "not_supported", _OTHER_PARTS[kind])
        elif kind is not None:
            part.wrong("type", "unknown_value", f"{shown(kind)} is no type of part; {use(kind, PARTS)}")
        elif not part.has("type"):
            part.wrong("type", "required", f"A part needs its type: {listing(PARTS)}.")
        return None

    def _picture(self, item: Any, pointer: str, *, name: str = "image_url") -> Block | None:
        """The block of a picture or video: {"image_url": {"url": "…"}}, or with the address alone."""
        holder = camel_fields_of(self._context, item, pointer, f"a part with {name}")
        if holder is None:
            return None
        holder.take("type", "index", "cache_control")
        value = holder.take(name)
        place = holder.at(name)
        if isinstance(value, dict):
            inner = CamelFields(self._context, value, place)
            value, place = inner.take("url"), inner.at("url")
            detail = inner.text("detail")
            if detail not in (None, "auto"):
                self._ignore("detail")
            inner.take("mime_type", "format")  # the bytes say it
            inner.close()
        holder.close()
        kind = name.removesuffix("_url")
        if isinstance(value, SpilledUrl):
            # Clients declare what they like; what a picture is, is read from its bytes.
            declared = value.media_type.strip().lower()
            return {"type": "video" if declared.startswith("video/") else kind, "data": value}
        if isinstance(value, str) and value.strip():
            if value.lstrip()[: len(_LIKE_DATA)].lower() == _LIKE_DATA:
                detail = 'This is no data URL with base64; give "data:image/png;base64,…".'
                self._context.wrong(place, "bad_base64", detail)
                return None
            return {"type": "video" if is_youtube(value.strip()) else kind, "uri": value.strip()}
        self._context.wrong(place, "required" if value is None else "wrong_type", f"It takes {_EXPECTED_URL}.")
        return None

    def _close(self, message: CamelFields) -> None:
        # Whom a message is from changes nothing; other names may mean something that would get lost.
        message.take("name", "id", "cache_control")
        message.close()

    def _ignore(self, name: str) -> None:
        if name not in self.ignored:
            self.ignored.append(name)

    def _append(self, step: Step, pointer: str) -> None:
        self._pointers.note(f"/input/{len(self.steps)}", pointer)
        self.steps.append(step)

    def _note(self, place: int, pointer: str, block: Block, *, step: int | None = None) -> None:
        number = len(self.steps) - 1 if step is None else step
        at = f"/input/{number}/content/{place}"
        self._pointers.note(at, pointer)
        for name in ("type", "data", "uri", "text"):
            if name in block or name == "type":
                self._pointers.note(f"{at}/{name}", pointer)
