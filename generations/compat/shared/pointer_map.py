"""Where a value stands in the client's generateContent body, for errors found in what it was translated to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cavendish.http.problems import FieldError, Problem
from generations.compat.shared.camel_fields import camel

_INDEX = re.compile(r"\.(\d+)(?=\.|$)")


class PointerMap:
    """Pointers of the translated tree → pointers of the body. What has no entry stands below the nearest that has.

    `spelled` is how the body writes names.
    """

    def __init__(self, spelled: Callable[[str], str] = camel) -> None:
        self._body: dict[str, str] = {}
        self._spelled = spelled

    def note(self, tree: str, body: str) -> None:
        self._body[tree] = body

    def of(self, tree: str) -> str:
        head, rest = tree, ""
        while head and head not in self._body:
            head, _, last = head.rpartition("/")
            rest = f"/{self._spelled(last)}{rest}"
        return self._body.get(head, "") + rest


def placed(problem: Problem, pointers: PointerMap | None) -> Problem:
    """The same problem with its errors in the client's words, of which each begins with its place: the SDKs show the
    message alone.
    """
    errors = []
    for error in problem.errors:
        pointer = pointers.of(error.pointer) if pointers else error.pointer
        detail = f"{dotted(pointer)}: {error.detail}" if pointer else error.detail
        errors.append(FieldError(pointer, error.code, detail))
    # in place: a refusal stays the refusal that it is
    problem.errors = errors
    return problem


@contextmanager
def errors_placed(place: Callable[[Problem], Problem]) -> Iterator[None]:
    """Raises a problem of the block as `place` returns it: in the words of the client's body."""
    try:
        yield
    except Problem as problem:
        raise place(problem) from None


def dotted(pointer: str) -> str:
    """ "/contents/0/parts/1/text" as "contents[0].parts[1].text", which is how Google writes it."""
    return _INDEX.sub(r"[\1]", pointer.removeprefix("/").replace("/", "."))
