"""Which limits bind a key: its own and its tenant's, in requests and in pictures, each per minute."""

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
    """At most `quota` units in any minute. `counter` is the name of what counts them, the same in every process."""

    scope: Scope
    unit: Unit
    quota: int
    livemode: bool
    counter: str

    @property
    def name(self) -> str:
        """As clients see it."""
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
    """The limits in force; None is the setting's, 0 is none.

    Live and test keys of a tenant count apart: what a test suite sends must not stand in the way of customers.
    """
    # In braces: all counters of one call have to lie in one slot of a cluster.
    place = f"cavendish:limit:{{{tenant_id.hex}}}:{'live' if livemode else 'test'}"
    wanted: tuple[tuple[Scope, Unit, int | None, int, str], ...] = (
        ("key", "requests", key_requests, settings.KEY_REQUESTS_PER_MINUTE, f"{place}:{key_id.hex}:requests"),
        ("key", "images", key_images, settings.KEY_IMAGES_PER_MINUTE, f"{place}:{key_id.hex}:images"),
        ("tenant", "requests", tenant_requests, settings.REQUESTS_PER_MINUTE, f"{place}:requests"),
        ("tenant", "images", tenant_images, settings.IMAGES_PER_MINUTE, f"{place}:images"),
    )
    found = ((scope, unit, default if own is None else own, counter) for scope, unit, own, default, counter in wanted)
    return tuple(Policy(scope, unit, quota, livemode, counter) for scope, unit, quota, counter in found if quota > 0)
