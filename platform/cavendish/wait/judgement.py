"""What is decided of a request before the first byte of its body is read: may it come in, and how large may it be.

Host, path, key, method, scope and length, in this order; each refusal is a Problem that the dialect of the address
writes. Nothing here waits for a key that is known (no query); another one takes a hop into one of a few threads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http.request import split_domain_port, validate_host
from django.urls import Resolver404, ResolverMatch, URLResolver, get_resolver
from rest_framework.exceptions import MethodNotAllowed

from cavendish.http.admission import STRANGER, Admission, Caller, HeadHeaders, RequestHead, Unread, scope_missing
from cavendish.http.dialects import dialect_of, no_such_address
from cavendish.http.path_classes import MULTIPART_ROOM, SMALL_BYTES, STATIC, Body, PathClass, path_class
from cavendish.http.probes import is_probe
from cavendish.http.problems import Problem, bad_request, not_found, problem_of
from cavendish.telemetry.requests import CALLER, MATCH, ROUTE
from cavendish.wait.asgi import Scope, header, local_path
from cavendish.wait.readers import KeyReaders
from cavendish.wait.unpacking import coding_of, unsupported

LONGEST_KEPT = 200
"""Characters of an address whose view is remembered."""
AdmissionOf = Callable[[type[Any], dict[str, Any]], Admission | None]


@dataclass(frozen=True)
class BodyBytes:
    """The limits of bodies that are settings."""

    request: int
    file: int

    def of(self, body: Body) -> int:
        return {
            Body.NONE: 0,
            Body.SMALL: min(SMALL_BYTES, self.request),
            Body.REQUEST: self.request,
            Body.FILE: self.file + MULTIPART_ROOM,
        }[body]


@dataclass(frozen=True)
class Ruling:
    """How a request goes on. `limit` is its body's, in bytes; `match` is None where Django is to look for the path.

    `coding` is how its body is compressed.
    """

    path_class: PathClass
    limit: int
    caller: Caller = STRANGER
    match: ResolverMatch | None = None
    coding: str | None = None


def declared_length(scope: Scope) -> int:
    """Content-Length in bytes; 0 when there is none (a chunked body is counted while it comes)."""
    value = header(scope["headers"], b"content-length") or b"0"
    return int(value) if value.isdigit() else 0


def is_chunked(scope: Scope) -> bool:
    return header(scope["headers"], b"transfer-encoding") is not None


def has_body(scope: Scope) -> bool:
    return declared_length(scope) > 0 or is_chunked(scope)


class Rules(Protocol):
    """What the layer asks; `Judge` is the one that knows Django's URLs."""

    def check_host(self, scope: Scope) -> None: ...

    async def rule(self, scope: Scope) -> Ruling: ...

    async def rule_again(self, scope: Scope) -> None: ...


@lru_cache(maxsize=1024)
def _resolve(resolver: URLResolver, path: str) -> ResolverMatch:
    """Most requests go to a few addresses, and Django tries a hundred patterns for each. Raises Resolver404."""
    return resolver.resolve(path)


