"""Content negotiation, of which there is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OneRepresentation(DefaultContentNegotiation):
    """Gives every address one representation, whatever `Accept` and `?format=` say (see RFC 9110, section 12.4.1).

    DRF only knows JSON and would respond with 406 to `Accept: text/event-stream` for events and to `image/png` for the
    bytes, which is what clients send.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        only = next(iter(renderers))
        return only, str(only.media_type)
