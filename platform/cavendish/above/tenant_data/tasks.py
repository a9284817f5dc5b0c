"""The actor that writes exports."""

from __future__ import annotations

import logging
from uuid import UUID

import dramatiq

from cavendish.above.tenant_data.export_steps import export_step

logger = logging.getLogger(__name__)


# Each message is one part. The broker never repeats it: the row has a lease, after which the scheduler sends another.
@dramatiq.actor(queue_name="exports", max_retries=0, min_backoff=1_000, max_backoff=1_000, time_limit=900_000)
def export_write(tenant_id: str, export_id: str) -> None:
    if export_step(tenant_id=UUID(tenant_id), export_id=UUID(export_id)):
        export_enqueue(UUID(tenant_id), UUID(export_id))


def export_enqueue(tenant_id: UUID, export_id: UUID) -> None:
    """Sends the message for an export's next part. A broker that is away is no error: the scheduler sends it later."""
    try:
        export_write.send(str(tenant_id), str(export_id))
    except Exception as error:
        logger.warning("The broker did not accept an export's message: %s", type(error).__name__)
