"""The image models with their limits, token tables and prices. They are data: models.toml says how to add one.

What is shipped can be changed by a file of the operator's and by further names of models (`configure`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from cavendish.gemini.catalog._aliases import PREVIEW_NAMES, check_aliases, parse_aliases
from cavendish.gemini.catalog._load import data, load_blocks, load_models, load_prices, load_resolutions
from cavendish.gemini.catalog._models import check_together
from cavendish.gemini.catalog._operator import OperatorFile, load_operator_file
from cavendish.gemini.catalog._tables import CatalogDataError
from cavendish.gemini.catalog._types import (
    CatalogError,
    Deprecated,
    Model,
    ModelRetired,
    PriceRow,
    Resolution,
    UnknownModel,
)

__all__ = [
    "CatalogDataError",
    "CatalogError",
    "Deprecated",
    "Model",
    "ModelRetired",
    "PriceRow",
    "Resolution",
    "UnknownModel",
    "aliases",
    "configure",
    "get_model",
    "is_operators",
    "models",
    "models_taken",
    "names_of",
    "prices",
    "requested_model",
    "text_tokens",
]

# Every job has a price for these, whatever else it uses.
ALWAYS_PRICED = ("text_input", "image_input", "text_output", "thought_output", "image_output")


@dataclass(frozen=True)
class _Catalog:
    """`aliases` are further names of models, by name; `of_operator` are the models that the operator's file names."""

    models: Mapping[str, Model]
    prices: tuple[PriceRow, ...]
    aliases: Mapping[str, str]
    of_operator: frozenset[str] = frozenset()


_sources: tuple[str, tuple[str, ...]] = ("", ())


def configure(*, file: str = "", names: Sequence[str] = ()) -> None:
    """Reads the shipped data with an operator's `file` over it and his `names`, such as "old-name=gemini-3-pro-image".

    Raises CatalogDataError, whose message begins with CATALOG_FILE or MODEL_ALIASES where one of them is at fault; what
    was read before stays then.
    """
    global _sources
    before, _sources = _sources, (file, tuple(names))
    _catalog.cache_clear()
    try:
        _catalog()
    except CatalogDataError:
        _sources = before
        _catalog.cache_clear()
        raise


@cache
def _catalog() -> _Catalog:
    file, names = _sources
    resolutions = load_resolutions(data("resolutions.csv"))
    shipped = {model.id: model for model in load_models(data("models.toml"), resolutions)}
    shipped_prices = load_prices(data("prices.csv"), frozenset(shipped))
    operator = OperatorFile()
    if file:
        blocks, common = load_blocks(data("models.toml"))
        operator = load_operator_file(Path(file), blocks, common, resolutions)
    by_id = {**shipped, **{model.id: model for model in operator.models}}
    check_together(f"CATALOG_FILE {file}" if file else "models.toml", tuple(by_id.values()))
    by_place = {(row.model, row.kind, row.tier, row.as_of): row for row in (*shipped_prices, *operator.prices)}
    _check_prices(file, operator.models, tuple(by_place.values()))
    preview = {name: id for name, id in PREVIEW_NAMES.items() if name not in by_id and id in by_id}
    aliases = {**preview, **check_aliases(f"CATALOG_FILE {file}: aliases", operator.aliases, by_id)}
    for name, id in parse_aliases(names, by_id).items():
        aliases[name] = id
    own = frozenset(model.id for model in operator.models)
    return _Catalog(by_id, tuple(by_place.values()), {name: id for name, id in aliases.items() if id}, own)


def _check_prices(file: str, models: Sequence[Model], rows: Sequence[PriceRow]) -> None:
    standard = {(row.model, row.kind) for row in rows if row.tier == "standard"}
    for model in models:
        needed = [*ALWAYS_PRICED, *(kind for kind in ("video_input", "search_query") if kind in model.billed_kinds)]
        missing = [kind for kind in needed if (model.id, kind) not in standard]
        if missing:
            raise CatalogDataError(
                f"CATALOG_FILE {file}: model {model.id}: it has no price for {', '.join(missing)}; give them in "
                "[[model.prices]], as standard = { text_input = 0.50 } and so on."
            )


def models() -> tuple[Model, ...]:
    """Returns all models in the order of the files, those that are retired too. Raises CatalogDataError."""
    return tuple(_catalog().models.values())


def models_taken(today: date | None = None) -> tuple[Model, ...]:
    """Returns the models that requests may name on a day, today when none is given."""
    day = today or _today()
    return tuple(model for model in models() if not model.is_retired(day))


def prices() -> tuple[PriceRow, ...]:
    """Returns what Google charges, in US dollars, paid tier."""
    return _catalog().prices


def aliases() -> Mapping[str, str]:
    """Returns the ids of models by their further names."""
    return _catalog().aliases


def is_operators(model: Model) -> bool:
    """Returns whether the operator's file adds or changes the model."""
    return model.id in _catalog().of_operator


def names_of(model: Model, today: date | None = None) -> list[str]:
    """Returns the further names that lead to a model on a day: aliases, and retired models that redirect to it."""
    names = [*aliases(), *(each.id for each in models())]
    return [name for name in names if name != model.id and _leads_to(name, model, today)]


def _leads_to(name: str, model: Model, today: date | None) -> bool:
    try:
        return requested_model(name, today) is model
    except ModelRetired:
        return False


def get_model(id: str) -> Model:
    """Returns the model with this id or further name, a retired one too. Raises UnknownModel with the nearest id."""
    catalog = _catalog()
    model = catalog.models.get(catalog.aliases.get(id, id))
    if model is None:
        known = tuple(model.id for model in models_taken())
        # A long id cannot be a misspelt one, and comparing it would take time.
        nearest = difflib.get_close_matches(id.lower(), known, n=1, cutoff=0.6) if len(id) <= 100 else []
        raise UnknownModel(id, nearest[0] if nearest else None, known)
    return model


def requested_model(name: str, today: date | None = None) -> Model:
    """Returns the model that runs for a request which names `name`, with or without "models/".

    It is another one for a further name, and for a retired model that redirects. Raises UnknownModel, or ModelRetired.
    """
    model = get_model(name.removeprefix("models/"))
    day = today or _today()
    if not model.is_retired(day):
        return model
    assert model.deprecated is not None
    assert model.deprecated.retires_on is not None
    if model.deprecated.redirect:
        return get_model(model.deprecated.successor)
    known = tuple(each.id for each in models_taken(day))
    raise ModelRetired(model.id, model.deprecated.successor, model.deprecated.retires_on, known)


def _today() -> date:
    return datetime.now(UTC).date()


def text_tokens(text: str) -> int:
    """Returns how many tokens a text counts as in quotes and the sandbox: one for each 4 bytes of UTF-8 begun."""
    return (len(text.encode("utf-8", "surrogatepass")) + 3) // 4
