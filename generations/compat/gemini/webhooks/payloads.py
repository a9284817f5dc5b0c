"""What Gemini's events say: the id, by which the SDKs fetch the rest."""

from __future__ import annotations

from typing import Any

from accounts.webhooks.payloads import Occurrence, Payload
from cavendish.db import ids
from generations.compat.gemini.batches.representation import is_file, operation_json
from generations.compat.gemini.interactions.representation import status_of
from generations.models import Batch, Generation, GenerationContent


def interaction_payload(occurrence: Occurrence) -> Payload | None:
    """Returns the interaction's facts; None for an item of a batch, which the batch's own event covers."""
    generation: Generation | None = Generation.objects.filter(
        tenant_id=occurrence.tenant_id, id=occurrence.subject, deleted_at=None, batch_id=None
    ).first()
    if generation is None:
        return None
    content = GenerationContent.objects.only("notices").get(tenant_id=occurrence.tenant_id, pk=generation.id)
    data = {
        "id": ids.encode(ids.GENERATION, generation.id),
        "object": "interaction",
        "model": generation.model,
        "status": status_of(generation.status, content),
    }
    return Payload(_with_metadata(data, occurrence), generation.livemode)


def batch_payload(occurrence: Occurrence) -> Payload | None:
    """Returns the batch's facts; None for one of another API."""
    batch: Batch | None = Batch.objects.filter(
        tenant_id=occurrence.tenant_id, id=occurrence.subject, deleted_at=None, dialect=Batch.Dialect.GEMINI
    ).first()
    if batch is None:
        return None
    metadata = operation_json(batch)["metadata"]
    data: dict[str, Any] = {"id": metadata["name"], "state": metadata["state"]}
    if is_file(batch):
        data["output_file_uri"] = metadata.get("output", {}).get("responsesFile")
    return Payload(_with_metadata(data, occurrence), batch.livemode)


def _with_metadata(data: dict[str, Any], occurrence: Occurrence) -> dict[str, Any]:
    return data if occurrence.user_metadata is None else {**data, "user_metadata": occurrence.user_metadata}
