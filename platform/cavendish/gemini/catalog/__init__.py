"""The image models with their limits, token tables and prices. They are data: models.toml says how to add one."""

from __future__ import annotations

import difflib
from functools import cache

from cavendish.gemini.catalog._load import CatalogDataError, data, load_models, load_prices, load_resolutions
from cavendish.gemini.catalog._types import CatalogError, Deprecated, Model, PriceRow, Resolution, UnknownModel

__all__ = [
    "CatalogDataError",
    "CatalogError",
    "Deprecated",
    "Model",
    "PriceRow",
    "Resolution",
    "UnknownModel",
    "get_model",
    "models",
    "prices",
    "text_tokens",
]


@cache
def models() -> tuple[Model, ...]:
    """Returns all models in the order of the data file, which is read once. Raises CatalogDataError."""
    return load_models(data("models.toml"), load_resolutions(data("resolutions.csv")))


@cache
def prices() -> tuple[PriceRow, ...]:
    """Returns what Google charges, in US dollars, paid tier."""
    return load_prices(data("prices.csv"), frozenset(model.id for model in models()))


def get_model(id: str) -> Model:
    """Returns the model with this id. Raises UnknownModel with the nearest id."""
    model = _by_id().get(id)
    if model is None:
        known = tuple(_by_id())
        # A long id cannot be a misspelt one, and comparing it would take time.
        nearest = difflib.get_close_matches(id.lower(), known, n=1, cutoff=0.6) if len(id) <= 100 else []
        raise UnknownModel(id, nearest[0] if nearest else None, known)
    return model


@cache
def _by_id() -> dict[str, Model]:
    return {model.id: model for model in models()}


def text_tokens(text: str) -> int:
    """Returns how many tokens a text counts as in quotes and the sandbox: one for each 4 bytes of UTF-8 begun."""
    return (len(text.encode("utf-8", "surrogatepass")) + 3) // 4
