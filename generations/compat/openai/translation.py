"""A body of OpenAI's Images API as the body of an interaction, which is the schema that every job is read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.core.files.uploadedfile import UploadedFile

from cavendish.gemini.reader import SpilledUrl
from cavendish.http.problems import FieldError, Problem
from generations.compat.openai.models import model_named
from generations.compat.openai.sizes import size_parse
from generations.compat.shared.camel_fields import CamelFields, camel_fields_of
from generations.compat.shared.pointer_map import PointerMap
from generations.request.fields import Context

Form = Literal["url", "b64_json"]
FORMS: tuple[Form, ...] = ("url", "b64_json")
MAX_N = 10
_MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}
MAX_PARTIALS = 3
# What says the same as leaving it out, and why anything else is refused.
_IDLE: dict[str, tuple[tuple[Any, ...], str]] = {
    "quality": (("auto", "standard", "medium"), "The models have no such setting; ask for a larger size."),
    "background": (("auto", "opaque"), "The models make no transparent pictures; use opaque."),
    "moderation": (("auto",), "The models filter always alike; use auto."),
    "output_compression": ((100,), "Pictures are handed out as the model made them; leave it out."),
}
_REFUSED = {
    "style": "The models have no such setting; say it in the prompt.",
    "complexity": "The models have no such setting; leave it out.",
    "mask": "The models take no mask; say in the prompt what is to change.",
    "markup": "The models take no markup; draw it into the picture, or say in the prompt what is to change.",
    "svg": "The models make PNG and JPEG alone.",
    "frame_count": "The models make no GIF.",
    "frame_duration_ms": "The models make no GIF.",
    "tools": "Grounding is not offered here, for these answers cannot carry its citations; use chat/completions.",
}
# They change nothing that could be seen: pictures given are always read whole.
_IGNORED = ("input_fidelity",)
# Where a name belongs that stands somewhere else.
_ELSEWHERE = {
    **dict.fromkeys(
        ("aspect_ratio", "aspectRatio", "image_size", "imageSize", "image_config", "imageConfig", "resolution", "width",
         "height"),
        "size",
    ),
    **dict.fromkeys(("num_images", "number_of_images", "numberOfImages", "sampleCount", "candidate_count"), "n"),
    **dict.fromkeys(("format", "mime_type", "mimeType", "output_mime_type"), "output_format"),
    **dict.fromkeys(("input", "contents", "messages"), "prompt"),
}  # fmt: skip
_EXPECTED_REFERENCE = 'an object like {"image_url": "data:image/png;base64,…"} or {"file_id": "file_…"}'
_EDITS = "/openai/v1/images/edits"
_NUMBERS = ("n", "output_compression", "partial_images")


@dataclass(frozen=True)
class ImagesRequest:
    """A body of an interaction, how many pictures are made of it, and the form in which they come back."""

    tree: dict[str, Any]
    n: int
    form: Form
    stream: bool
    partials: int
    """How many interim pictures a stream shows before each picture, at most."""


class Translation:
    def __init__(self) -> None:
        self._pointers = PointerMap()

    def parse(
        self, body: dict[str, Any], images: Sequence[UploadedFile[Any]] | None = None, *, refers: bool = False
    ) -> ImagesRequest:
        """The body of an interaction that `body` asks for. Raises Problem with all that is wrong.

        `images` are those of an edit as a form, and with `refers` those of one as JSON stand in its `images`; else
        pictures are made of words alone.
        """
        context = Context("native")
        context.elsewhere = _ELSEWHERE | (
            dict.fromkeys(("image", "images"), _EDITS) if images is None and not refers else {}
        )
        fields = CamelFields(context, body, "")
        model, name = model_named(fields.text("model"))
        prompt = fields.text("prompt")
        if not (prompt or "").strip() and not context.errors:
            fields.wrong("prompt", "required", "prompt is missing or empty; say what to make.")
        n = fields.whole("n", 1, MAX_N) or 1
        form = fields.choice("response_format", FORMS)
        stream = fields.flag("stream", False)
        partials = fields.whole("partial_images", 0, MAX_PARTIALS) or 0
        if stream and form == "url":
            fields.wrong("response_format", "conflict", "Streams carry their pictures; use b64_json.")
        if partials and not stream:
            fields.wrong("partial_images", "conflict", 'Only streams show them; add "stream": true.')
        image: dict[str, Any] = {"type": "image", **size_parse(fields, model)}
        kind = fields.choice("output_format", tuple(_MIME_TYPES))
        if kind:
            image["mime_type"] = _MIME_TYPES[kind]
        user = _settings_parse(fields)
        if images is not None and fields.take("image", "image[]") is not None:
            fields.wrong("image", "wrong_type", 'It takes a file, not a text: send the bytes as the field "image".')
        elif images is not None and not images:
            fields.wrong("image", "required", 'Send at least one picture as the multipart field "image" or "image[]".')
        blocks: list[dict[str, Any]] = [{"type": "text", "text": prompt}]
        blocks += [{"type": "image", "data": file, "mime_type": file.content_type} for file in images or ()]
        if refers:
            blocks += _references_parse(fields)
        fields.close()
        context.raise_errors()
        self._note([f"/images/{index}" if refers else "/image" for index, _ in enumerate(blocks[1:])])
        tree: dict[str, Any] = {"model": name, "input": blocks, "response_format": [image], "max_images": 1}
        if user:
            tree["metadata"] = {"user": user}
        return ImagesRequest(tree, n, "url" if form == "url" else "b64_json", stream, partials)

    def placed(self, problem: Problem) -> Problem:
        """A problem with a translated body, in the names of the one that came, whose only objects are in `images`."""
        problem.errors = [
            FieldError(_cut(self._pointers.of(error.pointer)), error.code, error.detail) for error in problem.errors
        ]
        return problem

    def _note(self, images: Sequence[str]) -> None:
        for tree, ours in (
            ("/model", "/model"),
            ("/input", "/prompt"),
            ("/response_format", "/size"),
            ("/response_format/0/mime_type", "/output_format"),
            ("/metadata", "/user"),
            *((f"/input/{index}", pointer) for index, pointer in enumerate(images, 1)),
        ):
            self._pointers.note(tree, ours)


def _cut(pointer: str) -> str:
    """A pointer to a field of the body, or to one of its `images`."""
    return "/".join(pointer.split("/")[: 3 if pointer.startswith("/images/") else 2])


def _references_parse(fields: CamelFields) -> list[dict[str, Any]]:
    """The pictures in `images` of an edit as JSON: each an object with its address, a data URL or a file's id."""
    blocks: list[dict[str, Any]] = []
    for index, item in enumerate(fields.items("images")):
        reference = camel_fields_of(fields.context, item, f"{fields.at('images')}/{index}", _EXPECTED_REFERENCE)
        if reference is None:
            continue
        url, file_id = reference.take("image_url"), reference.text("file_id")
        reference.close()
        if (url is None) == (file_id is None):
            fields.context.wrong(reference.pointer, "required", f"It takes {_EXPECTED_REFERENCE}.")
        elif isinstance(url, SpilledUrl):
            blocks.append({"type": "image", "data": url})
        elif file_id is not None:
            blocks.append({"type": "image", "file_id": file_id})
        elif isinstance(url, str):
            blocks.append({"type": "image", "uri": url})
        else:
            reference.wrong_type("image_url", "an address or a data URL")
    if not fields.values.get("images"):
        fields.wrong("images", "required", f"Send at least one picture: {_EXPECTED_REFERENCE}.")
    return blocks


def _settings_parse(fields: CamelFields) -> str | None:
    """Notes what cannot be done. Returns for whom the pictures are."""
    for name, (idle, because) in _IDLE.items():
        if fields.take(name) not in (None, *idle):
            fields.wrong(name, "not_supported", because)
    for name, because in _REFUSED.items():
        if fields.take(name) is not None:
            fields.wrong(name, "not_supported", because)
    fields.take(*_IGNORED)
    user, identifier = fields.text("user"), fields.text("safety_identifier")
    return identifier or user


def form_body(values: dict[str, str]) -> dict[str, Any]:
    """A multipart form's values, all of them strings, as they would stand in JSON."""
    body: dict[str, Any] = {name: value for name, value in values.items() if value}
    for name in _NUMBERS:
        if str(body.get(name, "")).isdecimal():
            body[name] = int(body[name])
    # Python's libraries for forms write True.
    if (stream := str(body.get("stream", "")).lower()) in {"true", "false"}:
        body["stream"] = stream == "true"
    return body
