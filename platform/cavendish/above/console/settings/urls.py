from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.views import settings

urlpatterns = [path("", settings, name="settings")]
