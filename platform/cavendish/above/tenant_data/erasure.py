"""The erasure of a closing tenant by the scheduler, in steps: content is erased, accounting stays.

Each step erases up to AT_ONCE things, returns how many, and is over when it finds none. So it can be killed anywhere
and continues where it was: what is erased is not found again.

What stays: charges, usage and its sums, ledger, wallets, invoices and credit notes with their documents and recipients
(the law requires them), the audit log without names, addresses and values, and ids.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.audit.services import audit_add
from accounts.models import (
    ApiKey,
    AuditEvent,
    Invitation,
    Membership,
    Tenant,
    TenantNote,
    TenantStatus,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from billing.models import BillingProfile, PaymentMethod, UsageTag, UsageTagRollup, UsageTagValue
from billing.payment_methods.services import payment_method_gone, payment_method_remove
from billing.providers.errors import NoProvider, ProviderAway
from cavendish.above.tenant_data.models import Erasure, Export, ExportPart
from cavendish.db.router import acting_as
from cavendish.events.models import Event
from cavendish.events.services import event_add
from cavendish.mail.models import Mail
from cavendish.storage import ERASE_SECONDS, objects
from generations.batches.services import batch_cancel, batch_delete
from generations.errors import LegalHoldInForce, NotCancelable, NotFinished
from generations.holds.selectors import tenant_is_held
from generations.models import TERMINAL, Batch, Collection, File, Generation, GuardRule, LegalHold, PromptTemplate
from generations.services import file_delete, generation_cancel, generation_delete

logger = logging.getLogger(__name__)

AT_ONCE = 20


class NotYet(Exception):
    """Something still runs; the step is tried again in the scheduler's next round."""


def erasures_continue() -> int:
    """Goes on with erasures whose day has come, ERASE_SECONDS in all; returns how many things were erased."""
    until = time.monotonic() + ERASE_SECONDS
    with acting_as("operator"):
        due = list(
            Erasure.objects.filter(status__in=("waiting", "running"), due_at__lte=timezone.now())
            .order_by("due_at")
            .values_list("tenant_id", flat=True)[:10]
        )
    count = 0
    for tenant_id in due:
        if _is_held(tenant_id):
            logger.info("The erasure of tenant %s waits for a legal hold to be released.", tenant_id.hex)
            continue
        if not _begin(tenant_id):
            continue
        try:
            while time.monotonic() < until and not _is_held(tenant_id):
                done = _continue(tenant_id)
                if done is None:
                    break
                count += done
        except (NotYet, LegalHoldInForce) as reason:
            logger.info("The erasure of tenant %s waits: %s", tenant_id.hex, reason)
    return count


def _is_held(tenant_id: UUID) -> bool:
    with acting_as("operator"):
        return tenant_is_held(tenant_id)


def _begin(tenant_id: UUID) -> bool:
    """Starts the erasure if it has not begun. Returns whether it may continue.

    From the first step on, the tenant is `erased`, which nobody reactivates.
    """
    with acting_as("operator"), transaction.atomic(using="operator"):
        tenant = Tenant.objects.select_for_update().get(id=tenant_id)
        erasure = Erasure.objects.select_for_update().get(tenant_id=tenant_id)
        if erasure.status == Erasure.Status.RUNNING:
            return True
        if erasure.status != Erasure.Status.WAITING:
            return False
        if tenant.status != TenantStatus.CLOSING:
            # The tenant was reactivated meanwhile.
            erasure.status = Erasure.Status.CANCELED
            erasure.save(update_fields=["status"])
            return False
        Tenant.objects.filter(id=tenant_id).update(status=TenantStatus.ERASED, status_reason="")
        ApiKey.objects.filter(tenant_id=tenant_id).update(revoked_at=Coalesce(F("revoked_at"), Now()))
        Erasure.objects.filter(tenant_id=tenant_id).update(
            status=Erasure.Status.RUNNING, step=next(iter(STEPS)), started_at=timezone.now()
        )
        audit_add(actor=SYSTEM, action="erasure.begun", tenant_id=tenant_id, target="tenant", target_id=tenant_id)
        event_add(tenant_id=tenant_id, subject=tenant_id, type="erasure.begun")
    return True


