"""Parses the `input` of a request: all its shapes become one, a list of steps with their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from cavendish.gemini.catalog import Model
from cavendish.sandbox import media
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.prose import is_signature

Json = dict[str, Any]

CONTENT_TYPES = {"text", "image", "audio", "document", "video"}
_MODEL_STEPS = {
    "thought": {"type", "summary", "signature"},
    "google_search_call": {"type", "id", "arguments", "search_type", "signature"},
    "google_search_result": {"type", "call_id", "result", "is_error", "signature"},
}
_FIELDS = {
    "text": {"type", "text", "annotations"},
    "image": {"type", "data", "uri", "mime_type", "resolution"},
    "video": {"type", "data", "uri", "mime_type", "name", "processing", "resolution"},
}
_PLURAL = {"image": "Images", "video": "Videos", "audio": "Audio", "document": "Documents"}


@dataclass(frozen=True)
class KnownFile:
    """The uploaded file that a `uri` names."""

    mime_type: str
    path: Path


FindFile = Callable[[str], KnownFile]
"""Returns the file of a `uri`. Raises ApiError where it is unknown or not ready."""


@dataclass
class Contents:
    """The parsed input.

    `steps` are as an Interaction shows them, with inline bytes replaced by `{"data": {"inline": index}}`, an index into
    `inline` and, for the SHA-256, `digests`. `texts` are all texts of user and model, `prompt` those of the last user
    step.
    """

    steps: list[Json] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    prompt: str = ""
    inline: list[bytes] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    pictures: int = 0
    videos: int = 0
    video_seconds: int = 0
    last_size: tuple[int, int] | None = None


def parse_contents(value: object, model: Model, find_file: FindFile) -> Contents:
    """Returns the contents of an `input`. Raises ApiError with the location of what is wrong."""
    parser = _Parser(model, find_file)
    for number, step in enumerate(_as_steps(value)):
        parser.step(step, f"input[{number}]")
    contents = parser.contents
    if not any(step["type"] == "user_input" and step["content"] for step in contents.steps):
        raise ApiError(400, "'input' is empty: give a text, content or steps with a user_input.")
    if (count := contents.pictures) > (limit := model.max_images_in):
        raise ApiError(400, f"{model.id} takes at most {limit} images in a request; this one has {count}.")
    return contents


def _as_steps(value: object) -> list[Json]:
    """Returns steps for strings, content and old turns with a role; consecutive content becomes one step."""
    items = value if isinstance(value, list) else [value]
    steps: list[Json] = []
    loose: list[Json] = []
    for item in items:
        if isinstance(item, dict) and item.get("type") == "UNKNOWN" and isinstance(item.get("raw"), dict):
            item = item["raw"]
        if isinstance(item, str):
            loose.append({"type": "text", "text": item})
        elif not isinstance(item, dict):
            raise ApiError(400, "'input' must be a string, a content object, or a list of content or steps.")
        elif "role" in item and "type" not in item:
            kind = "model_output" if item["role"] == "model" else "user_input"
            steps += _grouped(loose)
            steps.append({"type": kind, "content": item.get("content", item.get("parts", []))})
        elif _kind(item) in CONTENT_TYPES:
            loose.append(item)
        else:
            steps += _grouped(loose)
            steps.append(item)
    return steps + _grouped(loose)


def _kind(item: Json) -> str:
    kind = item.get("type", "text")
    if not isinstance(kind, str):
        raise ApiError(400, "'type' must be a string.")
    return kind


def _grouped(loose: list[Json]) -> list[Json]:
    content = loose.copy()
    loose.clear()
    return [{"type": "user_input", "content": content}] if content else []


class _Parser:
    def __init__(self, model: Model, find_file: FindFile) -> None:
        self.contents = Contents()
        self._model = model
        self._find_file = find_file

    def step(self, step: Json, where: str) -> None:
        kind = _kind(step)
        if kind == "user_input":
            blocks = self._blocks(step, where)
            self.contents.prompt = "\n".join(block["text"] for block in blocks if block["type"] == "text")
            self.contents.steps.append({"type": "user_input", "content": blocks})
        elif kind == "model_output":
            self.contents.steps.append({"type": "model_output", "content": self._blocks(step, where)})
        elif kind in _MODEL_STEPS:
            if unknown := step.keys() - _MODEL_STEPS[kind]:
                raise ApiError(400, f"{where}: Unknown parameter '{min(unknown)}'.")
            signature = step.get("signature")
            if signature and not (isinstance(signature, str) and is_signature(signature)):
                raise ApiError(400, f"{where}: Thought signature is not valid.")
            self.contents.steps.append(self._thought(step, where) if kind == "thought" else step)
        else:
            raise ApiError(400, f"{where}: steps of type '{kind}' are not supported by {self._model.id}.")

    def _blocks(self, step: Json, where: str) -> list[Json]:
        content = step.get("content")
        if isinstance(content, str | dict):
            content = [content]
        if not isinstance(content, list):
            raise ApiError(400, f"{where}.content must be a list.")
        return [self._block(block, f"{where}.content[{number}]") for number, block in enumerate(content)]

    def _block(self, block: object, where: str) -> Json:
        if isinstance(block, str):
            block = {"type": "text", "text": block}
        if not isinstance(block, dict):
            raise ApiError(400, f"{where} must be an object.")
        kind = _kind(block)
        if kind not in CONTENT_TYPES:
            raise ApiError(400, f"{where}: unknown content type '{kind}'.")
        if kind not in self._model.input_kinds:
            raise ApiError(400, f"{where}: {_PLURAL[kind]} as input are not supported by {self._model.id}.")
        if unknown := block.keys() - _FIELDS[kind]:
            raise ApiError(400, f"{where}: Unknown parameter '{min(unknown)}'.")
        if kind == "text":
            return self._text(block, where)
        return self._media(kind, block, where)

    def _text(self, block: Json, where: str) -> Json:
        text = block.get("text")
        if not isinstance(text, str):
            raise ApiError(400, f"{where}.text must be a string.")
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise ApiError(400, f"{where}.text is not valid UTF-8.")
        self.contents.texts.append(text)
        return {**block, "type": "text"}

    def _media(self, kind: str, block: Json, where: str) -> Json:
        if ("data" in block) == ("uri" in block):
            raise ApiError(400, f"{where}: give exactly one of 'data' and 'uri'.")
        allowed = self._model.input_mime_types if kind == "image" else self._model.video_mime_types
        mime_type = block.get("mime_type")
        if mime_type is not None and mime_type not in allowed:
            raise ApiError(400, f"{where}: Unsupported MIME type: {mime_type}. Supported: {', '.join(allowed)}.")
        if "data" in block:
            raw = media.decode(block["data"])
            self._count(kind, len(raw), BytesIO(raw))
            return {**block, "data": self._inline(raw)}
        uri = block["uri"]
        if not isinstance(uri, str):
            raise ApiError(400, f"{where}.uri must be a string.")
        if kind == "video" and media.is_youtube(uri):
            self.contents.videos += 1
            self.contents.video_seconds += media.URL_VIDEO_SECONDS
        elif media.file_id(uri):
            file = self._find_file(uri)
            if file.mime_type not in allowed:
                raise ApiError(400, f"{where}: Unsupported MIME type: {file.mime_type}.")
            with file.path.open("rb") as source:
                self._count(kind, file.path.stat().st_size, source)
        else:
            raise ApiError(400, f"{where}: Cannot fetch content from the provided URL. Upload it with the Files API.")
        return dict(block)

    def _inline(self, raw: bytes) -> Json:
        self.contents.inline.append(raw)
        self.contents.digests.append(hashlib.sha256(raw).hexdigest())
        return {"inline": len(self.contents.inline) - 1}

    def _count(self, kind: str, size: int, file: BinaryIO) -> None:
        if kind == "image":
            self.contents.pictures += 1
            self.contents.last_size = media.picture_size(file) or self.contents.last_size
        else:
            self.contents.videos += 1
            self.contents.video_seconds += media.video_seconds(size)

    def _thought(self, step: Json, where: str) -> Json:
        """Returns the parsed thought. Its texts count as input, its pictures do not."""
        blocks = step.get("summary") or []
        if not isinstance(blocks, list):
            raise ApiError(400, f"{where}.summary must be a list.")
        summary = []
        for number, block in enumerate(blocks):
            if not isinstance(block, dict):
                raise ApiError(400, f"{where}.summary[{number}] must be an object.")
            if _kind(block) == "text":
                block = self._text(block, f"{where}.summary[{number}]")
            elif "data" in block:
                block = {**block, "data": self._inline(media.decode(block["data"]))}
            summary.append(block)
        return {**step, "summary": summary}
