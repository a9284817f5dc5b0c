"""What an answer says of settings that were taken and change nothing."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse

from generations.request.hints import listing


def warn_ignored(answer: HttpResponse, names: Sequence[str]) -> None:
    """Names them in the `Warning` header (RFC 7234, section 5.5). The names are ours, never the client's."""
    if names:
        verb = "has" if len(names) == 1 else "have"
        answer.headers["Warning"] = f'299 - "{listing(names, "and")} {verb} no effect with this model"'
