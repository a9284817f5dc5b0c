"""The list of batches."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.ui import charts, formats
from cavendish.above.ui.cells import MODE, SINCE, UNTIL, created
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import Column, Filter, List, equals
from cavendish.db import ids
from generations.models import Batch
from generations.models.batch import BatchStatus

TONES = {
    "queued": "waiting", "running": "waiting", "canceling": "waiting", "completed": "good", "failed": "bad",
    "canceled": "off", "expired": "off",
}  # fmt: skip


def batch_state(batch: Batch) -> Any:
    return formats.status(TONES[batch.status], label(batch.get_status_display()))


def ended(batch: Batch) -> int:
    return batch.succeeded + batch.failed + batch.canceled + batch.expired


def progress(batch: Batch) -> Any:
    """Returns a bar of what succeeded, failed and ended otherwise."""
    total = batch.total or 1
    parts = [("good", batch.succeeded / total), ("bad", batch.failed / total)]
    return charts.meter([*parts, ("2", (batch.canceled + batch.expired) / total)])


BATCHES: List[Batch] = List(
    title=_("Batches"),
    rows=lambda: Batch.objects.select_related("tenant").all(),
    columns=(
        Column(_("Age"), created),
        Column(_("Batch"), lambda batch: link(ids.BATCH, batch.id, batch.name), kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("State"), batch_state),
        Column(_("Progress"), progress, wide=True),
        Column(_("Ended"), lambda batch: f"{formats.count(ended(batch))} / {formats.count(batch.total)}", kind="r"),
        Column(_("Failed"), lambda batch: formats.count(batch.failed), kind="r", wide=True),
        Column(_("Mode"), lambda batch: formats.livemode(batch.livemode), wide=True),
    ),
    filters=(
        TENANT,
        Filter("status", _("State"), equals("status"), choices=BatchStatus.choices),
        MODE,
        SINCE,
        UNTIL,
    ),
    empty=_("Batches stand here as soon as a tenant submits one."),
)
