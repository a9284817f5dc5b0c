from __future__ import annotations

from django.apps import AppConfig


class AdminConfig(AppConfig):
    """The operator's pages. Its models are those of the rooms below."""

    name = "cavendish.above.admin"
    label = "operator_admin"
