from __future__ import annotations

from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "generations"

    def ready(self) -> None:
        from accounts.webhooks.payloads import payload_register
        from cavendish.http.dialects import dialect_register
        from generations.batches.webhook_payloads import batch_payload
        from generations.compat.gemini.errors import GOOGLE
        from generations.compat.gemini.webhooks.payloads import batch_payload as gemini_batch_payload
        from generations.compat.gemini.webhooks.payloads import interaction_payload
        from generations.compat.openai.errors import OPENAI
        from generations.guard.after import answer_review
        from generations.show.webhook_payloads import generation_payload
        from generations.work.review import reviewer_register

        dialect_register(GOOGLE)
        dialect_register(OPENAI)
        reviewer_register(answer_review)
        payload_register("generation", generation_payload)
        payload_register("batch", batch_payload)
        payload_register("generation", interaction_payload, gemini=True)
        payload_register("batch", gemini_batch_payload, gemini=True)
