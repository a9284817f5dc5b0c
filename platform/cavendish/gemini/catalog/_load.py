"""Loads the shipped data files. What does not fit is refused with its file, row and key."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from cavendish.gemini.catalog._models import check_together, model_of
from cavendish.gemini.catalog._tables import SIZES, CatalogDataError, check_ratio, one_of
from cavendish.gemini.catalog._types import PRICE_KINDS, Model, PriceRow, Resolution

PRICE_UNITS = ("per_1m_tokens", "per_1k_queries")


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
        check_ratio(where, row["aspect_ratio"])
        one_of(where, "image_size", row["image_size"], SIZES)
        one_of(where, "assumed", row["assumed"], ("yes", "no"))
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
        one_of(where, "model", row["model"], tuple(sorted(known)))
        one_of(where, "kind", row["kind"], PRICE_KINDS)
        one_of(where, "tier", row["tier"], ("standard", "batch"))
        one_of(where, "unit", row["unit"], PRICE_UNITS)
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


def load_blocks(file: Traversable) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Returns the blocks of the models and what is common to all. Raises CatalogDataError."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogDataError(f"{file.name}: {error}") from None
    return document.get("model", []), document.get("common", {})


def load_models(file: Traversable, resolutions: Mapping[str, tuple[Resolution, ...]]) -> tuple[Model, ...]:
    """Returns all models in the file's order. Raises CatalogDataError."""
    blocks, common = load_blocks(file)
    models = []
    for number, block in enumerate(blocks, 1):
        id = block.get("id", f"model {number}")
        rows = resolutions.get(id, ())
        models.append(model_of(f"{file.name}, {id}", block, common, rows, of="resolutions.csv"))
    check_together(file.name, models)
    strays = sorted(set(resolutions) - {model.id for model in models})
    if strays:
        raise CatalogDataError(
            f"{file.name}: resolutions.csv has rows of {', '.join(strays)}, which is not a model here."
        )
    return tuple(models)


def data(name: str) -> Traversable:
    """Returns a data file of this package."""
    return files("cavendish.gemini.catalog") / name
