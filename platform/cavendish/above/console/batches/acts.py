"""What people do to a batch: cancel it, delete it."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from cavendish.above.console.batches.progress import ended
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.formats import count, short_id
from cavendish.db import ids
from generations.batches.services import batch_cancel, batch_delete
from generations.models import Batch


def batch_name(batch: Batch) -> str:
    """Returns what a batch is called: its name, or its id in short."""
    return batch.name or short_id(ids.encode(ids.BATCH, batch.id))


class BatchAct(Act):
    heading: Any = ""

    def __init__(self, *args: Any, work: Workplace, batch: Batch, **options: Any) -> None:
        self.work, self.batch = work, batch
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", batch_name(self.batch))


class CancelBatch(BatchAct):
    word, heading, danger = _("Cancel batch"), _("Cancel %s?"), True
    text = _("Items that have not started never will, and cost nothing. What is running is finished and charged.")

    def preview(self) -> Preview:
        waiting = self.batch.total - ended(self.batch) - self.batch.in_progress
        return Preview([Change(gettext("Items that wait"), count(waiting), count(0))])

    def run(self, actor: Actor) -> str:
        changed = batch_cancel(
            tenant_id=self.work.tenant_id, batch_id=self.batch.id, livemode=self.work.livemode, actor=actor
        )
        if changed is None:
            raise Http404
        return gettext("The batch is being canceled.")


class DeleteBatch(BatchAct):
    word, heading, danger = _("Delete batch"), _("Delete %s?"), True

    def __init__(self, *args: Any, batch: Batch, **options: Any) -> None:
        self.typed = batch.name or ids.encode(ids.BATCH, batch.id)[-8:]
        super().__init__(*args, batch=batch, **options)

    @property
    def text(self) -> str:  # type: ignore[override]
        return ngettext(
            "The batch and its list of %(n)s item are erased for good. Its picture and its job stay.",
            "The batch and its list of %(n)s items are erased for good. Its pictures and its jobs stay.",
            self.batch.total,
        ) % {"n": count(self.batch.total)}

    def run(self, actor: Actor) -> str:
        name = batch_name(self.batch)
        if not batch_delete(
            tenant_id=self.work.tenant_id, batch_id=self.batch.id, livemode=self.work.livemode, actor=actor
        ):
            raise Http404
        return gettext("%s is deleted.").replace("%s", name)


ACTS: dict[str, type[BatchAct]] = {"cancel": CancelBatch, "delete": DeleteBatch}
"""By the last part of their addresses."""
