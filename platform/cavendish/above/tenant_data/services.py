"""Writes of exports and erasures: requesting, canceling and deleting them."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.models import Tenant, TenantStatus
from accounts.roles.authority import authority_of
from accounts.roles.permissions import Permission
from accounts.tenants.services import tenant_keep
from cavendish.above.tenant_data.models import Erasure, Export, ExportPart
from cavendish.above.tenant_data.tasks import export_enqueue
from cavendish.db import ids
from cavendish.db.router import acting_as, current_alias
from cavendish.db.tenancy import tenant_work
from cavendish.events.services import event_add
from cavendish.http.problems import conflict, invalid_value, not_found
from cavendish.storage import ERASE_SECONDS, objects
from generations.errors import LegalHoldInForce
from generations.holds.selectors import tenant_is_held


def export_request(*, tenant_id: UUID, actor: Actor) -> Export:
    """Requests an export of all the tenant's data, which workers then write. For an owner or the operator.

    Raises Problem 409 while another export of the tenant is being written, NotAllowed for anybody else.
    """
    with tenant_work(tenant_id):
        authority_of(actor, tenant_id).require(Permission.CLOSE)
        Tenant.objects.select_for_update().get(id=tenant_id)
        if Export.objects.filter(tenant_id=tenant_id, status__in=("queued", "running")).exists():
            raise conflict("export_running", gettext_noop("An export is already in progress. Wait until it is ready."))
        export: Export = Export.objects.create(tenant_id=tenant_id, requested_by=str(actor))
        export.refresh_from_db()
        _audit(actor, "export.requested", export)
        event_add(tenant_id=tenant_id, subject=export.id, type="export.requested")
        transaction.on_commit(lambda: export_enqueue(tenant_id, export.id), using=current_alias())
    return export


def export_delete(*, tenant_id: UUID, export_id: UUID, actor: Actor) -> bool:
    """Erases an export's parts; its row stays as `expired`. Returns False when there is no such export any more."""
    with tenant_work(tenant_id):
        authority_of(actor, tenant_id).require(Permission.CLOSE)
        export = Export.objects.filter(id=export_id, tenant_id=tenant_id).first()
        changed = (
            Export.objects.filter(id=export_id, tenant_id=tenant_id)
            .exclude(status=Export.Status.EXPIRED)
            .update(status=Export.Status.EXPIRED, lease_token=None, lease_until=None)
        )
        parts = list(ExportPart.objects.filter(tenant_id=tenant_id, export_id=export_id))
        if export is not None and changed:
            _audit(actor, "export.deleted", export)
    for part in parts:
        objects().delete(part.storage_key)
    with tenant_work(tenant_id):
        ExportPart.objects.filter(tenant_id=tenant_id, export_id=export_id).delete()
    return bool(changed)


def exports_due() -> int:
    """Enqueues exports that no worker writes, for the scheduler. Returns how many."""
    with acting_as("operator"):
        now = timezone.now()
        due = Export.objects.filter(status__in=("queued", "running"))
        # Five seconds, so that the message of the commit or of the step before comes first.
        waiting = due.filter(lease_until__lt=now - timedelta(seconds=5)) | due.filter(
            lease_until=None, created_at__lt=now - timedelta(seconds=5)
        )
        rows = list(waiting.values_list("tenant_id", "id")[:100])
    for tenant_id, export_id in rows:
        export_enqueue(tenant_id, export_id)
    return len(rows)


def exports_expire() -> int:
    """Erases exports whose days are over, by the scheduler; returns how many it came to in ERASE_SECONDS."""
    until = time.monotonic() + ERASE_SECONDS
    count = 0
    with acting_as("operator"):
        due = list(
            Export.objects.filter(status="ready", expires_at__lt=timezone.now()).values_list("tenant_id", "id")[:100]
        )
        for tenant, export in due:
            count += export_delete(tenant_id=tenant, export_id=export, actor=SYSTEM)
            if time.monotonic() >= until:
                break
    return count


