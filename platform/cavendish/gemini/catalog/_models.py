"""Builds models from their blocks in a data file, and checks that their limits go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cavendish.gemini.catalog._tables import ROLES, SIZES, CatalogDataError, Table, check_ratio, one_of
from cavendish.gemini.catalog._types import Deprecated, Model, Resolution


def check_together(where: str, models: Sequence[Model]) -> None:
    """Raises CatalogDataError for an id that two models have, and for a successor that is no model or retires too."""
    by_id = {model.id: model for model in models}
    for model in models:
        if by_id[model.id] is not model:
            raise CatalogDataError(f"{where}: {model.id} is listed twice.")
        if model.deprecated is None:
            continue
        successor = by_id.get(model.deprecated.successor)
        if successor is None or successor is model:
            raise CatalogDataError(
                f"{where}, {model.id}: its successor {model.deprecated.successor} is not a model here."
            )
        if model.deprecated.redirect and successor.deprecated and successor.deprecated.retires_on:
            raise CatalogDataError(
                f"{where}, {model.id}: its successor {successor.id} retires too; redirect to one that stays."
            )


def model_of(
    where: str, block: Mapping[str, Any], common: Mapping[str, Any], rows: Sequence[Resolution], *, of: str
) -> Model:
    """Returns the model of a block. `of` is what its resolutions are called. Raises CatalogDataError."""
    table = Table(where, block)
    shared = Table(f"{where}: [common]", common)
    text, thought, search = table.table("text"), table.table("thought"), table.table("search")
    video = table.table("video") if table.has("video") else None
    old = table.table("deprecated") if table.has("deprecated") else None
    id = table.take("id", str)
    model = Model(
        id=id,
        name=table.take("name", str),
        description=table.take("description", str),
        deprecated=_deprecated(old) if old else None,
        confirmed=table.optional("confirmed", bool, True),
        sizes=table.strings("sizes"),
        aspect_ratios=table.strings("aspect_ratios"),
        default_size=table.take("default_size", str),
        default_aspect_ratio=table.take("default_aspect_ratio", str),
        resolutions=tuple(rows),
        input_kinds=frozenset(table.strings("input_kinds")),
        max_images_in=table.number("max_images_in"),
        role_limits=table.numbers("roles"),
        search_types=table.strings("search_types"),
        thinks=table.take("thinks", bool),
        thinking_levels=table.strings("thinking_levels"),
        default_thinking=table.take("default_thinking", str) or None,
        max_interim_images=table.number("max_interim_images"),
        interleaves=table.take("interleaves", bool),
        max_images_default=table.number("max_images_default"),
        max_images_limit=table.number("max_images_limit"),
        output_mime_types=shared.strings("output_mime_types"),
        input_mime_types=shared.strings("input_mime_types"),
        video_mime_types=video.strings("mime_types") if video else (),
        input_token_limit=table.number("input_token_limit"),
        output_token_limit=table.number("output_token_limit"),
        tokens_per_input_image=table.number("tokens_per_input_image"),
        tokens_per_video_second=video.number("tokens_per_second") if video else 0,
        video_token_limit=video.number("token_limit") if video else 0,
        text_output_typical=text.number("typical"),
        text_output_cap=text.number("cap"),
        image_only_text_cap=text.number("image_only_cap"),
        thought_typical=thought.numbers("typical"),
        thought_cap=thought.numbers("cap"),
        searches_typical=search.number("typical"),
        searches_cap=search.number("cap"),
        background=table.take("background", bool),
        watermark=shared.take("watermark", str) or None,
        notes=(table.strings("notes") if table.has("notes") else ()) + shared.strings("notes"),
    )
    for part in (table, shared, text, thought, search, video, old):
        if part is not None:
            part.check_unknown()
    _check(where, model, of)
    return model


def _deprecated(table: Table) -> Deprecated:
    deprecated = Deprecated(
        successor=table.take("successor", str),
        note=table.take("note", str),
        retires_on=table.take("retires_on", date) if table.has("retires_on") else None,
        redirect=table.optional("redirect", bool, False),
    )
    if deprecated.redirect and deprecated.retires_on is None:
        raise CatalogDataError(f"{table.where}: redirect needs retires_on, the day from which on it holds.")
    return deprecated


def _check(where: str, model: Model, of: str) -> None:
    def demand(holds: bool, message: str) -> None:
        if not holds:
            raise CatalogDataError(f"{where}: {message}")

    for ratio in model.aspect_ratios:
        check_ratio(where, ratio)
    for size in model.sizes:
        one_of(where, "a size", size, SIZES)
    one_of(where, "default_size", model.default_size, model.sizes)
    one_of(where, "default_aspect_ratio", model.default_aspect_ratio, model.aspect_ratios)
    for kind in model.input_kinds:
        one_of(where, "an input kind", kind, ("text", "image", "video"))
    for kind in model.search_types:
        one_of(where, "a search type", kind, ("web_search", "image_search"))
    demand(set(model.role_limits) == set(ROLES), f"roles takes exactly {', '.join(ROLES)}.")
    demand(max(model.role_limits.values()) <= model.max_images_in, "a role takes more than max_images_in.")
    demand(
        ("video" in model.input_kinds) == bool(model.video_mime_types), "[model.video] goes with the input kind video."
    )
    listed = {(row.aspect_ratio, row.image_size) for row in model.resolutions}
    for pair in sorted({(ratio, size) for ratio in model.aspect_ratios for size in model.sizes} ^ listed):
        demand(pair not in listed, f"{of} has a row {pair[0]} at {pair[1]}, which the model does not list.")
        demand(False, f"{of} lacks a row for {pair[0]} at {pair[1]}.")
    levels = set(model.thinking_levels) | (set() if model.default_thinking else {"default"})
    demand(set(model.thought_typical) == levels, f"thought.typical takes exactly {', '.join(sorted(levels))}.")
    demand(set(model.thought_cap) == levels, f"thought.cap takes exactly {', '.join(sorted(levels))}.")
    demand(
        model.default_thinking is None or model.default_thinking in model.thinking_levels,
        "default_thinking is not one of thinking_levels.",
    )
    demand(1 <= model.max_images_default <= model.max_images_limit, "max_images_default is above max_images_limit.")
    worst = (
        model.max_images_limit * max(row.worst_tokens for row in model.resolutions)
        + max(model.thought_cap.values())
        + max(model.text_output_cap, model.image_only_text_cap)
    )
    demand(
        worst <= model.output_token_limit,
        f"the worst case of one request is {worst} tokens, above output_token_limit {model.output_token_limit}; "
        "lower max_images_limit or a cap.",
    )
