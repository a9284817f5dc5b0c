"""Scripts of other sites and the native API: who may read the answers is each tenant's `allowed_origins`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.http import HttpRequest, HttpResponse

from accounts.authentication.principal import Principal
from accounts.models import Tenant
from cavendish.db.away import outages_ignored
from cavendish.db.tenancy import tenant_work

PREFIX = "/api/v1/"
EXPOSED = (
    "Accept-Encoding, Accept-Ranges, Content-Disposition, Content-Length, Content-Range, Date, ETag, "
    "Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, Warning, WWW-Authenticate, "
    "X-Cavendish-Content-Credentials, X-Cavendish-Derived, X-Request-Id"
)
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, PUT, DELETE",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Content-Encoding, Prefer, Idempotency-Key, Cancel-After, Last-Event-ID, "
        "If-None-Match, If-Range, Range, Cache-Control, X-Request-Id, traceparent, tracestate, x-goog-api-key"
    ),
    "Access-Control-Max-Age": "600",
}


class OriginsMiddleware:
    """Adds what lets a browser hand an answer to the script of a site that the key's tenant allows.

    The question before a request comes without the key, so every site is told that it may ask; it then reads nothing
    unless its origin is allowed. Keys are never sent by a browser by itself, so an answer that nobody can read is no
    more than what a program without a browser gets.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = request.headers.get("Origin")
        if origin is None or not request.path.startswith(PREFIX):
            return self.get_response(request)
        # Bytes answer by themselves: a signed address is for every site.
        if (
            request.method == "OPTIONS"
            and "Access-Control-Request-Method" in request.headers
            and not request.path.endswith("/content")
        ):
            return HttpResponse(
                status=204, headers={"Access-Control-Allow-Origin": origin, "Vary": "Origin", **PREFLIGHT}
            )
        response = self.get_response(request)
        who = getattr(request, "user", None)
        if isinstance(who, Principal) and _is_allowed(who, origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
            response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), "Origin"]))
        return response


def _is_allowed(who: Principal, origin: str) -> bool:
    """False as well where PostgreSQL is away: the answer says what was done, or that nothing was, and has to stay."""
    allowed: Sequence[str] | None = None
    with outages_ignored(), tenant_work(who.tenant_id):
        allowed = Tenant.objects.filter(id=who.tenant_id).values_list("allowed_origins", flat=True).first()
    return origin in (allowed or ())
