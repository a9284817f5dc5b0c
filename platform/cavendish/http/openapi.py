"""The OpenAPI document takes its summaries from the views' docstrings."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """The first sentence of a method's docstring is the summary, the rest the description."""

    def get_summary(self) -> str | None:
        first, _, _ = self._words().partition(". ")
        return first.rstrip(".") or None

    def get_description(self) -> str:  # type: ignore[override]
        _, _, rest = self._words().partition(". ")
        return rest

    def _words(self) -> str:
        method = getattr(self.view, self.method.lower(), None)
        return " ".join(((method and method.__doc__) or "").split())
