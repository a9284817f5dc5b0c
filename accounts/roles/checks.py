"""Checks of settings of tenants and keys against the catalog and the time zones, for services."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from cavendish.gemini.catalog import aliases, models
from cavendish.http.problems import FieldError, first_of, shown

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(
    rf"(?:https://{_LABEL}(?:\.{_LABEL})*|http://(?:localhost|127\.0\.0\.1))(?::[1-9][0-9]{{0,4}})?", re.ASCII
)


def model_ids() -> tuple[str, ...]:
    """Returns the ids of all models in the catalog's order."""
    return tuple(model.id for model in models())


def models_named(names: Sequence[str]) -> list[str]:
    """Returns the ids of models that are named, each once; what is no model's name stays, for `check_models`."""
    ids = aliases()
    return list(dict.fromkeys(ids.get(name, name) for name in (each.removeprefix("models/") for each in names)))


def image_sizes() -> tuple[str, ...]:
    """Returns every size that some model makes, smallest first."""
    order = ("512", "1K", "2K", "4K")
    sizes = {size for model in models() for size in model.sizes}
    return tuple(sorted(sizes, key=lambda size: order.index(size) if size in order else len(order)))


def check_models(names: Sequence[str], field: str = "allowed_models") -> list[FieldError]:
    """Returns an error for an empty list and for each name that is no model."""
    options = first_of(model_ids(), see="/api/v1/models")
    return _check_each(names, model_ids(), field, f"not a model of this platform; use {options}")


def check_sizes(names: Sequence[str], field: str = "allowed_sizes") -> list[FieldError]:
    """Returns an error for an empty list and for each name that is no image size."""
    return _check_each(names, image_sizes(), field, f"not an image size; use {', '.join(image_sizes())}")


def _check_each(names: Sequence[str], known: Sequence[str], field: str, reason: str) -> list[FieldError]:
    if not names:
        return [FieldError(f"/{field}", "too_short", "An empty list would allow nothing. Use null to allow all.")]
    return [
        FieldError(f"/{field}/{index}", "unknown_value", f"{shown(name)} is {reason}.")
        for index, name in enumerate(names)
        if name not in known
    ]


def check_origins(origins: Sequence[str], field: str) -> list[FieldError]:
    """Returns an error for each text that is not an origin as browsers send it. They become part of headers."""
    how = 'an origin as browsers write it, like "https://app.example.com"; http only for this machine'
    return [
        FieldError(f"/{field}/{index}", "invalid", f"{shown(origin)} is not {how}.")
        for index, origin in enumerate(origins)
        if not _ORIGIN.fullmatch(origin)
    ]


@cache
def time_zones() -> frozenset[str]:
    """Returns the IANA names, without aliases of the machine such as "localtime"."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def check_time_zone(name: str, field: str = "billing_timezone") -> list[FieldError]:
    """Returns an error for a name that is no IANA time zone."""
    if name in time_zones() and ZoneInfo(name):
        return []
    return [
        FieldError(f"/{field}", "unknown_value", f'{shown(name)} is not a time zone; write it like "Europe/Berlin".')
    ]
