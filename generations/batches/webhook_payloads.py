"""What webhooks say of batches: what the API shows."""

from __future__ import annotations

from accounts.webhooks.payloads import Occurrence, Payload
from generations.batches.representation import batch_json
from generations.models import Batch


def batch_payload(occurrence: Occurrence) -> Payload | None:
    """Returns the batch as the API shows it; None once it is deleted."""
    batch: Batch | None = Batch.objects.filter(
        tenant_id=occurrence.tenant_id, id=occurrence.subject, deleted_at=None
    ).first()
    return Payload(batch_json(batch), batch.livemode) if batch is not None else None
