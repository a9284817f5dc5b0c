from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from cavendish.above.reconcile.models import ReconcileRun


def reconcile_last() -> ReconcileRun | None:
    """Returns the last whole run that has ended; None before the first. As the operator, as are all of these."""
    ended = ReconcileRun.objects.filter(whole=True, ended_at__isnull=False)
    return ended.order_by("-ended_at").first()


def reconcile_open() -> ReconcileRun | None:
    """Returns the run that is queued or running, other than those of the command."""
    rows = ReconcileRun.objects.filter(
        status__in=(ReconcileRun.Status.QUEUED, ReconcileRun.Status.RUNNING),
        trigger__in=(ReconcileRun.Trigger.SCHEDULER, ReconcileRun.Trigger.OPERATOR),
    )
    return rows.first()


def reconcile_find(run_id: UUID) -> ReconcileRun | None:
    return ReconcileRun.objects.filter(id=run_id).first()


def reconcile_runs(
    *, status: str | None = None, trigger: str | None = None, before: UUID | None = None, limit: int = 50
) -> Sequence[ReconcileRun]:
    """Returns runs, the newest first; `before` is the last id of the page before. Ids are ordered by time."""
    rows = ReconcileRun.objects.order_by("-id")
    if status:
        rows = rows.filter(status=status)
    if trigger:
        rows = rows.filter(trigger=trigger)
    if before:
        rows = rows.filter(id__lt=before)
    return list(rows[:limit])
