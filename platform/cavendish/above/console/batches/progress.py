"""How a batch stands: its heading, its bar, and when it is likely to end."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cavendish.above.ui import charts, formats
from cavendish.above.ui.formats import count, seconds
from cavendish.above.ui.labels import label
from generations.models import BATCH_ENDED, Batch, BatchStatus

TONES = {
    "queued": "waiting", "running": "waiting", "canceling": "waiting", "completed": "good", "failed": "bad",
    "canceled": "off", "expired": "off",
}  # fmt: skip
LEAST_ENDED = 3
"""Items that must have ended before a pace can be told."""


def ended(batch: Batch) -> int:
    """Returns how many items have ended, well or not."""
    return batch.succeeded + batch.failed + batch.canceled + batch.expired


def batch_state(batch: Batch) -> SafeString:
    if batch.status == BatchStatus.COMPLETED and batch.failed:
        return formats.status("bad", _("Completed, %s failed").replace("%s", count(batch.failed)))
    return formats.status(TONES[batch.status], label(batch.get_status_display()))


def progress_bar(batch: Batch) -> SafeString:
    """Returns a bar of what succeeded, failed and ended otherwise; the numbers stand beside it."""
    total = batch.total or 1
    parts = [("good", batch.succeeded / total), ("bad", batch.failed / total)]
    return charts.meter([*parts, ("2", (batch.canceled + batch.expired) / total)])


def seconds_left(batch: Batch, *, now: datetime | None = None) -> float | None:
    """Returns the seconds until its end at its pace so far; None where there is no pace yet, or it has ended."""
    done = ended(batch)
    if batch.status in BATCH_ENDED or batch.started_at is None or done < LEAST_ENDED or batch.refused_at is not None:
        return None
    passed = ((now or timezone.now()) - batch.started_at).total_seconds()
    return passed / done * (batch.total - done)


def headline(batch: Batch) -> str:
    """Returns "42 of 100 done, about 6 min to go", "All 100 succeeded", "96 of 100 succeeded, 4 failed"."""
    total, done = count(batch.total), count(ended(batch))
    match batch.status:
        case BatchStatus.COMPLETED if not batch.failed:
            return _("All %s succeeded").replace("%s", total) if batch.total > 1 else _("Succeeded")
        case BatchStatus.COMPLETED:
            return _("%(good)s of %(total)s succeeded, %(bad)s failed") % {
                "good": count(batch.succeeded), "total": total, "bad": count(batch.failed),
            }  # fmt: skip
        case BatchStatus.FAILED:
            return _("All %s failed").replace("%s", total) if batch.total > 1 else _("Failed")
        case BatchStatus.CANCELED | BatchStatus.EXPIRED:
            text = _("Canceled") if batch.status == BatchStatus.CANCELED else _("Expired")
            return _("%(state)s: %(good)s of %(total)s succeeded") % {
                "state": text, "good": count(batch.succeeded), "total": total,
            }  # fmt: skip
        case BatchStatus.CANCELING:
            return _("Canceling: %(n)s still running") % {"n": count(batch.in_progress)}
        case _status:
            text = _("%(done)s of %(total)s done") % {"done": done, "total": total}
            left = seconds_left(batch)
            return text if left is None else _("%(what)s, about %(time)s to go") % {"what": text, "time": seconds(left)}
