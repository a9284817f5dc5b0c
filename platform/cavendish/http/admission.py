"""Who asks, judged from a request's head alone, before a byte of its body is read.

The layer in front of Django does the judging (cavendish.wait.judgement) and knows no app. A view says by its class what
it wants to know first: a view of REST framework by its authentication, any view by an attribute `admission`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from django.http import QueryDict

from cavendish.http.problems import Problem


class HeadHeaders(Mapping[str, str]):
    """A request's headers by name in any case; the first value where a name comes more than once."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in headers:
            self._values.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterable[str]:  # type: ignore[override]
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class RequestHead:
    """What of a request is known before its body. `headers` and `query_params` read as those of a DRF request do.

    `is_open` says that it was let in before and is judged again, because it goes on.
    """

    method: str
    path: str
    query: str
    headers: HeadHeaders
    address: str
    is_open: bool = False

    @cached_property
    def query_params(self) -> QueryDict:
        return QueryDict(self.query)


@dataclass(frozen=True)
class Caller:
    """Whom open requests and bytes are counted for. `tenant` and `key` are empty for strangers and for people.

    `scopes` are a tenant's key's own, None where scopes mean nothing.
    """

    tenant: str = ""
    key: str = ""
    scopes: frozenset[str] | None = None


STRANGER = Caller()


@dataclass(frozen=True)
class Unread:
    """Who asks takes a query. `new` says that nobody known does; requests whose `shared` is equal, and not None, have
    one answer.
    """

    new: bool
    shared: Hashable | None = None


class Admission(Protocol):
    """Whether a request may go on. Both methods raise Problem with 401, 403 or 404 where it may not."""

    def known(self, head: RequestHead) -> Caller | Unread:
        """Returns the caller where that takes no query. Called on the event loop: it never waits."""

    def read(self, head: RequestHead) -> Caller:
        """Returns the caller, by a query where it takes one. Called in a thread."""


def scope_missing(scope: str) -> Problem:
    return Problem(403, "permission_denied", f'This key lacks the scope "{scope}".', extra={"required_scope": scope})
