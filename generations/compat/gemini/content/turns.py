"""`contents`: the turns of a conversation, as `client.chats` sends them again and again, into steps."""

from __future__ import annotations

from typing import Any

from cavendish.gemini.reader import Spilled
from cavendish.http.problems import shown
from generations.compat.shared.camel_fields import CamelFields, camel_fields_of
from generations.compat.shared.pointer_map import PointerMap
from generations.compat.shared.signatures import signature_unpack
from generations.request.fields import Context
from generations.request.hints import listing
from generations.request.uris import is_youtube

ROLES = ("user", "model")
PARTS = ("text", "inlineData", "fileData")
_OF_TOOLS = ("functionCall", "functionResponse", "executableCode", "codeExecutionResult", "toolCall", "toolResponse")
_OF_MEDIA = ("videoMetadata", "mediaResolution", "mediaProcessing")

Block = dict[str, Any]
Step = dict[str, Any]


class Turns:
    """Collects steps; `pointers` learns where each block came from. What is wrong is noted in `context`."""

    def __init__(self, context: Context, pointers: PointerMap) -> None:
        self.steps: list[Step] = []
        self._context = context
        self._pointers = pointers
        self._summary: list[Block] = []
        """Texts of thoughts whose signature stands on a later part, in a stream's history of a later content."""

    def parse(self, fields: CamelFields) -> None:
        """Reads all of `contents`."""
        self._pointers.note("/input", fields.at("contents"))
        value = fields.take("contents")
        if not value:
            fields.wrong("contents", "required", 'It is empty; give for example [{"parts": [{"text": "…"}]}].')
            return
        alone = isinstance(value, dict)
        for index, item in enumerate([value] if alone else fields.items("contents")):
            pointer = fields.at("contents") if alone else f"{fields.at('contents')}/{index}"
            content = camel_fields_of(
                self._context, item, pointer, 'an object like {"role": "user", "parts": [{"text": "…"}]}'
            )
            if content is not None:
                self._content(content)
        self._thoughts([], fields.at("contents"))

    def _content(self, content: CamelFields) -> None:
        role = content.text("role") or "user"
        if role not in ROLES:
            hint = " What the model is told beforehand goes into systemInstruction." if role == "system" else ""
            content.wrong("role", "unknown_value", f"{shown(role)} is no role; use {listing(ROLES)}.{hint}")
        parts = content.take("parts")
        if isinstance(parts, dict):
            parts = content.values["parts"] = [parts]
        if role == "user":
            self._thoughts([], content.pointer)
            self._start("user_input", content.pointer)
        for index, item in enumerate(content.items("parts")):
            part = camel_fields_of(
                self._context, item, f"{content.at('parts')}/{index}", 'an object like {"text": "…"}'
            )
            if part is not None:
                self._part(part, of_model=role == "model")
        content.close()

    def _part(self, part: CamelFields, *, of_model: bool) -> None:
        signature = part.text("thoughtSignature") or ""
        thought = part.flag("thought", False)
        block = part_parse(part)
        if not of_model:
            if block is not None:
                self._add("user_input", block, part)
            return
        if thought and block is not None and block["type"] == "text":
            self._summary.append(block)
        if signature:
            self._thoughts(signature_unpack(signature), part.at("thoughtSignature"))
        if not thought and block is not None:
            self._thoughts([], part.pointer)
            self._add("model_output", block, part)

    def _thoughts(self, steps: list[Step], pointer: str) -> None:
        """Appends the steps of a signature, and the texts of thoughts that came before it."""
        if self._summary:
            if not steps or steps[0]["type"] != "thought":
                steps = [{"type": "thought"}, *steps]
            steps[0]["summary"] = self._summary
            self._summary = []
        for step in steps:
            self._pointers.note(f"/input/{len(self.steps)}", pointer)
            self.steps.append(step)

    def _start(self, kind: str, pointer: str) -> Step:
        self._pointers.note(f"/input/{len(self.steps)}", pointer)
        self.steps.append({"type": kind, "content": []})
        return self.steps[-1]

    def _add(self, kind: str, block: Block, part: CamelFields) -> None:
        """Adds a block to the last step if that is of this kind: a streamed answer comes back chunk by chunk."""
        step = self.steps[-1] if self.steps and self.steps[-1]["type"] == kind else self._start(kind, part.pointer)
        pointer = f"/input/{len(self.steps) - 1}/content/{len(step['content'])}"
        self._pointers.note(pointer, part.pointer)
        self._pointers.note(f"{pointer}/type", part.pointer)
        for source, name, field in (("data", "inlineData", "data"), ("uri", "fileData", "fileUri")):
            if source in block:
                self._pointers.note(f"{pointer}/{source}", f"{part.at(name)}/{field}")
                self._pointers.note(f"{pointer}/mime_type", f"{part.at(name)}/mimeType")
        step["content"].append(block)


def part_parse(part: CamelFields) -> Block | None:
    """The block of a part; None for an empty text and for what is wrong, which is noted."""
    part.take("thought", "thoughtSignature", "partMetadata")
    part.refuse(*_OF_TOOLS, because="The image models call no tools of yours; leave it out.")
    part.refuse(
        *_OF_MEDIA, because="Pictures and videos are read whole and at the model's own resolution; leave it out."
    )
    text, inline, file = part.text("text"), part.inner("inlineData"), part.inner("fileData")
    part.close()
    given = [name for name in PARTS if part.has(name)]
    if len(given) > 1:
        part.context.wrong(
            part.pointer, "conflict", f"A part is one of {listing(PARTS)}; {listing(given, 'and')} are given."
        )
    elif inline is not None:
        return _inline(inline)
    elif file is not None:
        return _file(file)
    return {"type": "text", "text": text} if text else None


def _inline(inline: CamelFields) -> Block | None:
    mime_type, data = inline.text("mimeType"), inline.take("data")
    inline.take("displayName")
    inline.close()
    kind = _kind(inline, mime_type)
    if not isinstance(data, Spilled):
        inline.wrong("data", "required" if data is None else "wrong_type", "It takes the bytes as a base64 string.")
        return None
    return _media(kind, mime_type, data=data) if kind else None


def _file(file: CamelFields) -> Block | None:
    mime_type, uri = file.text("mimeType"), file.text("fileUri")
    file.take("displayName")
    file.close()
    kind = _kind(file, mime_type)
    if uri is None:
        if not file.has("fileUri"):
            file.wrong("fileUri", "required", "Give the uri of an uploaded file or of a YouTube video.")
        return None
    return _media("video" if is_youtube(uri) else kind, mime_type, uri=uri) if kind else None


def _media(kind: str, mime_type: str | None, **source: Any) -> Block:
    return {"type": kind, **source, **({"mime_type": mime_type} if mime_type else {})}


def _kind(fields: CamelFields, mime_type: str | None) -> str | None:
    """image or video by the declared type, of which the bytes have the last word; image where none is declared."""
    kind = (mime_type or "image").partition("/")[0].strip().lower()
    if kind in {"image", "video"}:
        return kind
    if kind in {"application", "binary"} and mime_type is not None and mime_type.lower().endswith("/octet-stream"):
        return "image"
    fields.wrong("mimeType", "not_supported", f"{shown(mime_type)} is not taken; send text, pictures and videos.")
    return None
