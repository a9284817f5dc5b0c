from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.authentication import openapi  # noqa: F401  (registers itself)
        from accounts.people import audit_signals

        audit_signals.connect()
