from __future__ import annotations

from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "generations"

    def ready(self) -> None:
        from cavendish.http.dialects import dialect_register
        from generations.compat.gemini.errors import GOOGLE
        from generations.compat.openai.errors import OPENAI

        dialect_register(GOOGLE)
        dialect_register(OPENAI)