def _continue(tenant_id: UUID) -> int | None:
    """Runs the current step once. Returns how many things were erased, None when the erasure is done."""
    with acting_as("operator"):
        erasure = Erasure.objects.get(tenant_id=tenant_id)
    count = STEPS[erasure.step](tenant_id)
    names = list(STEPS)
    remaining = names[names.index(erasure.step) + 1 :] if not count else [erasure.step]
    erased = {**erasure.erased, erasure.step: erasure.erased.get(erasure.step, 0) + count}
    with acting_as("operator"), transaction.atomic(using="operator"):
        # Compare-and-set: of two schedulers at work, one only repeats the step.
        row = Erasure.objects.filter(tenant_id=tenant_id, status=Erasure.Status.RUNNING, step=erasure.step)
        if remaining:
            row.update(step=remaining[0], erased=erased)
        elif row.update(status=Erasure.Status.DONE, finished_at=timezone.now(), erased=erased):
            audit_add(
                actor=SYSTEM,
                action="erasure.done",
                tenant_id=tenant_id,
                target="tenant",
                target_id=tenant_id,
                after=erased,
            )
            event_add(tenant_id=tenant_id, subject=tenant_id, type="erasure.done", data=erased)
    return count if remaining else None


def _jobs(tenant_id: UUID) -> int:
    """Cancels batches and queued jobs. Raises NotYet while jobs run; they end within their deadline."""
    with acting_as("operator"):
        batches = list(Batch.objects.filter(tenant_id=tenant_id, finished_at=None).values_list("id", "livemode"))
        open_jobs = Generation.objects.filter(tenant_id=tenant_id).exclude(status__in=TERMINAL)
        waiting = list(open_jobs.filter(cancel_requested_at=None).values_list("id", "livemode")[:AT_ONCE])
    for batch_id, livemode in batches:
        batch_cancel(tenant_id=tenant_id, batch_id=batch_id, livemode=livemode, actor=SYSTEM)
    for generation_id, livemode in waiting:
        try:
            generation_cancel(tenant_id=tenant_id, generation_id=generation_id, livemode=livemode)
        except NotCancelable:
            continue
    if waiting:
        return len(waiting)
    with acting_as("operator"):
        if open_jobs.exists() or Batch.objects.filter(tenant_id=tenant_id, finished_at=None).exists():
            raise NotYet("jobs still run")
    return 0


def _batches(tenant_id: UUID) -> int:
    with acting_as("operator"):
        rows = list(Batch.objects.filter(tenant_id=tenant_id, deleted_at=None).values_list("id", "livemode")[:AT_ONCE])
    for batch_id, livemode in rows:
        try:
            batch_delete(tenant_id=tenant_id, batch_id=batch_id, livemode=livemode, actor=SYSTEM)
        except NotFinished:
            raise NotYet("a batch has not ended") from None
    return len(rows)


def _generations(tenant_id: UUID) -> int:
    with acting_as("operator"):
        rows = list(
            Generation.objects.filter(tenant_id=tenant_id, deleted_at=None).values_list("id", "livemode")[:AT_ONCE]
        )
    for generation_id, livemode in rows:
        generation_delete(tenant_id=tenant_id, generation_id=generation_id, livemode=livemode)
    return len(rows)


def _files(tenant_id: UUID) -> int:
    with acting_as("operator"):
        rows = list(File.objects.filter(tenant_id=tenant_id, deleted_at=None).values_list("id", "livemode")[:AT_ONCE])
        if not rows:
            # Files that were deleted earlier kept the names that people gave them.
            named = File.objects.filter(tenant_id=tenant_id).exclude(name="", resource_name=None)
            return int(named.update(name="", resource_name=None))
    for file_id, livemode in rows:
        file_delete(tenant_id=tenant_id, file_id=file_id, livemode=livemode)
    return len(rows)


def _templates(tenant_id: UUID) -> int:
    """Deletes prompt templates with their versions."""
    with acting_as("operator"):
        return int(PromptTemplate.objects.filter(tenant_id=tenant_id).delete()[0])


def _exports(tenant_id: UUID) -> int:
    with acting_as("operator"):
        parts = list(ExportPart.objects.filter(tenant_id=tenant_id)[:AT_ONCE])
        for part in parts:
            objects().delete(part.storage_key)
            ExportPart.objects.filter(export_id=part.export_id, number=part.number).delete()
        if parts:
            return len(parts)
        unexpired = Export.objects.filter(tenant_id=tenant_id).exclude(status=Export.Status.EXPIRED)
        return int(unexpired.update(status=Export.Status.EXPIRED, lease_token=None, lease_until=None))


def _objects(tenant_id: UUID) -> int:
    """Deletes objects in the tenant's folder that no row names, of jobs that ended while rows were erased."""
    kept = f"tenants/{tenant_id.hex}/invoices/"
    count = 0
    for stored in objects().listing(f"tenants/{tenant_id.hex}/"):
        if stored.key.startswith(kept):
            continue
        objects().delete(stored.key)
        count += 1
        if count == AT_ONCE:
            break
    return count


