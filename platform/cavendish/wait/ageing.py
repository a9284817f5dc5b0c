"""What an answer's headers said when the wait began, as it is true when the wait is over."""

from __future__ import annotations

import re

from cavendish.wait.asgi import Headers

_RESET = re.compile(rb";t=(\d+)")


def aged(headers: Headers, seconds: float) -> Headers:
    """`RateLimit` names the seconds until more is free: as many fewer. What is left by then may be more, never less."""

    def later(found: re.Match[bytes]) -> bytes:
        return b";t=%d" % max(0, int(found[1]) - int(seconds))

    return [(name, _RESET.sub(later, value) if name.lower() == b"ratelimit" else value) for name, value in headers]
