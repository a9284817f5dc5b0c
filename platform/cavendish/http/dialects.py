"""Which API an address belongs to, and how that API writes an error.

The native API is known here; the others live above and register themselves when their app is ready, so that the
waiting layer, Django's error pages and the limits can answer in their words without importing them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.http import HttpResponse

from cavendish.http.problems import CONTENT_TYPE, Problem


class RenderedError(NamedTuple):
    """`headers` are those beside Content-Type."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Dialect:
    """`owns` says whether a path belongs to the API; `render` writes a problem as that API does at that path."""

    name: str
    owns: Callable[[str], bool]
    render: Callable[[Problem, str], RenderedError]

    def response(self, problem: Problem, path: str) -> HttpResponse:
        error = self.render(problem, path)
        headers = dict(error.headers)
        return HttpResponse(error.body, content_type=error.content_type, status=error.status, headers=headers)


def _render_native(problem: Problem, path: str) -> RenderedError:
    return RenderedError(problem.status, problem.body(), CONTENT_TYPE, problem.headers)


NATIVE = Dialect("native", lambda path: path.startswith("/api/"), _render_native)
_dialects: list[Dialect] = [NATIVE]


def dialect_register(dialect: Dialect) -> None:
    """Makes an API known. A second registration under one name replaces the first."""
    _dialects[:] = [known for known in _dialects if known.name != dialect.name] + [dialect]


def dialect_of(path: str) -> Dialect | None:
    """The API that a path belongs to; None for pages and for what does not exist."""
    return next((dialect for dialect in _dialects if dialect.owns(path)), None)
