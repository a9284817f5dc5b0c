from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

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
        whole=True,
    )
    return rows.first()


def reconcile_clean_at() -> datetime | None:
    """Returns a moment before which everything was found to agree: an hour before the last clean run began, whole or of
    what was written since another one; what a transaction wrote then may have come to light later. None before the
    first.
    """
    clean = ReconcileRun.objects.filter(status=ReconcileRun.Status.CLEAN, started_at__isnull=False)
    followed = Q(options__has_key="since") & ~Q(options__has_any_keys=["tenant_id", "month", "checks", "objects"])
    last = clean.filter(Q(whole=True) | followed).order_by("-started_at").first()
    return last.started_at - timedelta(hours=1) if last is not None and last.started_at is not None else None


def reconcile_ended() -> dict[str, ReconcileRun]:
    """Returns the last runs that have ended, by what they compared: everything, or what was written since another."""
    ended = ReconcileRun.objects.filter(ended_at__isnull=False).order_by("-ended_at")
    found = {"whole": ended.filter(whole=True).first(), "recent": ended.filter(options__has_key="since").first()}
    return {scope: run for scope, run in found.items() if run is not None}


def reconcile_find(run_id: UUID) -> ReconcileRun | None:
    return ReconcileRun.objects.filter(id=run_id).first()
