"""Reads objects of a request field by field and notes every wrong value instead of stopping at the first."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from cavendish.http.problems import FieldError, escape, invalid, shown
from generations.request.generation_request import Dialect
from generations.request.hints import unknown_field, use

# A list longer than this is a mistake or an attack; each entry costs time before anything is paid for.
MAX_ITEMS = 1000
MAX_ERRORS = 100


class Context:
    """One request being parsed.

    `strict`: the native API refuses every field that it does not know. Gemini's takes some that change nothing, whose
    paths are in `ignored` then, and what other servers put into the steps of a model.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.strict = dialect == "native"
        self.errors: list[FieldError] = []
        self.ignored: list[str] = []
        self.elsewhere: Mapping[str, str] = {}
        """Where names belong that stand where they do not, for another API's body."""

    def wrong(self, pointer: str, code: str, detail: str) -> None:
        """Notes an error; raises all of them once there are MAX_ERRORS, for hints take time."""
        self.errors.append(FieldError(pointer, code, detail))
        if len(self.errors) >= MAX_ERRORS:
            self.raise_errors()

    def limited(self, pointer: str, values: list[Any]) -> list[Any]:
        """Returns `values`; [] and notes an error when they are more than MAX_ITEMS."""
        if len(values) <= MAX_ITEMS:
            return values
        self.wrong(pointer, "too_many", f"The list has {len(values)} entries; at most {MAX_ITEMS} are taken.")
        return []

    def raise_errors(self) -> None:
        """Raises Problem 422 with all noted errors, if there are any."""
        if self.errors:
            raise invalid(self.errors)


def is_idle(value: Any) -> bool:
    """Whether a field with this value says the same as without it: false, 0, "", [], {}, "…_UNSPECIFIED"."""
    return not value or (isinstance(value, str) and value.upper().endswith("_UNSPECIFIED"))


class Fields:
    """An object of the request. Each `take…` marks its field as known; `close` deals with those that nobody took.

    A null counts as absent. A wrong value is noted and returned as absent.
    """

    def __init__(self, context: Context, values: dict[str, Any], pointer: str) -> None:
        self.context = context
        self.values = values
        self.pointer = pointer
        self._known: set[str] = set()

    def at(self, name: str) -> str:
        return f"{self.pointer}/{escape(name)}"

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def take(self, *names: str) -> Any:
        """The value under the first of `names` that is there."""
        self._known.update(names)
        return next((self.values[name] for name in names if self.values.get(name) is not None), None)

    def wrong(self, name: str, code: str, detail: str) -> None:
        self.context.wrong(self.at(name), code, detail)

    def wrong_type(self, name: str, expected: str) -> None:
        self.wrong(name, "wrong_type", f"{name} is {shown(self.values[name])}; it takes {expected}.")

    def text(self, name: str) -> str | None:
        value = self.take(name)
        if value is None or isinstance(value, str):
            return value
        self.wrong_type(name, "a string")
        return None

    def flag(self, name: str, default: bool) -> bool:
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong_type(name, "true or false")
        return default

    def whole(self, name: str, low: int, high: int, *, of: str = "") -> int | None:
        """A whole number; None where there is none. `of` ends the message: " with gemini-3-pro-image"."""
        value = self.take(name)
        if value is None:
            return None
        expected = f"a whole number from {low} to {high}{of}"
        # JSON knows no whole numbers: 2.0 is one, true is not.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong_type(name, expected)
            return None
        if not low <= value <= high:
            self.wrong(name, "out_of_range", f"{name} is {shown(value)}; it takes {expected}.")
            return None
        return value

    def number(self, name: str, low: float, high: float) -> float | None:
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong_type(name, f"a number from {low:g} to {high:g}")
            return None
        if not low <= value <= high or not math.isfinite(value):
            self.wrong(name, "out_of_range", f"{name} is {shown(value)}; it takes a number from {low:g} to {high:g}.")
            return None
        return float(value)

    def choice(self, name: str, options: Collection[str]) -> str | None:
        value = self.text(name)
        if value is None or value in options:
            return value
        self.wrong(name, "unknown_value", f"{shown(value)} is no {name}; {use(value, options)}")
        return None

    def items(self, name: str) -> list[Any]:
        value = self.take(name)
        if value is None:
            return []
        if isinstance(value, list):
            return self.context.limited(self.at(name), value)
        self.wrong_type(name, "a list")
        return []

    def inner(self, name: str) -> Fields | None:
        """The object under `name`."""
        value = self.take(name)
        if isinstance(value, dict):
            return Fields(self.context, value, self.at(name))
        if value is not None:
            self.wrong_type(name, "an object")
        return None

    def drop(self, *names: str) -> None:
        """Takes fields out of the document, as if they had not been sent."""
        for name in names:
            self.values.pop(name, None)

    def ignore(self, *names: str) -> None:
        """Drops fields that change nothing, and notes those that ask for something."""
        for name in names:
            if not is_idle(self.values.get(name)):
                self.ignored(name)
        self._known.update(names)
        self.drop(*names)

    def ignored(self, name: str) -> None:
        """Notes that a field was taken and changes nothing."""
        self.context.ignored.append(self.at(name).removeprefix("/").replace("/", "."))

    def close(self, *, replayed: bool = False) -> None:
        """Notes unknown fields. A null says nothing in Gemini's dialect, nor does what is `replayed` with a step of
        the model's: those are taken out of the document.
        """
        for name in [name for name in self.values if name not in self._known]:
            if not self.context.strict and (replayed or self.values[name] is None):
                del self.values[name]
                continue
            self.wrong(name, "unknown_field", unknown_field(name, self._known))
