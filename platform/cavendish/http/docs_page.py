"""The page that shows the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.views import SpectacularSwaggerSplitView


class DocsPage(SpectacularSwaggerSplitView):
    """Swagger's page and script, the same for everybody: the API knows keys and no sessions, so no token against forged
    requests stands in the script, and no cookie comes with it.
    """

    schema = None  # a page, not an operation

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.data["csrf_token"] = ""
        return response
