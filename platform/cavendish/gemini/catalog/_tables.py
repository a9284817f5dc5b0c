"""Reads TOML tables strictly: a wrong type, a missing key and a misspelt one are errors that name the table."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")

SIZES = ("512", "1K", "2K", "4K")
ROLES = ("object", "character", "style")

_KINDS: dict[type, str] = {
    int: "a whole number",
    str: "a text in quotes",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    date: "a day like 2026-10-29, without quotes",
    Decimal: "a number",
}


class CatalogDataError(ValueError):
    """A data file that cannot be used. The message names the location and what would be right."""


class Table:
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
        # To Python bool is an int and a moment is a day; here a limit of `true` is a mistake, and so is a time of day.
        alike = (kind is int and isinstance(value, bool)) or (kind is date and isinstance(value, datetime))
        if not isinstance(value, kind) or alike:
            raise CatalogDataError(f"{self.where}: {key} is {value!r}; use {_KINDS[kind]}.")
        return value

    def optional(self, key: str, kind: type[T], default: T) -> T:
        return self.take(key, kind) if self.has(key) else default

    def number(self, key: str, least: int = 0) -> int:
        value = self.take(key, int)
        if value < least:
            wrong = "it cannot be negative" if least == 0 else f"use a whole number from {least} on"
            raise CatalogDataError(f"{self.where}: {key} is {value}; {wrong}.")
        return value

    def amount(self, key: str) -> Decimal:
        """Returns an amount that stands as a number or, as in CSV, in quotes."""
        self._read.add(key)
        value = self._values[key]
        if isinstance(value, int | str) and not isinstance(value, bool):
            try:
                value = Decimal(value)
            except ArithmeticError:
                value = None
        if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
            raise CatalogDataError(f"{self.where}: {key} is {self._values[key]!r}; use a price like 0.50.")
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list)
        if not all(isinstance(value, str) and value for value in values) or len(set(values)) != len(values):
            raise CatalogDataError(f"{self.where}: {key} must be a list of different strings.")
        return tuple(values)

    def numbers(self, key: str) -> dict[str, int]:
        table = self.table(key)
        return {name: table.number(name) for name in table.keys()}  # noqa: SIM118 - not a dict

    def table(self, key: str) -> Table:
        return Table(f"{self.where}: {key}", self.take(key, dict))

    def tables(self, key: str) -> list[Table]:
        """Returns the tables of a list, none where it is left out; their messages count from 1."""
        values = self.optional(key, list, [])
        if not all(isinstance(value, dict) for value in values):
            raise CatalogDataError(f"{self.where}: {key} must be a list of tables, [[model.{key}]].")
        return [Table(f"{self.where}: {key} {number}", value) for number, value in enumerate(values, 1)]

    def has(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> Iterator[str]:
        return iter(self._values)

    def check_unknown(self, *known: str) -> None:
        """Raises CatalogDataError for keys that were not read; `known` are others that might have been meant."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            meant = difflib.get_close_matches(unknown[0], [*self._read, *known], n=1)
            hint = f" Did you mean {meant[0]}?" if meant else ""
            raise CatalogDataError(f"{self.where}: unknown key {', '.join(unknown)}.{hint}")


def one_of(where: str, name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise CatalogDataError(f"{where}: {name} is {value!r}; use one of {', '.join(allowed)}.")
    return value


def check_ratio(where: str, ratio: str) -> None:
    parts = ratio.split(":")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise CatalogDataError(f"{where}: {ratio!r} is not an aspect ratio like 16:9.")
