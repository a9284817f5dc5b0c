"""A generation request after parsing: one form for every shape that clients send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cavendish.gemini.catalog import Model
from cavendish.gemini.reader import Spilled
from cavendish.http.problems import escape

Dialect = Literal["native", "interactions"]
Kind = Literal["image", "video"]
Source = Literal["data", "uri", "file_id", "output_id"]


@dataclass(frozen=True, slots=True)
class Text:
    """`pointer` is the block's branch in the document as sent (RFC 6901)."""

    pointer: str
    text: str


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or video as input. Exactly the field that `source` names is set among data, uri, file_id, output_id."""

    pointer: str
    kind: Kind
    source: Source
    data: Spilled | None = None
    uri: str | None = None
    file_id: str | None = None
    output_id: str | None = None
    mime_type: str | None = None
    """As declared, None when nothing was."""
    role: str | None = None
    """object, character or style; ours, never sent to the upstream."""
    is_youtube: bool = False
    """`uri` is a YouTube address: passed on, never fetched."""
    source_field: str | None = field(default=None, compare=False)
    """The field that holds the id where that is not `source`: an address of ours in `uri`."""

    @property
    def source_pointer(self) -> str:
        """The pointer to the field that says which picture or video it is."""
        return f"{self.pointer}/{self.source_field or self.source}"

    @property
    def needs_fetch(self) -> bool:
        return self.source == "uri" and not self.is_youtube


Block = Text | Media


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the conversation. `fields` are what a replayed model step carries beside content, known keys only:

    thought: signature; google_search_call: id, arguments, search_type, signature; google_search_result: call_id,
    result, is_error, signature.
    """

    pointer: str
    type: str
    content: tuple[Block, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """What is asked for. `aspect_ratio` None is the default rule (see `effective_aspect_ratio`)."""

    wants_text: bool
    wants_image: bool
    aspect_ratio: str | None
    image_size: str
    mime_type: str | None
    by_uri: bool = False
    """Whether the answer is to name addresses of the pictures instead of holding their bytes."""


@dataclass(frozen=True, slots=True)
class JobWebhooks:
    """The URLs of one job, not checked yet but for their type. Gemini's may be none, with `user_metadata` alone.

    `pointers` say where each stands in the request.
    """

    dialect: Literal["native", "gemini"]
    urls: tuple[str, ...]
    pointers: tuple[str, ...]
    events: tuple[str, ...]
    user_metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """The template that a request names, its values as sent, and the prompt that they make.

    `language` is that of the prompt where the template has several.
    """

    id: str
    version: int
    language: str | None
    values: Mapping[str, str]
    prompt: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A request that passed every check that needs no database, network or look into a file."""

    dialect: Dialect
    model: Model
    steps: tuple[Step, ...]
    response: Response
    system_instruction: str | None
    thinking_level: str | None
    thinking_summaries: str | None
    temperature: float | None
    top_p: float | None
    seed: int | None
    max_output_tokens: int | None
    stop_sequences: tuple[str, ...]
    search_types: tuple[str, ...]
    max_images: int
    previous_id: str | None
    """The generation that this one continues: an id as sent, not looked up yet."""
    store: bool
    metadata: Mapping[str, str]
    safety_settings: tuple[Mapping[str, str], ...]
    variants: int
    """How many generations it asks for (`n`), each a job of its own."""
    deadline: float | None
    """Seconds in which it is to end; None leaves it to the platform."""
    webhooks: JobWebhooks | None
    background: bool
    stream: bool
    ignored: tuple[str, ...]
    """Fields that were taken and change nothing, by their paths."""
    text_tokens: int
    """All text of the input and the system instruction by the catalog's rule."""
    template: TemplateUse | None
    document: Mapping[str, Any]
    """The request as sent, without unknown fields; `request_canonical` makes JSON of it."""

    def media(self) -> Iterator[Media]:
        """Every picture and video, in the order of the conversation, replayed ones included."""
        for step in self.steps:
            for block in step.content:
                if isinstance(block, Media):
                    yield block

    @property
    def image_count(self) -> int:
        return sum(media.kind == "image" for media in self.media())

    @property
    def video_count(self) -> int:
        return sum(media.kind == "video" for media in self.media())

    @property
    def last_image(self) -> Media | None:
        """The last picture of the request: its shape is the default for what is made."""
        last = None
        for media in self.media():
            if media.kind == "image":
                last = media
        return last


def request_canonical(parsed: GenerationRequest, files: Mapping[str, str]) -> dict[str, Any]:
    """The request as sent, without unknown fields, `data` replaced by `file_id`. `files` maps pointers of media to ids.

    The prompt of a template stands in `input`, and the template with the version that it was. Raises KeyError when a
    picture's bytes have no id: they would be lost.
    """
    inline = {media.pointer: files[media.pointer] for media in parsed.media() if media.source == "data"}
    branches: dict[str | None, Any] = {}
    for pointer, file_id in inline.items():
        branch = branches
        for step in pointer.split("/")[1:]:
            branch = branch.setdefault(step, {})
        branch[None] = file_id
    canonical: dict[str, Any] = _copy(parsed.document, branches)
    return canonical if parsed.template is None else canonical | _of_template(parsed.template, canonical.get("input"))


def _of_template(template: TemplateUse, sent: Any) -> dict[str, Any]:
    """The fields of a request with a template: which it is, and its prompt behind the pictures that were sent."""
    language = {"language": template.language} if template.language else {}
    named = {"id": template.id, "version": template.version, **language, "values": dict(template.values)}
    # What else may be there is the prompt itself, sent again.
    items = sent if isinstance(sent, list) else [sent]
    pictures = [item for item in items if isinstance(item, dict) and item.get("type", "text") != "text"]
    prompt = {"type": "text", "text": template.prompt}
    return {"template": named, "input": [*pictures, prompt] if pictures else template.prompt}


_NO_BRANCHES: Mapping[str | None, Any] = {}


def _copy(value: Any, branches: Mapping[str | None, Any]) -> Any:
    """A copy of the value, without bytes and with the ids of files instead.

    `branches` is the tree of the steps of the files' pointers from here on; None stands at the end of one, with the
    id. Whole pointers would have to be put together for each value, with all the names that lead to it.
    """
    if isinstance(value, Mapping):
        copied = {
            name: _copy(inner, branches.get(escape(name), _NO_BRANCHES) if branches else branches)
            for name, inner in value.items()
            if not isinstance(inner, Spilled)
        }
        return copied | {"file_id": branches[None]} if None in branches else copied
    if isinstance(value, list):
        return [
            _copy(inner, branches.get(str(index), _NO_BRANCHES) if branches else branches)
            for index, inner in enumerate(value)
        ]
    return value
