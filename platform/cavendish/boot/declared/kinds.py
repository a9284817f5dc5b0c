"""What a setting may be: each kind reads a text, or says what would be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Protocol

TRUE = frozenset({"true", "1", "yes"})
FALSE = frozenset({"false", "0", "no"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class WrongValue(ValueError):
    """`reason` follows the setting's name in a message; without one the message has the value and what is right."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason)


class Kind(Protocol):
    """`right` follows "use" in a message and stands in the table of docs/configuration.md."""

    @property
    def right(self) -> str: ...

    def read(self, text: str) -> Any:
        """Returns the value that a text which is not empty means. Raises WrongValue."""


@dataclass(frozen=True)
class Text:
    right: str = "text"

    def read(self, text: str) -> str:
        if _CONTROL.search(text):
            raise WrongValue("has a control character; use plain text.")
        return text


@dataclass(frozen=True)
class Name:
    """A short word without spaces."""

    right: str = "a name without spaces"

    def read(self, text: str) -> str:
        if not re.fullmatch(r"[\w.:@*-]+", text):
            raise WrongValue
        return text


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` to `most`. `none` is what 0 means where it is outside of these."""

    least: int
    most: int
    none: str = ""

    @property
    def right(self) -> str:
        numbers = f"a whole number from {self.least} to {self.most}"
        return f"{numbers}, or 0 for {self.none}" if self.none else numbers

    def read(self, text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text.strip()):
            raise WrongValue
        number = int(text)
        if not self.least <= number <= self.most and not (self.none and number == 0):
            raise WrongValue
        return number


@dataclass(frozen=True)
class Flag:
    right: str = "true or false"

    def read(self, text: str) -> bool:
        if text.lower() not in TRUE | FALSE:
            raise WrongValue
        return text.lower() in TRUE


@dataclass(frozen=True)
class Choice:
    """One of these words, in any case."""

    choices: Sequence[str]

    @property
    def right(self) -> str:
        return f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"

    def read(self, text: str) -> str:
        for choice in self.choices:
            if choice.lower() == text.lower():
                return choice
        raise WrongValue


@dataclass(frozen=True)
class Listed:
    """Items of one kind, separated by commas; empty ones do not count."""

    item: Kind
    right: str

    def read(self, text: str) -> list[str]:
        items = [word.strip() for word in text.split(",") if word.strip()]
        for item in items:
            try:
                self.item.read(item)
            except WrongValue as error:
                raise WrongValue(error.reason or f"has {item!r}; use {self.right}.") from None
        return items


ACCOUNTS = (
    "wallet", "funding", "receivable", "revenue", "adjustments", "refunds", "promotions", "tax", "rounding",
)  # fmt: skip


@dataclass(frozen=True)
class AccountNumber:
    """An account of the ledger and its number in the bookkeeping."""

    right: str = "pairs like revenue=8200"

    def read(self, text: str) -> str:
        account, _, number = text.partition("=")
        if account not in ACCOUNTS:
            raise WrongValue(f"has {text!r}; use accounts of the ledger: {', '.join(ACCOUNTS)}.")
        if not re.fullmatch(r"[0-9]{1,9}", number):
            raise WrongValue
        return text


@dataclass(frozen=True)
class Day:
    right: str = "a day like 2026-12-31"

    def read(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise WrongValue from None


@dataclass(frozen=True)
class Moment:
    """A moment with its zone, in days that calendars of today are about."""

    right: str = "a moment like 2026-12-31T23:50:00Z"

    def read(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise WrongValue from None
        if moment.tzinfo is None or not 2020 <= moment.year < 2100:
            raise WrongValue
        return moment.astimezone(UTC)


@dataclass(frozen=True)
class TimeOfDay:
    right: str = "a time like 03:00, or never"

    def read(self, text: str) -> time | None:
        if text.lower() == "never":
            return None
        try:
            at = time.fromisoformat(text)
        except ValueError:
            raise WrongValue from None
        if at.tzinfo is not None:
            raise WrongValue
        return at


@dataclass(frozen=True)
class Folder:
    """A folder that exists or could be made; whether it takes anything is asked when a process starts."""

    right: str = "the path of a folder"

    def read(self, text: str) -> Path:
        path = Path(text)
        if path.exists() and not path.is_dir():
            raise WrongValue(f"is {text}, which is no folder. Use {self.right}.")
        return path


@dataclass(frozen=True)
class File:
    """A file whose reader names it and the setting in its own messages."""

    right: str = "the path of a file"

    def read(self, text: str) -> str:
        return text


@dataclass(frozen=True)
class Mailbox:
    right: str = "an address like Cavendish <no-reply@images.example.com>"

    def read(self, text: str) -> str:
        _, address = parseaddr(text)
        if _CONTROL.search(text) or not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            raise WrongValue
        return text
