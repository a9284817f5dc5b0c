"""Reads of the use policy's acceptance, without which no live job runs."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone


def policy_accepted(version: str, *, now: datetime | None = None) -> bool:
    """Returns whether the accepted version lets live jobs run: the current one, or an older one until the grace ends.

    `version` is the one that an owner accepted last, "" for none.
    """
    if version == settings.POLICY_VERSION:
        return True
    grace = settings.POLICY_GRACE_UNTIL
    return bool(version) and grace is not None and (now or timezone.now()).date() <= grace
