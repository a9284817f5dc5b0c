"""What webhooks say of generations: what the API shows, without the request, texts and thoughts."""

from __future__ import annotations

from accounts.webhooks.payloads import Occurrence, Payload
from generations.models import Generation
from generations.selectors import generation_detail
from generations.show.representation import generation_json, is_grounded

# Content stays where it can be erased; the log of deliveries keeps what was sent.
LEFT_OUT = ("request", "content", "thoughts", "grounding", "queue_position")


def generation_payload(occurrence: Occurrence) -> Payload | None:
    """Returns the facts of a generation with the addresses of its pictures and its page; None once it is deleted.

    `grounded` says that the page (or the API's `grounding`) must be shown with the pictures.
    """
    generation: Generation | None = Generation.objects.filter(
        tenant_id=occurrence.tenant_id, id=occurrence.subject, deleted_at=None
    ).first()
    detail = generation_detail(generation.id, livemode=generation.livemode) if generation is not None else None
    if detail is None:
        return None
    shown = generation_json(detail)
    data = {name: value for name, value in shown.items() if name not in LEFT_OUT}
    data["grounded"] = is_grounded(detail.content.grounding)
    return Payload(data, detail.generation.livemode)
