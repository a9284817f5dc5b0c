"""Below `models/`, and below `publishers/google/models/`, where the SDKs ask in their enterprise mode."""

from __future__ import annotations

from django.urls import path

from generations.compat.imagen.views import Predict

urlpatterns = [path("imagen-<str:name>:predict", Predict.as_view())]
