"""What the operator absorbs: output beyond holds and pictures that were not given out, at the tenant's prices."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.audit.services import audit_add
from accounts.models import AuditEvent, User
from billing.models import UsageRollup, Wallet
from billing.usage.mails import absorbed_letter
from cavendish.db import ids
from cavendish.db.router import acting_as, current_alias
from cavendish.mail.services import mail_queue

ABSORBED = "absorbed"
ACTION = "tenant.absorbed"


def absorbed_watch() -> int:
    """Mails to operators of tenants whose absorbed sum of a billing date passed ABSORBED_ALERT, once for each date.

    Returns how many; the scheduler calls it.
    """
    if not settings.ABSORBED_ALERT:
        return 0
    with acting_as("operator"):
        # A billing date is at most a day behind the date in UTC.
        recent = UsageRollup.objects.filter(
            billing_date__gte=timezone.now().date() - timedelta(days=1), livemode=True, kind=ABSORBED
        )
        sums = recent.values("tenant_id", "billing_date").annotate(total=Sum("amount"))
        over = sums.filter(total__lt=-Decimal(settings.ABSORBED_ALERT)).order_by("tenant_id", "billing_date")
        return sum(_notify(row["tenant_id"], row["billing_date"], -row["total"]) for row in over)


def _notify(tenant_id: UUID, day: date, absorbed: Decimal) -> bool:
    """Returns False where it was told before."""
    with transaction.atomic(using=current_alias()):
        # The lock lets one of two schedulers tell; the other finds that it was told.
        wallet = Wallet.objects.select_for_update(of=("self",)).get(tenant_id=tenant_id, livemode=True)
        told = AuditEvent.objects.filter(action=ACTION, target_id=tenant_id.hex, after__day=day.isoformat())
        if told.exists():
            return False
        audit_add(
            actor=SYSTEM,
            action=ACTION,
            tenant_id=None,
            target="tenant",
            target_id=tenant_id,
            after={"day": day, "absorbed": absorbed, "currency": wallet.currency},
        )
        operators = User.objects.filter(is_staff=True, is_active=True).order_by("id")
        if to := list(operators.values_list("email", flat=True)):
            letter = partial(
                absorbed_letter,
                tenant=wallet.tenant.name,
                tenant_id=ids.encode(ids.TENANT, tenant_id),
                day=day,
                absorbed=absorbed,
                limit=settings.ABSORBED_ALERT,
                currency=wallet.currency,
            )
            mail_queue(to=to, letter=letter)
    return True
