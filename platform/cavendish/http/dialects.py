"""The APIs by path, and how each writes an error.

The native API is defined here. The others are above and register themselves when their app is ready, so that the wait
layer, Django's error pages and the rate limits can write their errors without importing them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.http import HttpResponse

from cavendish.http.problems import CONTENT_TYPE, Problem


class RenderedError(NamedTuple):
    """An error as an API writes it. `headers` come beside Content-Type."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Dialect:
    """An API. `owns` says whether a path belongs to it; `render` writes a problem as the API does at that path.

    `every_origin` is set where scripts of every site may use it with a key, as they may use the API that it follows.
    `offers` says what there is, to whoever asks for an address that there is not.
    """

    name: str
    owns: Callable[[str], bool]
    render: Callable[[Problem, str], RenderedError]
    every_origin: bool = False
    offers: str = ""

    def response(self, problem: Problem, path: str) -> HttpResponse:
        error = self.render(problem, path)
        headers = dict(error.headers)
        return HttpResponse(error.body, content_type=error.content_type, status=error.status, headers=headers)


def _render_native(problem: Problem, path: str) -> RenderedError:
    return RenderedError(problem.status, problem.body(), CONTENT_TYPE, problem.headers)


NATIVE = Dialect(
    "native",
    lambda path: path.startswith("/api/"),
    _render_native,
    offers="/api/v1/openapi.json lists what there is.",
)
_dialects: list[Dialect] = [NATIVE]
_APIS = "The APIs are below /api/v1, /v1beta (Gemini's) and /openai/v1 (OpenAI's)."


def dialect_register(dialect: Dialect) -> None:
    """Registers an API. A second one with the same name replaces the first."""
    _dialects[:] = [known for known in _dialects if known.name != dialect.name] + [dialect]


def dialect_of(path: str) -> Dialect | None:
    """Returns the API that a path belongs to; None for pages and for unknown paths."""
    return next((dialect for dialect in _dialects if dialect.owns(path)), None)


def no_such_address(path: str) -> Problem:
    """Returns the 404 for an address that no API has: a base URL without its prefix, or what is not offered."""
    dialect = dialect_of(path)
    offers = dialect.offers if dialect else _APIS
    slash = " Leave out the slash at the end." if path.endswith("/") else ""
    return Problem(404, "not_found", f"There is nothing at this address.{slash} {offers}".rstrip())
