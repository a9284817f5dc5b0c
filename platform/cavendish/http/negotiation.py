from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OneRepresentation(DefaultContentNegotiation):
    """Every address has one representation, whatever `Accept` and `?format=` say (RFC 9110, section 12.4.1 allows it).

    DRF knows of JSON only and would answer 406 to `Accept: text/event-stream` at the events and to `image/png` at the
    bytes, which is what clients of exactly these send.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        only = next(iter(renderers))
        return only, str(only.media_type)
