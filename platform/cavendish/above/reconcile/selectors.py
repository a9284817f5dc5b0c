from __future__ import annotations

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
