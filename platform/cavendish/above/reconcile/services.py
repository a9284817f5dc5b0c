from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.idempotency import note_created
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.above.reconcile.runs import is_abandoned, run_queued
from cavendish.db.router import acting_as, current_alias
from cavendish.http.problems import conflict

Trigger = ReconcileRun.Trigger
Status = ReconcileRun.Status
KEPT = timedelta(days=400)
ABANDONED = "The process that ran it ended before the run did."


def reconcile_now(*, actor: Actor) -> ReconcileRun:
    """Queues a whole run, which the scheduler begins within seconds; as the operator.

    Raises Problem 409 while one is queued or running.
    """
    run = _queue(Trigger.OPERATOR, actor)
    if run is None:
        raise conflict("reconcile_running", "A reconcile run is queued or running. Wait until it has ended.")
    return run


def reconcile_watch() -> int:
    """Queues the run of the day when its time has come, and does what is queued; returns how many runs it did.

    The scheduler calls it, in a thread of its own: a run takes minutes.
    """
    with acting_as("operator"):
        runs_mend()
        due = _last_due(timezone.now())
        if due is not None and not ReconcileRun.objects.filter(trigger=Trigger.SCHEDULER, created_at__gte=due).exists():
            ReconcileRun.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
            _queue(Trigger.SCHEDULER, SYSTEM)
        queued = list(ReconcileRun.objects.filter(status=Status.QUEUED).values_list("id", flat=True))
    return sum(run_queued(run_id) for run_id in queued)


def runs_mend() -> None:
    """Ends running runs whose process is gone; as the operator."""
    for run_id in ReconcileRun.objects.filter(status=Status.RUNNING).values_list("id", flat=True):
        with transaction.atomic(using=current_alias()):
            if is_abandoned(run_id):
                rows = ReconcileRun.objects.filter(id=run_id, status=Status.RUNNING)
                rows.update(status=Status.FAILED, ended_at=timezone.now(), error=ABANDONED)


def _queue(trigger: Trigger, actor: Actor) -> ReconcileRun | None:
    """Returns the queued run, None where one is queued or running that nobody sits in front of."""
    runs_mend()
    run = ReconcileRun(trigger=trigger, actor=str(actor)[:300], whole=True)
    try:
        with transaction.atomic(using=current_alias()):
            run.save(force_insert=True)
            note_created(run.id)
            if actor is not SYSTEM:
                audit_add(
                    actor=actor, action="reconcile.requested", tenant_id=None, target="reconcile_run", target_id=run.id
                )
    except IntegrityError:
        return None
    run.refresh_from_db()
    return run


def _last_due(now: datetime) -> datetime | None:
    """Returns the last moment at which a run was due; None where RECONCILE_AT is "never"."""
    at: time | None = settings.RECONCILE_AT
    if at is None:
        return None
    today = datetime.combine(now.astimezone(UTC).date(), at, tzinfo=UTC)
    return today if today <= now else today - timedelta(days=1)
