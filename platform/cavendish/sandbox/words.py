"""Words in a prompt that control the sandbox: `[[fault:429 retry_after=2 times=1]]`, `[[images:3]]`, and so on."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from cavendish.sandbox.errors import ApiError

_WORD = re.compile(
    r"\[\[\s*+(fault:)?\s*+([a-z0-9_]++)(?:\s*+[:=]\s*+([0-9.]++))?((?:\s++[a-z_]++\s*+=\s*+[0-9.]++)*+)\s*+\]\]",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?<![a-z_])([a-z_]++)\s*+=\s*+([0-9.]++)", re.IGNORECASE)

FAULTS = (
    "hang", "cut", "safety", "no_image", "bad_json", "wrong_size", "failed", "prohibited_content", "blocklist", "spii",
    "recitation", "language",
)  # fmt: skip
_SWITCHES = ("c2pa", "gzip", "escapes")
_NUMBERS = {
    "latency": (0.0, 3600.0),
    "images": (1, 20),
    "bytes": (1, 256_000_000),
    "extra_tokens": (0, 1_000_000),
    "overrun": (0, 1_000_000),
}


@dataclass(frozen=True)
class Fault:
    """A fault. `kind` is one of FAULTS, or "status" with the HTTP `status`. `times` of None means every attempt."""

    kind: str
    status: int = 0
    retry_after: str | None = None
    times: int | None = None

    def active(self, attempt: int) -> bool:
        """Returns whether the fault occurs at this attempt, counted from 1."""
        return self.times is None or attempt <= self.times


@dataclass(frozen=True)
class Words:
    """What the words of a prompt ask for."""

    faults: tuple[Fault, ...] = ()
    latency: float = 0.0
    images: int | None = None
    """None where the prompt does not say."""
    bytes: int | None = None
    extra_tokens: int = 0
    overrun: int = 0
    c2pa: bool = False
    gzip: bool = False
    escapes: bool = False

    def fault(self, attempt: int, *kinds: str) -> Fault | None:
        """Returns the first fault of these kinds that occurs at this attempt, or None."""
        return next((fault for fault in self.faults if fault.kind in kinds and fault.active(attempt)), None)


class Attempts:
    """Counts how often each body arrived, for `times=N`. It is in memory and forgets the oldest first."""

    def __init__(self, maximum: int = 100_000) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._maximum = maximum

    def next(self, key: str) -> int:
        """Counts another attempt and returns its number, from 1."""
        count = self._counts.pop(key, 0) + 1
        self._counts[key] = count
        if len(self._counts) > self._maximum:
            self._counts.popitem(last=False)
        return count


def without_words(text: str) -> str:
    """Returns the prompt without its words, as it is drawn."""
    return " ".join(_WORD.sub(lambda match: "" if _known(match) else match[0], text).split())


def parse_words(texts: Iterable[str]) -> Words:
    """Returns the words of these texts. Other text in double brackets is ignored.

    Raises ApiError for a misspelt fault or a number out of range.
    """
    faults: list[Fault] = []
    values: dict[str, float] = {}
    switches: set[str] = set()
    for text in texts:
        for match in _WORD.finditer(text):
            name = match[2].lower()
            if fault := _fault(match, name):
                faults.append(fault)
            elif name in _NUMBERS and match[3]:
                values[name] = _number(name, match[3])
            elif name in _SWITCHES:
                switches.add(name)
    size = values.get("bytes")
    return Words(
        faults=tuple(faults),
        latency=values.get("latency", 0.0),
        images=int(values["images"]) if "images" in values else None,
        bytes=None if size is None else int(size),
        extra_tokens=int(values.get("extra_tokens", 0)),
        overrun=int(values.get("overrun", 0)),
        c2pa="c2pa" in switches,
        gzip="gzip" in switches,
        escapes="escapes" in switches,
    )


def _known(match: re.Match[str]) -> bool:
    name = match[2].lower()
    return bool(match[1]) or name in FAULTS or name in _SWITCHES or name in _NUMBERS or _status(name) is not None


def _status(name: str) -> int | None:
    return int(name) if re.fullmatch(r"[45][0-9][0-9]", name) else None


def _fault(match: re.Match[str], name: str) -> Fault | None:
    options = {key.lower(): value for key, value in _OPTION.findall(match[4])}
    times = int(_as_number("times", options["times"])) if "times" in options else None
    if (status := _status(name)) is not None:
        return Fault("status", status, options.get("retry_after"), times)
    if name in FAULTS:
        return Fault(name, times=times)
    if match[1]:
        known = ", ".join((*FAULTS, "400 to 599"))
        raise ApiError(400, f"The sandbox knows no fault '{name}'. It knows: {known}.")
    return None


def _number(name: str, text: str) -> float:
    low, high = _NUMBERS[name]
    value = _as_number(name, text)
    if not low <= value <= high:
        raise ApiError(400, f"[[{name}:…]] takes {low} to {high}.")
    return value


def _as_number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ApiError(400, f"[[{name}:…]] takes a number, not '{text}'.") from None
