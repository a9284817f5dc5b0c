"""What the page of a generation shows. It may be passed on by whoever has its link, so nothing of what was asked, of
money, keys or metadata gets in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from cavendish.gemini.catalog import CatalogError, get_model
from generations.errors import ErrorCode
from generations.models import TERMINAL, Output, Status
from generations.selectors import GenerationDetail
from generations.show.pages.text import Run, Source, Sources, cited_runs, plain_runs
from generations.show.representation import output_path, page_path, provenance_json
from generations.show.signed_urls import url_sign

FAILURES: dict[str, tuple[str, str]] = {
    ErrorCode.SAFETY_BLOCKED: (
        gettext_noop("The model declined to make this picture."),
        gettext_noop("Its safety rules stood against the request. Putting it differently may help."),
    ),
    ErrorCode.NO_IMAGE: (
        gettext_noop("The model answered without a picture."),
        gettext_noop("Asking again, or asking for a picture more plainly, may help."),
    ),
    ErrorCode.GUARD_REFUSED: (
        gettext_noop("The picture was refused by a rule."),
        gettext_noop("A rule on what may be made stood against it, not the model. Asking for something else may help."),
    ),
    ErrorCode.UPSTREAM_UNAVAILABLE: (
        gettext_noop("The image service gave no usable answer."),
        gettext_noop("It was away or overloaded. Trying again later may help."),
    ),
    ErrorCode.UPSTREAM_REJECTED: (
        gettext_noop("The image service refused the request."),
        gettext_noop("Whoever sent it finds the reason in the generation's error message."),
    ),
    ErrorCode.DEADLINE_EXCEEDED: (
        gettext_noop("The picture was not finished in time."),
        gettext_noop("Trying again may help; larger pictures take longer."),
    ),
}
FAILED_OTHERWISE = (
    gettext_noop("The picture could not be made."),
    gettext_noop("Something went wrong on our side. Trying again may help."),
)
CANCELED = (
    gettext_noop("This generation was canceled."),
    gettext_noop("It was stopped before it was finished."),
)


@dataclass(frozen=True)
class Picture:
    """A picture and where it came from. `width` and `height` in pixels; `format` as people call it."""

    url: str
    number: int
    width: int
    height: int
    bytes: int
    format: str
    sandbox: bool
    watermark: str | None
    credentials: bool


@dataclass(frozen=True)
class Block:
    """A text (`runs`), a picture, or, with neither, a picture that was erased."""

    runs: Sequence[Run] = ()
    picture: Picture | None = None


@dataclass(frozen=True)
class Display:
    """`upto` ends with the last picture: the search suggestions and sources have to stand directly below it."""

    status: str
    heading: str
    model_id: str
    model_name: str
    created_at: datetime
    waited: str
    message: tuple[str, str] | None
    upto: Sequence[Block]
    after: Sequence[Block]
    pictures: Sequence[Picture]
    thoughts: Sequence[Block]
    sources: Sequence[Source]
    suggestions: Sequence[str]

    @property
    def pending(self) -> bool:
        return self.status not in TERMINAL

    @property
    def sandbox(self) -> bool:
        return any(picture.sandbox for picture in self.pictures)

    @property
    def sizes(self) -> list[str]:
        return list(dict.fromkeys(f"{picture.width} × {picture.height}" for picture in self.pictures))


def display_of(detail: GenerationDetail) -> Display:
    generation, stored = detail.generation, detail.content
    model_name = _model_name(generation.model)
    outputs = {str(output.id): output for output in detail.outputs}
    sources = Sources()
    content = [_block(block, outputs, generation.model, sources) for block in stored.content]
    grounding = stored.grounding or {}
    # Those of a text that was not kept, for example in an answer that was cut.
    for citation in grounding.get("citations") or ():
        sources.of(citation)
    pictures = [block.picture for block in content if block.picture]
    last = max((place for place, block in enumerate(content) if block.picture), default=len(content) - 1) + 1
    suggestions = range(1, len(grounding.get("search_suggestions") or ()) + 1)
    return Display(
        status=generation.status,
        heading=_heading(generation.status, model_name, len(pictures), bool(content)),
        model_id=generation.model,
        model_name=model_name,
        created_at=generation.created_at,
        waited=_waited(generation.created_at),
        message=_message(generation.status, generation.error),
        upto=content[:last],
        after=content[last:],
        pictures=pictures,
        thoughts=[_block(thought, outputs, generation.model, None) for thought in stored.thoughts],
        sources=sources.all,
        suggestions=[signed(f"{page_path(generation.id)}/suggestions{_place(number)}") for number in suggestions],
    )


def signed(path: str) -> str:
    """A signed address on whatever host the page was opened under: the page's policy allows no other."""
    return urlsplit(url_sign(path)[0])._replace(scheme="", netloc="").geturl()


def _place(number: int) -> str:
    return "" if number == 1 else f"/{number}"


def _block(block: dict[str, Any], outputs: dict[str, Output], model: str, sources: Sources | None) -> Block:
    if block["type"] == "text":
        if sources is None:
            return Block(runs=plain_runs(block["text"]))
        return Block(runs=cited_runs(block["text"], block.get("citations") or (), sources))
    output = outputs.get(str(block.get("output_id")))
    return Block(picture=_picture(output, model) if output else None)


def _picture(output: Output, model: str) -> Picture:
    provenance = provenance_json(output, model)
    return Picture(
        url=signed(output_path(output.id)),
        number=output.index + 1,
        width=output.width,
        height=output.height,
        bytes=output.bytes,
        format=output.mime_type.rpartition("/")[2].upper(),
        sandbox=provenance["sandbox"],
        watermark=provenance["watermark"],
        credentials=provenance["c2pa"] == "present",
    )


def _model_name(model: str) -> str:
    try:
        return get_model(model).name
    except CatalogError:
        return model


def _waited(since: datetime) -> str:
    minutes, seconds = divmod(max(0, int((timezone.now() - since).total_seconds())), 60)
    if minutes:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=seconds)
    return _("%s s").replace("%s", str(seconds))


def _heading(status: str, model_name: str, pictures: int, answered: bool) -> str:
    if status == Status.QUEUED:
        return _("Waiting for its turn")
    if status == Status.RUNNING:
        text = _("{model} is at work")
    elif pictures:
        text = ngettext("Picture by {model}", "{count} pictures by {model}", pictures)
    elif answered:
        text = _("Answer by {model}")
    else:
        return _("No picture")
    return text.format(model=model_name, count=pictures)


def _message(status: str, error: dict[str, Any] | None) -> tuple[str, str] | None:
    """Plain words for an end without success. The stored message may quote the request, so it stays out."""
    if status == Status.CANCELED:
        words = CANCELED
    elif status == Status.FAILED:
        words = FAILURES.get((error or {}).get("code", ""), FAILED_OTHERWISE)
    else:
        return None
    return _(words[0]), _(words[1])
