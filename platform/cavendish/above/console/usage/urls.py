from __future__ import annotations

from django.urls import path

from cavendish.above.console.usage.views import usage

urlpatterns = [path("", usage, name="usage")]
