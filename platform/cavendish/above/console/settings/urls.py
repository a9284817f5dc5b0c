from __future__ import annotations

from django.urls import include, path

from cavendish.above.console.settings.views import settings

HERE = "cavendish.above.console.settings"
urlpatterns = [
    path("", settings, name="settings"),
    path("members/", include(f"{HERE}.members.urls")),
    path("security/", include(f"{HERE}.security.urls")),
    path("keys/", include(f"{HERE}.keys.urls")),
    path("webhooks/", include(f"{HERE}.webhooks.urls")),
    path("guard/", include(f"{HERE}.guard.urls")),
    path("", include(f"{HERE}.general.urls")),
    path("data/", include(f"{HERE}.data.urls")),
    path("policy/", include(f"{HERE}.policy.urls")),
    path("audit/", include(f"{HERE}.audit.urls")),
    path("leaving/", include(f"{HERE}.leaving.urls")),
]