class Judge:
    """Judges by Django's URL patterns. `admission_of` says what a view wants to know of who asks."""

    def __init__(self, limits: BodyBytes, *, admission_of: AdmissionOf, static: Collection[str] | None = None) -> None:
        """`static` are the paths of static files, which no URL pattern names; None lets Django look for them."""
        self._limits = limits
        self._admission_of = lru_cache(maxsize=None)(_of_callback(admission_of))
        self._static = None if static is None else frozenset(static)
        self._readers = KeyReaders()

    def check_host(self, scope: Scope) -> None:
        """Raises Problem for a host name that is not ours."""
        named = header(scope["headers"], b"host")
        host = "" if named is None else named.decode("latin-1")
        ours = named is None or _is_own_host(host, tuple(settings.ALLOWED_HOSTS)) or is_probe(scope["path"], host)
        if not ours:
            raise Problem(400, "unknown_host", "This host name is not answered here.")

    async def rule(self, scope: Scope) -> Ruling:
        """Returns how the request goes on, and notes in the scope what is known of it. Raises Problem where it ends."""
        path = local_path(scope)
        known = path_class(path)
        match = scope[MATCH] = self._match(path, known, scope)
        view, options = _view_of(match)
        caller = STRANGER
        admission = self._admission_of(match.func) if match is not None else None
        if admission is not None and scope["method"] != "OPTIONS":
            caller = scope[CALLER] = await self._admit(admission, scope, path)
        # Without a body there is nothing to save, and the view's own answer is for scripts of other sites too.
        if view is not None and (has_body(scope) or not (known.page or caller.tenant)):
            _check_method(view, scope["method"], options)
            _check_scope(view, scope["method"], caller)
        limit = self._limits.of(known.body)
        check_length(scope, known, limit)
        return Ruling(known, limit, caller, match, _coding(scope, known))

    async def rule_again(self, scope: Scope) -> None:
        """Raises Problem where a request that was let in, and that never ends by itself, would not be let in now."""
        match: ResolverMatch | None = scope.get(MATCH)
        admission = self._admission_of(match.func) if match is not None else None
        if admission is not None:
            caller = await self._admit(admission, scope, local_path(scope), is_open=True)
            _check_scope(_view_of(match)[0], scope["method"], caller)

    def _match(self, path: str, known: PathClass, scope: Scope) -> ResolverMatch | None:
        if known is STATIC:
            scope[ROUTE] = "static"
            if self._static is not None and path not in self._static:
                raise not_found()
            return None
        try:
            resolver = get_resolver()
            return _resolve(resolver, path) if len(path) <= LONGEST_KEPT else resolver.resolve(path)
        except Resolver404:
            if dialect_of(path) is not None or has_body(scope):
                raise no_such_address(path) from None
            return None  # a page that does not exist: Django has one that says so

    async def _admit(self, admission: Admission, scope: Scope, path: str, *, is_open: bool = False) -> Caller:
        client = scope.get("client")
        head = RequestHead(
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            headers=HeadHeaders(scope["headers"]),
            address=client[0] if client else "",
            is_open=is_open,
        )
        try:
            caller = admission.known(head)
            if isinstance(caller, Unread):
                caller = await self._readers.read(admission, head, caller)
        except SuspiciousOperation:
            raise bad_request("bad_request", "The request could not be understood.") from None
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            raise problem from None
        return caller


def _of_callback(admission_of: AdmissionOf) -> Callable[[Any], Admission | None]:
    """The same for a view's callback, a class or a function, which stays for as long as the process."""

    def of_callback(callback: Any) -> Admission | None:
        view: Any = getattr(callback, "cls", None) or getattr(callback, "view_class", None) or callback
        options = getattr(callback, "initkwargs", None) or getattr(callback, "view_initkwargs", None) or {}
        return admission_of(view, options)

    return of_callback


def _view_of(match: ResolverMatch | None) -> tuple[Any, dict[str, Any]]:
    """The class behind a view, None for a function; and what it was made with."""
    callback: Any = match.func if match is not None else None
    view = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    options = getattr(callback, "initkwargs", None) or getattr(callback, "view_initkwargs", None) or {}
    return view, options


@lru_cache(maxsize=1000)
def _is_own_host(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, list(allowed))


def _check_method(view: Any, method: str, options: dict[str, Any]) -> None:
    """405 as the view itself would say it."""
    names = options.get("http_method_names", view.http_method_names)
    hidden = getattr(view, "hidden_methods", ())
    own = [name.upper() for name in names if _has(view, name) and name.upper() not in hidden]
    if method in own:
        return
    problem = problem_of(MethodNotAllowed(method[:20]))
    assert problem is not None
    problem.headers["Allow"] = ", ".join(own)
    raise problem


def _has(view: Any, name: str) -> bool:
    return hasattr(view, name) or (name == "head" and hasattr(view, "get"))


def _check_scope(view: Any, method: str, caller: Caller) -> None:
    scopes: dict[str, str] = getattr(view, "scopes", None) or {}
    required = scopes.get(method, scopes.get("GET"))
    if required is not None and caller.scopes is not None and required not in caller.scopes:
        raise scope_missing(required)


def check_length(scope: Scope, known: PathClass, limit: int) -> None:
    if declared_length(scope) > limit:
        raise body_too_large(limit)
    if is_chunked(scope) and not known.chunked:
        raise Problem(411, "length_required", "A body here needs its Content-Length.")


def _coding(scope: Scope, known: PathClass) -> str | None:
    """How the body is compressed. An unpacked body has no length in advance, just as a chunked one."""
    coding = coding_of(scope) if has_body(scope) else None
    if coding is not None and not known.chunked:
        raise unsupported(coding)
    return coding


def body_too_large(limit: int, *, unpacked: bool = False) -> Problem:
    what = "unpacked request body" if unpacked else "request body"
    return Problem(413, "body_too_large", f"The {what} is over the limit of {limit} bytes.")
