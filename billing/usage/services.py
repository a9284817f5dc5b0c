from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from billing.models import UsageTag
from cavendish.db.call import call
from cavendish.db.tenancy import tenant_context

MAX_TAGS = 5


def usage_partitions_create(*, months: int = 13) -> int:
    """Creates the usage partitions of this month and the coming year that are missing; returns how many."""
    return int(call("usage_partitions_create", timezone.now().date(), months, using="system"))


def usage_platform_refresh() -> int:
    """Brings the operator's days up to the roll-ups; returns how many changed. The scheduler calls it every minute."""
    return int(call("usage_platform_refresh", using="system") or 0)


def usage_tags_set(*, tenant_id: UUID, keys: Sequence[str], actor: Actor) -> list[str]:
    """Chooses the metadata keys by which usage is summed from now on; returns them. Sums of dropped keys stay.

    Raises ValueError for more than MAX_TAGS.
    """
    chosen = sorted(set(keys))
    if len(chosen) > MAX_TAGS:
        raise ValueError(f"Usage is summed by at most {MAX_TAGS} metadata keys.")
    with tenant_context(tenant_id):
        old = sorted(UsageTag.objects.filter(tenant_id=tenant_id).values_list("key", flat=True))
        if old != chosen:
            UsageTag.objects.filter(tenant_id=tenant_id).exclude(key__in=chosen).delete()
            UsageTag.objects.bulk_create(
                [UsageTag(tenant_id=tenant_id, key=key) for key in chosen if key not in old], ignore_conflicts=True
            )
            audit_add(
                actor=actor,
                action="usage_tags.changed",
                tenant_id=tenant_id,
                target="tenant",
                target_id=tenant_id,
                before={"tags": old},
                after={"tags": chosen},
            )
    return chosen
