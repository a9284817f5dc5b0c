"""Further names of models: those of Google's previews, and the operator's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cavendish.gemini.catalog._tables import CatalogDataError
from cavendish.gemini.catalog._types import Model

PREVIEW_NAMES = {
    "gemini-3-pro-image-preview": "gemini-3-pro-image",
    "gemini-3.1-flash-image-preview": "gemini-3.1-flash-image",
    "gemini-2.5-flash-image-preview": "gemini-2.5-flash-image",
}
"""What public code still calls them. They count unless the operator says otherwise."""

# A slash, as routers write "google/…", is possible where the name stands in a body.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")


def parse_aliases(items: Sequence[str], models: Mapping[str, Model]) -> dict[str, str]:
    """Returns the aliases of a setting, items like "name=model"; an empty model takes a name away.

    Raises CatalogDataError.
    """
    where = "MODEL_ALIASES"
    parsed = {}
    for item in items:
        name, equals, id = (part.strip() for part in item.partition("="))
        if not equals or not name:
            raise CatalogDataError(f"{where} has {item!r}; write it like old-name=gemini-3-pro-image.")
        parsed[name] = id
    return check_aliases(where, parsed, models)


def check_aliases(where: str, aliases: Mapping[str, str], models: Mapping[str, Model]) -> dict[str, str]:
    """Returns the aliases when each is a name and leads to a model. Raises CatalogDataError."""
    for name, id in aliases.items():
        if not _NAME.fullmatch(name):
            raise CatalogDataError(f"{where}: {name!r} is no name; use letters, digits, '.', '-', '_' and '/'.")
        if name in models:
            raise CatalogDataError(f"{where}: {name} is a model itself; to replace it, retire it with a redirect.")
        if id and id not in models:
            raise CatalogDataError(f"{where}: {name} leads to {id!r}; use one of {', '.join(models)}.")
    return dict(aliases)
