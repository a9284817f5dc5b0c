"""Writes the parts of docs/decisions/0016-locks.md that follow from the code: `python -m tests.db.lock_page`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.db.calls import calls, named_in_sql, room_of
from tests.db.locks import LOCKS_NOTHING, ONE_AT_A_TIME, ORDER, locks_of, python_locks
from tests.db.sql_text import ROOT, functions, triggers

PAGE = ROOT / "docs" / "decisions" / "0016-locks.md"
PLACES = {name: place for place, name in enumerate(ORDER, 1)}
PART = re.compile(r"(<!-- (\w+): written by tests/db/lock_page\.py -->\n).*?(<!-- end -->)", re.DOTALL)


def order() -> str:
    rows = [f"| {PLACES[name]} | {shown(name)} | {what} |" for name, what in ORDER.items()]
    return "\n".join(["| | Lock | Whose it is |", "| --- | --- | --- |", *rows])


def exceptions() -> str:
    rows = [
        *(f"- `{caller}` calls `{callee}`, which {why}." for (caller, callee, _), why in LOCKS_NOTHING.items()),
        *(f"- `{name}` goes from tenant to tenant: {why}." for name, why in ONE_AT_A_TIME.items()),
    ]
    return "\n".join(rows)


def graph() -> str:
    """A chart for each app: what its functions call, those of other apps without a frame of their own."""
    charts = []
    everything = {**functions(), **{name: function for name, (function, _) in triggers().items()}}
    for app in dict.fromkeys(function.app for function in everything.values()):
        arrows = [
            f"    {function.name} --> {callee}"
            for function in everything.values()
            if function.app == app
            for callee in function.calls
        ]
        if arrows:
            charts.append("\n".join([f"**{app}**", "", "```mermaid", "flowchart LR", *arrows, "```"]))
    return "\n\n".join(charts)


def catalog() -> str:
    rows = [
        f"| `{name}` | {words(callers(name))} | {names(function.calls)} | {numbers(locks_of(name))} |"
        for name, function in functions().items()
    ]
    rows += [
        f"| `{name}` | trigger: {event.capitalize().replace('_', chr(92) + '_')} | {names(function.calls)} "
        f"| {numbers(locks_of(name))} |"
        for name, (function, event) in triggers().items()
    ]
    return "\n".join(["| Function | From Python | Calls | Locks |", "| --- | --- | --- | --- |", *rows])


def python() -> str:
    rooms: dict[str, set[str]] = {}
    for row in python_locks():
        rooms.setdefault(room_of(row.path), set()).update(row.locks)
    rows = [f"| {room} | {numbers(sorted(locks, key=PLACES.__getitem__))} |" for room, locks in sorted(rooms.items())]
    return "\n".join(["| Room | Locks |", "| --- | --- |", *rows])


def callers(name: str) -> list[str]:
    """The rooms of Python that call a function, or whose SQL does."""
    called = {room_of(call.path) for call in calls() if call.function == name}
    return sorted(called | named_in_sql().get(name, set()))


def shown(lock: str) -> str:
    """A lock's name as the page has it: tables and texts of advisory locks as code."""
    table = re.search(r"\b(?:accounts|billing|closing|generations|mail)_\w+", lock)
    if table:
        return lock.replace(table[0], f"`{table[0]}`")
    return f"advisory lock `{lock.removeprefix('advisory lock ')}`"


def numbers(locks: list[str]) -> str:
    """Locks by their lines in the order."""
    return ", ".join(str(PLACES[lock]) for lock in locks) or "–"


def names(of: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in of) or "–"


def words(of: list[str]) -> str:
    return ", ".join(of) or "–"


PARTS: Mapping[str, Callable[[], str]] = {
    "order": order,
    "exceptions": exceptions,
    "graph": graph,
    "catalog": catalog,
    "python": python,
}


def written(text: str) -> str:
    """Returns the page with its parts as the code has them."""
    return PART.sub(lambda match: f"{match[1]}\n{PARTS[match[2]]()}\n\n{match[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
