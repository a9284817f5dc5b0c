"""Which rate limits apply to a key: its own and its tenant's, in requests and in pictures, each per minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.conf import settings

WINDOW = 60
"""Seconds."""

Unit = Literal["requests", "images"]
Scope = Literal["key", "tenant"]


@dataclass(frozen=True)
class Policy:
    """At most `quota` units in any minute. `counter` names the counter, which is the same in every process."""

    scope: Scope
    unit: Unit
    quota: int
    livemode: bool
    counter: str

    @property
    def name(self) -> str:
        """The name that clients see in headers and problems."""
        return f"{self.scope}-{self.unit}"


def policies_of(
    *,
    tenant_id: UUID,
    key_id: UUID,
    livemode: bool,
    tenant_requests: int | None,
    tenant_images: int | None,
    key_requests: int | None,
    key_images: int | None,
) -> tuple[Policy, ...]:
    """Returns the limits that apply. None stands for the setting's value, 0 for no limit.

    Live and test keys of a tenant count apart: what a test suite sends must not stand in the way of customers.
    """
    # The tenant in braces is a hash tag: all counters of one call have to lie in one slot of a cluster.
    prefix = f"cavendish:limit:{{{tenant_id.hex}}}:{'live' if livemode else 'test'}"
    rows: tuple[tuple[Scope, Unit, int | None, int, str], ...] = (
        ("key", "requests", key_requests, settings.KEY_REQUESTS_PER_MINUTE, f"{prefix}:{key_id.hex}:requests"),
        ("key", "images", key_images, settings.KEY_IMAGES_PER_MINUTE, f"{prefix}:{key_id.hex}:images"),
        ("tenant", "requests", tenant_requests, settings.REQUESTS_PER_MINUTE, f"{prefix}:requests"),
        ("tenant", "images", tenant_images, settings.IMAGES_PER_MINUTE, f"{prefix}:images"),
    )
    quotas = ((scope, unit, default if own is None else own, counter) for scope, unit, own, default, counter in rows)
    return tuple(Policy(scope, unit, quota, livemode, counter) for scope, unit, quota, counter in quotas if quota > 0)
