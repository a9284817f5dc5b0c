"""Below `models/`, and below `publishers/google/models/`, where the SDKs ask in their enterprise mode."""

from __future__ import annotations

from django.urls import re_path

from generations.compat.imagen.api import Predict

# The name is repeated in headers: nothing in it may need an escape.
urlpatterns = [re_path(r"^imagen-(?P<name>[A-Za-z0-9._-]{1,80}):predict\Z", Predict.as_view())]
