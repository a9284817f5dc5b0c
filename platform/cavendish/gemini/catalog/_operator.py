"""The operator's own catalog file: models that are changed, added or retired without a release."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cavendish.gemini.catalog._models import model_of
from cavendish.gemini.catalog._tables import SIZES, CatalogDataError, Table, check_ratio, one_of
from cavendish.gemini.catalog._types import PRICE_KINDS, Model, PriceRow, Resolution

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
OWN_KEYS = ("id", "like", "resolutions", "prices")
# What a model that is like another one has to say itself.
NOT_INHERITED = ("id", "name", "description", "deprecated", "confirmed")


@dataclass(frozen=True)
class OperatorFile:
    """What the file says: models that replace shipped ones or follow them, prices, and further names of models."""

    models: tuple[Model, ...] = ()
    prices: tuple[PriceRow, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)


def load_operator_file(
    path: Path,
    shipped: Sequence[Mapping[str, Any]],
    common: Mapping[str, Any],
    resolutions: Mapping[str, tuple[Resolution, ...]],
) -> OperatorFile:
    """Reads the file over the blocks and resolutions of the shipped models.

    Raises CatalogDataError, whose message names the file, the table and what would be right.
    """
    where = f"CATALOG_FILE {path}"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise CatalogDataError(f"{where} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogDataError(f"{where} is not TOML: {error}.") from None
    top = Table(where, document)
    blocks = top.optional("model", list, [])
    if not all(isinstance(block, dict) for block in blocks):
        raise CatalogDataError(f"{where}: model must be a list of tables; begin each with [[model]].")
    aliases = top.optional("aliases", dict, {})
    if not all(isinstance(target, str) for target in aliases.values()):
        raise CatalogDataError(f'{where}: aliases takes lines like "old-name" = "gemini-3-pro-image".')
    top.check_unknown("model", "aliases")
    known = {str(block["id"]): (block, resolutions.get(block["id"], ())) for block in shipped}
    models, prices, seen = [], [], set()
    for number, block in enumerate(blocks, 1):
        id = block.get("id")
        if not isinstance(id, str) or not ID.fullmatch(id):
            raise CatalogDataError(f'{where}: model {number}: id must be a text such as "gemini-4-flash-image".')
        place = f"{where}: model {id}"
        if id in seen:
            raise CatalogDataError(f"{place}: it is listed twice.")
        seen.add(id)
        merged, rows = _merged(place, block, known)
        models.append(model_of(place, merged, common, rows, of="resolutions"))
        prices += _prices(Table(place, block), id, path.name)
    return OperatorFile(tuple(models), tuple(prices), dict(aliases))


def _merged(
    where: str, block: Mapping[str, Any], known: Mapping[str, tuple[Mapping[str, Any], tuple[Resolution, ...]]]
) -> tuple[dict[str, Any], list[Resolution]]:
    """Returns the whole block of a model: what it says itself, over the shipped model of its id, or that it is like."""
    id, like = block["id"], block.get("like")
    base: Mapping[str, Any] = {}
    inherited: tuple[Resolution, ...] = ()
    if like is not None:
        if id in known:
            raise CatalogDataError(f"{where}: like goes with a new model; this one is shipped and keeps what it has.")
        if not isinstance(like, str) or like not in known:
            raise CatalogDataError(f"{where}: like is {like!r}; use one of {', '.join(known)}.")
        block_of_like, inherited = known[like]
        base = {key: value for key, value in block_of_like.items() if key not in NOT_INHERITED}
    elif id in known:
        base, inherited = known[id]
    merged = dict(base)
    for key, value in block.items():
        if key in OWN_KEYS[1:]:
            continue
        older = base.get(key)
        merged[key] = {**older, **value} if isinstance(older, dict) and isinstance(value, dict) else value
    if "video" not in _listed(merged, "input_kinds") and "video" not in block:
        merged.pop("video", None)
    return merged, _resolutions(Table(where, block), merged, inherited)


def _resolutions(own: Table, merged: Mapping[str, Any], inherited: Sequence[Resolution]) -> list[Resolution]:
    """Returns the inherited rows that the model still makes, and its own, which win."""
    ratios, sizes = _listed(merged, "aspect_ratios"), _listed(merged, "sizes")
    rows = {
        (row.aspect_ratio, row.image_size): row
        for row in inherited
        if row.aspect_ratio in ratios and row.image_size in sizes
    }
    named = set()
    for table in own.tables("resolutions"):
        row = _resolution(table)
        key = (row.aspect_ratio, row.image_size)
        if key in named:
            raise CatalogDataError(f"{table.where}: {key[0]} at {key[1]} is listed twice.")
        named.add(key)
        rows[key] = row
    return list(rows.values())


def _listed(block: Mapping[str, Any], key: str) -> Sequence[Any]:
    """Returns a list of the block. What is none is refused when the model is read."""
    value = block.get(key)
    return value if isinstance(value, list) else ()


def _resolution(table: Table) -> Resolution:
    tokens = table.number("tokens", least=1)
    row = Resolution(
        aspect_ratio=table.take("aspect_ratio", str),
        image_size=one_of(table.where, "image_size", table.take("image_size", str), SIZES),
        width=table.number("width", least=1),
        height=table.number("height", least=1),
        tokens=tokens,
        price_page_tokens=table.number("price_page_tokens", least=1) if table.has("price_page_tokens") else tokens,
        assumed=table.optional("assumed", bool, False),
        note=table.optional("note", str, ""),
    )
    check_ratio(table.where, row.aspect_ratio)
    table.check_unknown("price_page_tokens", "assumed", "note")
    return row


def _prices(own: Table, model: str, file: str) -> list[PriceRow]:
    """Returns the rows of a model's price tables, each of which begins on a day."""
    rows = []
    days = set()
    for table in own.tables("prices"):
        as_of = table.take("as_of", date)
        if as_of in days:
            raise CatalogDataError(f"{table.where}: there are prices as of {as_of} already; give them a later day.")
        days.add(as_of)
        source = table.optional("source", str, file)
        for tier in ("standard", "batch"):
            kinds = table.table(tier) if table.has(tier) else Table(table.where, {})
            for kind in kinds.keys():  # noqa: SIM118 - not a dict
                one_of(kinds.where, "a kind", kind, PRICE_KINDS)
                unit = "per_1k_queries" if kind == "search_query" else "per_1m_tokens"
                rows.append(PriceRow(model, kind, tier, unit, kinds.amount(kind), "USD", as_of, source))
        table.check_unknown("standard", "batch", "source")
    return rows
