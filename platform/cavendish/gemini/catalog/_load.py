"""Loads the data files. What does not fit is refused with its file, row and key."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from cavendish.gemini.catalog._types import Deprecated, Model, PriceRow, Resolution

T = TypeVar("T")

SIZES = ("512", "1K", "2K", "4K")
ROLES = ("object", "character", "style")
PRICE_KINDS = (
    "text_input", "image_input", "video_input", "cached_input",
    "text_output", "thought_output", "image_output", "search_query",
)  # fmt: skip
PRICE_UNITS = ("per_1m_tokens", "per_1k_queries")


_KINDS: dict[type, str] = {
    int: "a whole number",
    str: "a text in quotes",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class CatalogDataError(ValueError):
    """A data file that cannot be used. The message names the location and what would be right."""


class _Table:
    """A TOML table that tracks which keys were read, so that a misspelt one is an error instead of ignored."""

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:
        self.where = where
        self._values = values
        self._read: set[str] = set()

    def take(self, key: str, kind: type[T]) -> T:
        if key not in self._values:
            raise CatalogDataError(f"{self.where}: {key} is missing.")
        self._read.add(key)
        value = self._values[key]
        # bool is an int to Python; a limit of `true` is a mistake.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise CatalogDataError(f"{self.where}: {key} is {value!r}; use {_KINDS[kind]}.")
        return value

    def number(self, key: str) -> int:
        value = self.take(key, int)
        if value < 0:
            raise CatalogDataError(f"{self.where}: {key} is {value}; it cannot be negative.")
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list)
        if not all(isinstance(value, str) and value for value in values) or len(set(values)) != len(values):
            raise CatalogDataError(f"{self.where}: {key} must be a list of different strings.")
        return tuple(values)

    def numbers(self, key: str) -> dict[str, int]:
        table = self.table(key)
        return {name: table.number(name) for name in table.keys()}  # noqa: SIM118 - not a dict

    def table(self, key: str) -> _Table:
        return _Table(f"{self.where}: {key}", self.take(key, dict))

    def has(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> Iterator[str]:
        return iter(self._values)

    def check_unknown(self) -> None:
        """Raises CatalogDataError for keys that were not read."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            raise CatalogDataError(f"{self.where}: unknown key {', '.join(unknown)}.")