def erasure_request(*, tenant_id: UUID, slug: str, actor: Actor, days: int | None = None) -> Erasure:
    """Schedules the erasure of a closing tenant after `days` (ERASURE_DAYS where None), as the operator.

    Requesting it again moves the day. `slug` must be typed, so that nobody erases the wrong tenant. Raises Problem 409
    for a tenant that is not closing or whose erasure has begun, 422 for another slug; LegalHoldInForce while anything
    of the tenant is held.
    """
    with tenant_work(tenant_id):
        tenant = Tenant.objects.select_for_update().filter(id=tenant_id).first()
        if tenant is None:
            raise not_found()
        if slug != tenant.slug:
            raise invalid_value("/slug", "mismatch", f'To confirm, enter the tenant\'s slug: "{tenant.slug}".')
        if tenant.status != TenantStatus.CLOSING:
            raise conflict(
                "not_closing", f"The tenant is {tenant.status}. Close it first, so that it can export its data."
            )
        if tenant_is_held(tenant_id):
            raise LegalHoldInForce("tenant")
        due = timezone.now() + timedelta(days=settings.ERASURE_DAYS if days is None else days)
        erasure: Erasure | None = Erasure.objects.select_for_update().filter(tenant_id=tenant_id).first()
        if erasure is not None and erasure.status in {Erasure.Status.RUNNING, Erasure.Status.DONE}:
            raise conflict("erasure_begun", "The erasure has already begun.")
        waiting: Erasure
        waiting, _ = Erasure.objects.update_or_create(
            tenant_id=tenant_id,
            defaults={"status": Erasure.Status.WAITING, "due_at": due, "requested_by": str(actor)},
        )
        waiting.refresh_from_db()
        audit_add(
            actor=actor,
            action="erasure.requested",
            tenant_id=tenant_id,
            target="tenant",
            target_id=tenant_id,
            after={"due_at": due},
        )
        event_add(tenant_id=tenant_id, subject=tenant_id, type="erasure.requested", data={"due_at": due.isoformat()})
    return waiting


def erasure_cancel(*, tenant_id: UUID, actor: Actor) -> Erasure:
    """Cancels an erasure that has not begun, as the operator. Raises Problem 404 without one, 409 once it has begun."""
    with tenant_work(tenant_id):
        erasure: Erasure | None = Erasure.objects.select_for_update().filter(tenant_id=tenant_id).first()
        if erasure is None or erasure.status == Erasure.Status.CANCELED:
            raise not_found()
        if erasure.status != Erasure.Status.WAITING:
            raise conflict("erasure_begun", "The erasure has already begun and cannot be canceled.")
        erasure.status = Erasure.Status.CANCELED
        erasure.save(update_fields=["status"])
        audit_add(actor=actor, action="erasure.canceled", tenant_id=tenant_id, target="tenant", target_id=tenant_id)
        event_add(tenant_id=tenant_id, subject=tenant_id, type="erasure.canceled")
    return erasure


def closing_cancel(*, tenant_id: UUID, actor: Actor) -> Tenant:
    """Keeps a tenant whose own people closed it, for an owner; an erasure that waits is canceled.

    Raises NotAllowed for a tenant that the operator closed, WrongStatus for one that is not closing.
    """
    tenant = tenant_keep(tenant_id=tenant_id, actor=actor)
    # The scheduler cancels it too, should this not be reached: a tenant that is not closing is never erased.
    with acting_as("operator"):
        if Erasure.objects.filter(tenant_id=tenant_id, status=Erasure.Status.WAITING).exists():
            erasure_cancel(tenant_id=tenant_id, actor=actor)
    return tenant


def _audit(actor: Actor, action: str, export: Export) -> None:
    audit_add(
        actor=actor,
        action=action,
        tenant_id=export.tenant_id,
        target="export",
        target_id=export.id,
        after={"export": ids.encode(ids.EXPORT, export.id)},
    )
