"""What values of tenants and keys may be, for services: meaning, not type."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from cavendish.gemini.catalog import models
from cavendish.http.problems import FieldError, shown


@cache
def model_ids() -> tuple[str, ...]:
    return tuple(model.id for model in models())


@cache
def image_sizes() -> tuple[str, ...]:
    """Every size that some model makes, smallest first."""
    order = ("512", "1K", "2K", "4K")
    found = {size for model in models() for size in model.sizes}
    return tuple(sorted(found, key=lambda size: order.index(size) if size in order else len(order)))


def check_models(names: Sequence[str], field: str = "allowed_models") -> list[FieldError]:
    return _each(names, model_ids(), field, "no model here")


def check_sizes(names: Sequence[str], field: str = "allowed_sizes") -> list[FieldError]:
    return _each(names, image_sizes(), field, "no image size")


def _each(names: Sequence[str], known: Sequence[str], field: str, what: str) -> list[FieldError]:
    if not names:
        return [FieldError(f"/{field}", "too_short", "The list is empty, which would allow nothing; null allows all.")]
    return [
        FieldError(f"/{field}/{index}", "unknown_value", f"{shown(name)} is {what}; use {', '.join(known)}.")
        for index, name in enumerate(names)
        if name not in known
    ]


@cache
def time_zones() -> frozenset[str]:
    """IANA's names; without aliases of the machine such as "localtime"."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def check_time_zone(name: str, field: str = "billing_timezone") -> list[FieldError]:
    if name in time_zones() and ZoneInfo(name):
        return []
    return [FieldError(f"/{field}", "unknown_value", f'{shown(name)} is no time zone; write it like "Europe/Berlin".')]