def _one_of(where: str, name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise CatalogDataError(f"{where}: {name} is {value!r}; use one of {', '.join(allowed)}.")
    return value


def _rows(file: Traversable, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    with file.open("r", encoding="utf-8") as text:
        reader = csv.DictReader(text, strict=True)
        if tuple(reader.fieldnames or ()) != columns:
            raise CatalogDataError(f"{file.name}: the first line must be {','.join(columns)}.")
        for row in reader:
            where = f"{file.name}, line {reader.line_num}"
            if None in row or None in row.values():
                raise CatalogDataError(f"{where}: there must be {len(columns)} columns.")
            yield where, row


def _whole(where: str, row: Mapping[str, str], key: str) -> int:
    if not row[key].isascii() or not row[key].isdigit() or int(row[key]) < 1:
        raise CatalogDataError(f"{where}: {key} is {row[key]!r}; use a whole number from 1 on.")
    return int(row[key])


def load_resolutions(file: Traversable) -> dict[str, tuple[Resolution, ...]]:
    """Returns the rows by model id. Raises CatalogDataError, also for a second row of one model, ratio and size."""
    columns = (
        "model", "aspect_ratio", "image_size", "width", "height", "tokens", "price_page_tokens", "assumed", "note",
    )  # fmt: skip
    by_model: dict[str, list[Resolution]] = defaultdict(list)
    seen: dict[tuple[str, str, str], str] = {}
    for where, row in _rows(file, columns):
        _check_ratio(where, row["aspect_ratio"])
        _one_of(where, "image_size", row["image_size"], SIZES)
        _one_of(where, "assumed", row["assumed"], ("yes", "no"))
        key = (row["model"], row["aspect_ratio"], row["image_size"])
        if key in seen:
            raise CatalogDataError(f"{where}: the same model, ratio and size as {seen[key]}.")
        seen[key] = where
        by_model[row["model"]].append(
            Resolution(
                aspect_ratio=row["aspect_ratio"],
                image_size=row["image_size"],
                width=_whole(where, row, "width"),
                height=_whole(where, row, "height"),
                tokens=_whole(where, row, "tokens"),
                price_page_tokens=_whole(where, row, "price_page_tokens"),
                assumed=row["assumed"] == "yes",
                note=row["note"],
            )
        )
    return {model: tuple(rows) for model, rows in by_model.items()}


def load_prices(file: Traversable, known: frozenset[str]) -> tuple[PriceRow, ...]:
    """Returns all rows in the file's order. Raises CatalogDataError for a row of a model that is not in `known`."""
    columns = ("model", "kind", "tier", "unit", "price", "currency", "as_of", "source")
    rows = []
    seen: dict[tuple[str, ...], str] = {}
    for where, row in _rows(file, columns):
        _one_of(where, "model", row["model"], tuple(sorted(known)))
        _one_of(where, "kind", row["kind"], PRICE_KINDS)
        _one_of(where, "tier", row["tier"], ("standard", "batch"))
        _one_of(where, "unit", row["unit"], PRICE_UNITS)
        key = (row["model"], row["kind"], row["tier"], row["as_of"])
        if key in seen:
            raise CatalogDataError(f"{where}: the same model, kind, tier and day as {seen[key]}.")
        seen[key] = where
        try:
            price, as_of = Decimal(row["price"]), date.fromisoformat(row["as_of"])
        except (InvalidOperation, ValueError):
            raise CatalogDataError(
                f"{where}: price must be a decimal number and as_of a day like 2026-09-24."
            ) from None
        if not price.is_finite() or price < 0:
            raise CatalogDataError(f"{where}: price is {price}; it cannot be negative.")
        rows.append(
            PriceRow(
                model=row["model"],
                kind=row["kind"],
                tier=row["tier"],
                unit=row["unit"],
                price=price,
                currency=row["currency"],
                as_of=as_of,
                source=row["source"],
            )
        )
    return tuple(rows)


def load_models(file: Traversable, resolutions: Mapping[str, tuple[Resolution, ...]]) -> tuple[Model, ...]:
    """Returns all models in the file's order. Raises CatalogDataError."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogDataError(f"{file.name}: {error}") from None
    blocks = document.get("model", [])
    models = tuple(
        _model(f"{file.name}, {block.get('id', f'model {number}')}", block, document.get("common", {}), resolutions)
        for number, block in enumerate(blocks, 1)
    )
    ids = [model.id for model in models]
    for model in models:
        if ids.count(model.id) > 1:
            raise CatalogDataError(f"{file.name}: {model.id} is listed twice.")
        if model.deprecated and model.deprecated.successor not in ids:
            raise CatalogDataError(
                f"{file.name}, {model.id}: its successor {model.deprecated.successor} is not a model here."
            )
    strays = sorted(set(resolutions) - set(ids))
    if strays:
        raise CatalogDataError(
            f"{file.name}: resolutions.csv has rows of {', '.join(strays)}, which is not a model here."
        )
    return models


def _model(where: str, block: Mapping[str, Any], common: Mapping[str, Any], tables: Mapping[str, Any]) -> Model:
    table = _Table(where, block)
    shared = _Table(f"{where}: [common]", common)
    text, thought, search = table.table("text"), table.table("thought"), table.table("search")
    video = table.table("video") if table.has("video") else None
    old = table.table("deprecated") if table.has("deprecated") else None
    id = table.take("id", str)
    model = Model(
        id=id,
        name=table.take("name", str),
        description=table.take("description", str),
        deprecated=Deprecated(successor=old.take("successor", str), note=old.take("note", str)) if old else None,
        sizes=table.strings("sizes"),
        aspect_ratios=table.strings("aspect_ratios"),
        default_size=table.take("default_size", str),
        default_aspect_ratio=table.take("default_aspect_ratio", str),
        resolutions=tables.get(id, ()),
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
    _check(where, model)
    return model


def _check(where: str, model: Model) -> None:
    def demand(holds: bool, message: str) -> None:
        if not holds:
            raise CatalogDataError(f"{where}: {message}")

    for ratio in model.aspect_ratios:
        _check_ratio(where, ratio)
    for size in model.sizes:
        _one_of(where, "a size", size, SIZES)
    _one_of(where, "default_size", model.default_size, model.sizes)
    _one_of(where, "default_aspect_ratio", model.default_aspect_ratio, model.aspect_ratios)
    for kind in model.input_kinds:
        _one_of(where, "an input kind", kind, ("text", "image", "video"))
    for kind in model.search_types:
        _one_of(where, "a search type", kind, ("web_search", "image_search"))
    demand(set(model.role_limits) == set(ROLES), f"roles takes exactly {', '.join(ROLES)}.")
    demand(max(model.role_limits.values()) <= model.max_images_in, "a role takes more than max_images_in.")
    demand(
        ("video" in model.input_kinds) == bool(model.video_mime_types), "[model.video] goes with the input kind video."
    )
    listed = {(row.aspect_ratio, row.image_size) for row in model.resolutions}
    for pair in sorted({(ratio, size) for ratio in model.aspect_ratios for size in model.sizes} ^ listed):
        demand(pair not in listed, f"resolutions.csv has a row {pair[0]} at {pair[1]}, which the model does not list.")
        demand(False, f"resolutions.csv lacks a row for {pair[0]} at {pair[1]}.")
    levels = set(model.thinking_levels or ("default",))
    demand(set(model.thought_typical) == levels, f"thought.typical takes exactly {', '.join(sorted(levels))}.")
    demand(set(model.thought_cap) == levels, f"thought.cap takes exactly {', '.join(sorted(levels))}.")
    demand((model.default_thinking or "default") in levels, "default_thinking is not one of thinking_levels.")
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


def _check_ratio(where: str, ratio: str) -> None:
    parts = ratio.split(":")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise CatalogDataError(f"{where}: {ratio!r} is not an aspect ratio like 16:9.")


def data(name: str) -> Traversable:
    """Returns a data file of this package."""
    return files("cavendish.gemini.catalog") / name
