"""A request as a whole against what its model takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cavendish.db.storable import unstorable
from cavendish.gemini.catalog import Model, models_taken, text_tokens
from cavendish.http.problems import first_of
from generations.request.fields import Context
from generations.request.generation_request import Media, Step, Text
from generations.request.hints import MODELS_ADDRESS, listing
from generations.request.media_types import plain_mime_type


def check_media(context: Context, steps: Sequence[Step], model: Model) -> None:
    """Checks kinds, number and roles of the references, and the types that they are declared to have."""
    references = [block for step in steps if step.type == "user_input" for block in step.content]
    images = [block for block in references if isinstance(block, Media) and block.kind == "image"]
    videos = [block for block in references if isinstance(block, Media) and block.kind == "video"]
    if videos and "video" not in model.input_kinds:
        others = first_of([other.id for other in models_taken() if "video" in other.input_kinds], see=MODELS_ADDRESS)
        for video in videos:
            detail = f"{model.id} takes no video; use {others} for it."
            context.wrong(f"{video.pointer}/type", "not_supported", detail)
    if images and "image" not in model.input_kinds:
        context.wrong(images[0].pointer, "not_supported", f"{model.id} takes no pictures as input.")
    if len(images) > model.max_images_in:
        first = images[model.max_images_in]
        detail = f"{model.id} takes at most {model.max_images_in} pictures; {len(images)} are given."
        context.wrong(first.pointer, "too_many", detail)
    _check_roles(context, images, model)
    _check_types(context, (*images, *(videos if model.video_mime_types else ())), model)


def _check_roles(context: Context, images: Iterable[Media], model: Model) -> None:
    counts: Counter[str] = Counter()
    for image in images:
        if image.role is None:
            continue
        counts[image.role] += 1
        limit = model.role_limits.get(image.role, 0)
        if counts[image.role] != limit + 1:
            continue
        if limit == 0:
            taken = [role for role, number in model.role_limits.items() if number]
            detail = f"{model.id} takes no pictures with the role {image.role}; use {listing(taken)}, or no role."
            context.wrong(f"{image.pointer}/role", "not_supported", detail)
        else:
            detail = f"{model.id} takes at most {limit} pictures with the role {image.role}; this is one more."
            context.wrong(f"{image.pointer}/role", "too_many", detail)


def _check_types(context: Context, media: Iterable[Media], model: Model) -> None:
    # The compatible API corrects a wrong type silently, so there only the bytes count.
    if not context.strict:
        return
    for item in media:
        known = model.input_mime_types if item.kind == "image" else model.video_mime_types
        if item.mime_type is not None and plain_mime_type(item.mime_type) not in known:
            detail = f'"{item.mime_type[:40]}" is no type of {item.kind} that {model.id} takes; use {listing(known)}.'
            context.wrong(f"{item.pointer}/mime_type", "not_supported", detail)


def check_length(context: Context, steps: Sequence[Step], system_instruction: str | None, model: Model | None) -> int:
    """Returns the tokens of all text by the catalog's rule. Text and pictures together must fit the model.

    A video of unknown length is counted at the model's whole limit by quotes, so it is left out here.
    """
    blocks = [block for step in steps for block in step.content]
    text = sum(text_tokens(block.text) for block in blocks if isinstance(block, Text))
    text += sum(text_tokens(words) for step in steps for words in _search_texts(step))
    text += text_tokens(system_instruction or "")
    if model is None:
        return text
    pictures = sum(isinstance(block, Media) and block.kind == "image" for block in blocks)
    total = text + pictures * model.tokens_per_input_image
    if total > model.input_token_limit:
        detail = (
            f"The input is about {total} tokens ({text} of text, {pictures} pictures at "
            f"{model.tokens_per_input_image}); {model.id} takes at most {model.input_token_limit}."
        )
        context.wrong("/input", "too_long", detail)
    return text


def _search_texts(step: Step) -> Iterator[str]:
    """The texts of a replayed search. Signatures are no text: the upstream reads them as its own state."""
    yield from step.fields.get("arguments", {}).get("queries", ())
    for result in step.fields.get("result", ()):
        yield result["search_suggestions"]


def check_characters(context: Context, value: Any) -> None:
    """Notes each text and name that PostgreSQL cannot store, though it is valid JSON."""
    for pointer, kind in unstorable(value):
        where = "The text" if kind == "text" else "A name"
        context.wrong(pointer, "unknown_value", f"{where} holds the character U+0000; take it out.")