def _people(tenant_id: UUID) -> int:
    """Deletes memberships, invitations, and people who belong to no other tenant."""
    with acting_as("operator"), transaction.atomic(using="operator"):
        members = list(Membership.objects.filter(tenant_id=tenant_id).values_list("user_id", flat=True)[:AT_ONCE])
        Membership.objects.filter(tenant_id=tenant_id, user_id__in=members).delete()
        for user in User.objects.filter(id__in=members, is_staff=False, memberships=None):
            user.delete()
        invitations, _ = Invitation.objects.filter(tenant_id=tenant_id).delete()
    return len(members) + int(invitations)


def _keys(tenant_id: UUID) -> int:
    with acting_as("operator"):
        named = ApiKey.objects.filter(tenant_id=tenant_id).exclude(name="", ip_ranges=[], last_used_address=None)
        return int(named.update(name="", ip_ranges=[], last_used_address=None))


def _payment_methods(tenant_id: UUID) -> int:
    """Forgets cards and accounts, here and at the provider; what was paid by them stays in the books."""
    with acting_as("operator"):
        rows = PaymentMethod.objects.filter(tenant_id=tenant_id)
        saved = list(rows.filter(removed_at=None).values_list("id", flat=True)[:AT_ONCE])
    for method_id in saved:
        try:
            payment_method_remove(tenant_id=tenant_id, method_id=method_id, actor=SYSTEM)
        except ProviderAway:
            raise NotYet("the payment provider is away") from None
        except NoProvider:  # it was switched off meanwhile
            payment_method_gone(tenant_id=tenant_id, method_id=method_id, actor=SYSTEM)
    with acting_as("operator"):
        blank = {"brand": "", "last4": "", "exp_month": None, "exp_year": None}
        return len(saved) + int(rows.exclude(**blank).update(**blank))


def _webhooks(tenant_id: UUID) -> int:
    """Deletes endpoints with the log of what was sent to them, and guard rules, which name URLs too."""
    with acting_as("operator"):
        rows = list(WebhookDelivery.objects.filter(tenant_id=tenant_id).values_list("id", flat=True)[:500])
        WebhookDelivery.objects.filter(id__in=rows).delete()
        if rows:
            return len(rows)
        WebhookSecret.objects.filter(tenant_id=tenant_id).delete()
        rules, _ = GuardRule.objects.filter(tenant_id=tenant_id).delete()
        return int(WebhookEndpoint.objects.filter(tenant_id=tenant_id).delete()[0] + rules)


def _texts(tenant_id: UUID) -> int:
    """Deletes mails, metadata that was summed, collections, names in events, reasons of holds, operators' notes and
    the addresses of invoices.

    Issued invoices stay as issued.
    """
    with acting_as("operator"), transaction.atomic(using="operator"):
        mails, _ = Mail.objects.filter(tenant_id=tenant_id).delete()
        tags = 0
        for model in (UsageTagRollup, UsageTagValue, UsageTag):
            tags += model.objects.filter(tenant_id=tenant_id).delete()[0]
        profile = BillingProfile.objects.filter(tenant_id=tenant_id).exclude(emails=[]).update(emails=[])
        notes, _ = TenantNote.objects.filter(tenant_id=tenant_id).delete()
        collections, _ = Collection.objects.filter(tenant_id=tenant_id).delete()
        reasons = LegalHold.objects.filter(tenant_id=tenant_id).exclude(reason="").update(reason="")
        # Names of keys and people stand in what webhooks told; that it happened stays.
        named = Q(type__startswith="key.") | Q(type__startswith="member.")
        events = Event.objects.filter(named, tenant_id=tenant_id).exclude(data={}).update(data={})
    return int(mails + tags + profile + events + collections + reasons + notes)


def _audit(tenant_id: UUID) -> int:
    """Clears names, addresses and values of audit events, which stay. The table's trigger allows no other change."""
    with acting_as("operator"):
        rows = AuditEvent.objects.filter(tenant_id=tenant_id).exclude(actor_label="", address=None, before={}, after={})
        row_ids = list(rows.order_by("id").values_list("id", flat=True)[:500])
        AuditEvent.objects.filter(id__in=row_ids).update(actor_label="", address=None, before={}, after={})
    return len(row_ids)


def _tenant(tenant_id: UUID) -> int:
    with acting_as("operator"):
        slug = f"erased-{tenant_id.hex[-12:]}"
        return int(Tenant.objects.filter(id=tenant_id).exclude(slug=slug).update(slug=slug, name="Erased"))


STEPS: dict[str, Callable[[UUID], int]] = {
    "jobs": _jobs,
    "batches": _batches,
    "generations": _generations,
    "files": _files,
    "templates": _templates,
    "exports": _exports,
    "objects": _objects,
    "people": _people,
    "keys": _keys,
    "payment_methods": _payment_methods,
    "webhooks": _webhooks,
    "texts": _texts,
    "audit": _audit,
    "tenant": _tenant,
}
