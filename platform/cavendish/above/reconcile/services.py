from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.idempotency import note_created
from accounts.models import User
from cavendish.above.reconcile.compare import SAMPLE, Options
from cavendish.above.reconcile.mails import reconcile_letter
from cavendish.above.reconcile.metrics import metrics_set
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.above.reconcile.runs import is_abandoned, run_queued
from cavendish.above.reconcile.selectors import reconcile_clean_at, reconcile_ended
from cavendish.db.router import acting_as, current_alias
from cavendish.http.problems import conflict
from cavendish.mail.services import mail_queue

Trigger = ReconcileRun.Trigger
Status = ReconcileRun.Status
KEPT = timedelta(days=400)
WHOLE = Options(hashes=SAMPLE)
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
        now = timezone.now()
        by_clock = ReconcileRun.objects.filter(trigger=Trigger.SCHEDULER)
        due = _last_due(now)
        if due is not None and not by_clock.filter(whole=True, created_at__gte=due).exists():
            ReconcileRun.objects.filter(created_at__lt=now - KEPT).delete()
            _queue(Trigger.SCHEDULER, SYSTEM)
        elif settings.RECONCILE_MINUTES and not by_clock.filter(created_at__gte=now - _every()).exists():
            clean_at = reconcile_clean_at()
            if clean_at is not None:
                _queue(Trigger.SCHEDULER, SYSTEM, Options(since=clean_at))
        queued = list(ReconcileRun.objects.filter(status=Status.QUEUED).values_list("id", flat=True))
    done = [run_id for run_id in queued if run_queued(run_id)]
    with acting_as("operator"):
        for run_id in done:
            run_tell(run_id)
        metrics_set(reconcile_ended())
    return len(done)


def run_tell(run_id: UUID) -> bool:
    """Mails to the operators what a run by the clock found; as the operator. Returns whether there was anything to say.

    What the hour before found too is not told each hour again.
    """
    with transaction.atomic(using=current_alias()):
        run = ReconcileRun.objects.get(id=run_id)
        if run.trigger != Trigger.SCHEDULER or run.status == Status.CLEAN:
            return False
        if not run.whole:
            earlier = ReconcileRun.objects.filter(trigger=Trigger.SCHEDULER, ended_at__lt=run.ended_at, whole=False)
            before = earlier.order_by("-ended_at").first()
            if before is not None and _found(before) == _found(run):
                return False
        operators = User.objects.filter(is_staff=True, is_active=True).order_by("id")
        to = list(operators.values_list("email", flat=True))
        if to:
            mail_queue(to=to, letter=partial(reconcile_letter, run))
        return bool(to)


def _found(run: ReconcileRun) -> list[tuple[str, int, str]]:
    return [
        (check["check"], check["count"], check["error"]) for check in run.checks if check["count"] or check["error"]
    ]


def _every() -> timedelta:
    return timedelta(minutes=settings.RECONCILE_MINUTES)


def runs_mend() -> None:
    """Ends running runs whose process is gone; as the operator."""
    for run_id in ReconcileRun.objects.filter(status=Status.RUNNING).values_list("id", flat=True):
        with transaction.atomic(using=current_alias()):
            if is_abandoned(run_id):
                rows = ReconcileRun.objects.filter(id=run_id, status=Status.RUNNING)
                rows.update(status=Status.FAILED, ended_at=timezone.now(), error=ABANDONED)


def _queue(trigger: Trigger, actor: Actor, options: Options = WHOLE) -> ReconcileRun | None:
    """Returns the queued run, None where one of its kind is queued or running that nobody sits in front of."""
    runs_mend()
    run = ReconcileRun(trigger=trigger, actor=str(actor)[:300], whole=options.whole, options=options.as_json())
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
