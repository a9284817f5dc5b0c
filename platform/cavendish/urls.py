from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.urls import include, path
from django.views.generic import RedirectView

from accounts.operators.metrics import Metrics
from billing.provider_payments.webhook import provider_webhook
from cavendish.http.docs_page import DocsPage
from cavendish.http.documents import Audience, Document, OpenApiDocument, native_document
from cavendish.telemetry.health import healthz, readyz
from generations.compat.document import compat_document
from generations.compat.gemini.files.uploads import Upload

handler400 = "cavendish.http.handlers.handler400"
handler403 = "cavendish.http.handlers.handler403"
handler404 = "cavendish.http.handlers.handler404"
handler500 = "cavendish.http.handlers.handler500"

open_to_all: dict[str, list[Any]] = {"authentication_classes": [], "permission_classes": []}

# What the OpenAPI documents for tenants and for operators describe.
native = [
    path("api/v1/", include("generations.api.urls")),
    path("api/v1/", include("billing.urls")),
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("cavendish.above.tenant_data.urls")),
]

DOCUMENTS: dict[str, Callable[[], Document]] = {
    "openapi.json": partial(native_document, tuple(native), Audience.TENANTS),
    "openapi-operator.json": partial(native_document, tuple(native), Audience.OPERATORS),
    "openapi-compat.json": compat_document,
}
_views = {name: OpenApiDocument.as_view(build=build) for name, build in DOCUMENTS.items()}

urlpatterns = [
    path("", RedirectView.as_view(url="/console/")),
    path("healthz", healthz),
    path("livez", healthz),
    path("readyz", readyz),
    path("metrics", Metrics.as_view()),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", include("cavendish.above.admin.urls")),
    path("", include("cavendish.above.console.urls")),
    *(path(name, view) for name, view in _views.items()),
    *(path(f"api/v1/{name}", view, name=name) for name, view in _views.items()),
    path("payments/<slug:provider_named>/webhook", provider_webhook),
    path("api/v1/docs", DocsPage.as_view(url_name="openapi.json", **open_to_all)),
    *native,
    # The SDKs from 3.0 on call /v1, older ones /v1beta: one API.
    *(path(f"{version}/", include("generations.compat.gemini.urls")) for version in ("v1", "v1beta", "v1alpha")),
    *(path(f"upload/{version}/files", Upload.as_view()) for version in ("v1", "v1beta", "v1alpha")),
    # The SDKs' enterprise mode asks for Imagen's pictures here; the newest versions do so in no other mode.
    path("v1beta1/publishers/google/models/", include("generations.compat.imagen.urls")),
    # Google's own address of it is below its versions.
    *(
        path(f"{prefix}/", include("generations.compat.openai.urls"))
        for prefix in ("openai/v1", "v1/openai", "v1beta/openai", "v1alpha/openai")
    ),
    path("", include("generations.show.pages.urls")),
]
