"""Content: a text, a picture or a video, alone, in a list, or as the string that stands for one text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cavendish.gemini.reader import Spilled
from cavendish.http.problems import shown
from generations.request.fields import Context, Fields
from generations.request.generation_request import Block, Kind, Media, Source, Text
from generations.request.hints import listing, use
from generations.request.uris import check_uri, file_id_of, is_youtube, output_id_of

CONTENT_TYPES = ("text", "image", "video")
REFUSED_TYPES = ("audio", "document")
ROLES = ("object", "character", "style")
SOURCES: tuple[Source, ...] = ("data", "uri", "file_id", "output_id")


def content_parse(fields: Fields, *, of_user: bool) -> tuple[Block, ...]:
    """The blocks under `content`: a string, one block or a list."""
    context, value, pointer = fields.context, fields.take("content"), fields.at("content")
    if value is None:
        fields.wrong("content", "required", "This step needs its content.")
        return ()
    if isinstance(value, str):
        return (Text(pointer, value),) if value else ()
    if isinstance(value, list):
        value = context.limited(pointer, value)
        pointers = [f"{pointer}/{index}" for index in range(len(value))]
    else:
        value, pointers = [value], [pointer]
    blocks: list[Block | None] = []
    for item, at in zip(value, pointers, strict=True):
        item, at = unwrapped(item, at)
        if isinstance(item, dict):
            blocks.append(block_parse(context, item, at, of_user=of_user))
        else:
            blocks.append(loose_block_parse(context, item, at))
    return tuple(block for block in blocks if block is not None)


def unwrapped(item: Any, pointer: str) -> tuple[Any, str]:
    """The item and its pointer; what stands under `raw` where an SDK has wrapped what it did not know."""
    if isinstance(item, dict) and item.get("type") == "UNKNOWN" and isinstance(item.get("raw"), dict):
        return item["raw"], f"{pointer}/raw"
    return item, pointer


def loose_block_parse(context: Context, item: Any, pointer: str) -> Block | None:
    """The block of an item that stands alone; None when it is an empty text or wrong, which is noted."""
    if isinstance(item, str):
        return Text(pointer, item) if item else None
    if isinstance(item, dict):
        return block_parse(context, item, pointer)
    context.wrong(pointer, "wrong_type", f"This is {shown(item)}; it takes a content block, a step or a string.")
    return None


def block_parse(context: Context, values: dict[str, Any], pointer: str, *, of_user: bool = True) -> Block | None:
    """The block, or None when something is wrong with it (which is noted) or it is an empty text."""
    fields = Fields(context, values, pointer)
    kind = fields.take("type")
    if kind is None and isinstance(values.get("text"), str):
        kind = "text"
    if kind == "text":
        return _text(fields, of_user=of_user)
    if kind == "document" and not context.strict:
        kind = _kind_of_document(values)
    if kind == "image" or kind == "video":
        return _media(fields, kind, of_user)
    if kind is None:
        detail = f'"type" is missing; give {listing(CONTENT_TYPES)}.'
        # JSON.stringify turns a JavaScript Set into {}, which nobody sees coming.
        detail += "" if values else " A JavaScript Set arrives as an empty object: send an array."
        fields.wrong("type", "required", detail)
    elif kind in REFUSED_TYPES:
        fields.wrong("type", "not_supported", f"No model here takes {kind} as input; use {listing(CONTENT_TYPES)}.")
    elif isinstance(kind, str):
        fields.wrong("type", "unknown_value", f"{shown(kind)} is no type of content; {use(kind, CONTENT_TYPES)}")
    else:
        fields.wrong_type("type", "a string")
    return None


def _kind_of_document(values: dict[str, Any]) -> str:
    """What Google takes as a document and is a picture or video, by what it is declared to be, if anything; a document
    still where it is declared as another thing.
    """
    declared = _declared(values.get("mime_type", values.get("mimeType"))) or "application/octet-stream"
    if declared == "application/octet-stream":
        return "image"
    kind = declared.partition("/")[0]
    return kind if kind in {"image", "video"} else "document"


def _text(fields: Fields, *, of_user: bool) -> Text | None:
    text = fields.text("text")
    if text is None and not fields.has("text"):
        fields.wrong("text", "required", "A text block needs its text.")
    fields.take("annotations", "citations")  # of a replayed answer; they mean nothing to the model
    fields.close(replayed=not of_user)
    return Text(fields.pointer, text) if text else None


def _media(fields: Fields, kind: Kind, of_user: bool) -> Media | None:
    context = fields.context
    given = [name for name in SOURCES if fields.has(name)]
    values = {name: fields.take(name) for name in SOURCES}
    mime_type = fields.take("mime_type", "mimeType") if not context.strict else fields.text("mime_type")
    role = fields.choice("role", ROLES) if of_user and kind == "image" else None
    if kind == "video" and fields.has("role"):
        fields.take("role")
        fields.wrong("role", "not_supported", "Only pictures have a role.")
    if context.strict and fields.has("resolution"):
        fields.take("resolution")
        fields.wrong("resolution", "not_supported", "Pictures are read at the model's own resolution; leave it out.")
    if not context.strict:
        fields.ignore("resolution", "name")
    fields.close(replayed=not of_user)
    if len(given) != 1:
        code, reason = "required", "it has no content"
        if given:
            code, reason = "conflict", f"{listing(given, 'and')} are given"
        detail = f"This {kind} is not clear, {reason}: give exactly one of {listing(SOURCES)}."
        context.wrong(fields.pointer, code, detail)
        return None
    source = given[0]
    mime_type = _declared(mime_type)
    if source == "data":
        data = values["data"]
        if not isinstance(data, Spilled):
            fields.wrong("data", "wrong_type", f"data is {shown(data)}; it takes the bytes as a base64 string.")
            return None
        return Media(fields.pointer, kind, "data", data=data, mime_type=mime_type, role=role)
    value = values[source]
    if not isinstance(value, str) or not value.strip():
        fields.wrong(source, "wrong_type", f"{source} is {shown(value)}; it takes a string.")
        return None
    if source == "uri":
        return _by_uri(fields, kind, value.strip(), mime_type, role)
    return _by_id(fields, kind, source, value, mime_type, role)


def _by_uri(fields: Fields, kind: Kind, uri: str, mime_type: str | None, role: str | None) -> Media | None:
    if (file_id := file_id_of(uri)) is not None:
        media = _by_id(fields, kind, "file_id", file_id, mime_type, role)
        return media and replace(media, source_field="uri")
    if (output_id := output_id_of(uri)) is not None:
        media = _by_id(fields, kind, "output_id", output_id, mime_type, role)
        return media and replace(media, source_field="uri")
    youtube = is_youtube(uri)
    if youtube and kind == "image":
        fields.wrong("uri", "not_supported", 'A YouTube address is a video: use "type": "video".')
        return None
    if not youtube and (reason := check_uri(uri)):
        fields.wrong("uri", "url_refused", reason)
        return None
    return Media(fields.pointer, kind, "uri", uri=uri, mime_type=mime_type, role=role, is_youtube=youtube)


def _by_id(
    fields: Fields, kind: Kind, source: Source, value: str, mime_type: str | None, role: str | None
) -> Media | None:
    if source == "file_id":
        file_id = file_id_of(value) or value
        return Media(fields.pointer, kind, "file_id", file_id=file_id, mime_type=mime_type, role=role)
    if kind == "video":
        fields.wrong("output_id", "not_supported", "An output is a picture; a video takes data, uri or file_id.")
        return None
    return Media(fields.pointer, kind, "output_id", output_id=value, mime_type=mime_type, role=role)


def _declared(mime_type: Any) -> str | None:
    return mime_type.strip().lower() if isinstance(mime_type, str) and mime_type.strip() else None
