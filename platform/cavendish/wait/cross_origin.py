"""Scripts of other sites and the APIs that official SDKs speak: they may call them from every site, as Google has it.

A key is needed as ever, and a browser never sends one by itself. It is done here, in front of all that answers, so that
a script can read refusals too, also those of a body that nobody read.
"""

from __future__ import annotations

import re

from cavendish.http.dialects import dialect_of
from cavendish.wait.asgi import Headers, Message, Scope, Send, header, local_path, send_body, send_start

EXPOSED = (
    "Content-Disposition, Content-Encoding, Content-Length, Content-Range, Date, Deprecation, ETag, "
    "Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, Vary, Warning, "
    "WWW-Authenticate, X-Goog-Upload-Chunk-Granularity, X-Goog-Upload-Size-Received, X-Goog-Upload-Status, "
    "X-Goog-Upload-URL, X-Request-Id"
)
"""What scripts may read of an answer's headers. Browsers differ on whether * names X-Goog-Upload-URL."""
_EVERY_ORIGIN: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
]
# Pages that isolate themselves (COEP) show pictures of other sites only with this.
_EMBEDDABLE: Headers = [(b"cross-origin-resource-policy", b"cross-origin")]
_METHODS = b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_SECONDS = b"3600"
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, \t-]*")


def is_for_every_origin(scope: Scope) -> bool:
    """Whether the address belongs to an API that scripts of every site may call."""
    dialect = dialect_of(local_path(scope))
    return dialect is not None and dialect.every_origin


def opened(send: Send) -> Send:
    """Returns a `send` whose answers scripts of every site may read."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            has_own = header(headers, b"access-control-allow-origin") is not None
            headers += [*([] if has_own else _EVERY_ORIGIN), *_EMBEDDABLE]
            message = {**message, "headers": headers}
        await send(message)

    return sent


async def answer_preflight(scope: Scope, send: Send) -> bool:
    """Answers a browser's question before a request, which comes without the key; False where there is none."""
    headers = scope["headers"]
    if scope["method"] != "OPTIONS" or header(headers, b"access-control-request-method") is None:
        return False
    asked = header(headers, b"access-control-request-headers") or b""
    own = [(b"access-control-allow-methods", _METHODS), (b"access-control-max-age", _SECONDS)]
    if asked and _NAMES.fullmatch(asked):
        own += [(b"access-control-allow-headers", asked), (b"vary", b"Access-Control-Request-Headers")]
    await send_start(send, 204, own)
    await send_body(send)
    return True
