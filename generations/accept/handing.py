"""A job that a worker has at once: told to it over Valkey, once it is committed, instead of queued and claimed.

Nothing rests on the message. A worker frees what runs under its lease and is not known to it, a few seconds later.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import Error

from cavendish.db.call import call
from cavendish.db.storable import as_stored
from cavendish.messaging import valkey
from cavendish.telemetry.metrics import HANDED
from generations.contracts import Handed, Submission
from generations.tasks import ring

logger = logging.getLogger(__name__)

FRESH = 0.7
"""Of LEASE_SECONDS. A worker renews its lease when three quarters of it are left."""


@dataclass(frozen=True)
class HandedJob:
    """What a worker is told: `claim` is a row of `generation_claim` as JSON (`generations.contracts.Claim`)."""

    tenant_id: str
    generation_id: str
    worker: str
    token: str
    claim: str


def fresh_seconds() -> float | None:
    """Returns how long a worker's lease must still last that gets a job at once; None while it could not be told."""
    return FRESH * settings.LEASE_SECONDS if valkey.is_at_hand() else None


def claim_of(submission: Submission, handed: Handed) -> HandedJob:
    """Returns the claim of a job that was just submitted, as `generation_claim` would build it."""
    hold = submission["hold"]
    claim = {
        "id": submission["id"],
        "tenant_id": submission["tenant_id"],
        "attempt": 1,
        "lease_token": handed["token"],
        "job": {
            "priority": submission["priority"],
            "livemode": submission["livemode"],
            "model": submission["model"],
            "tier": submission["tier"],
            "estimated_bytes": submission["estimated_bytes"],
            "failures": 0,
            "seconds_left": submission["deadline"],
            "seconds_to_cancel": submission["cancel_after"],
            "upstream_id": "",
            "upstream_key": "",
            "upstream_host": "",
            "request_id": submission["request_id"],
            # So the upstream gets the same bytes of a job, whether it was handed over or claimed.
            "job_spec": as_stored(submission["job_spec"]),
            "notices": submission["notices"],
            "hold": {
                "amount": handed["amount"],
                "prices": hold["prices"],
                "images": hold["images"],
                "included": handed["included"],
            },
        },
    }
    text = json.dumps(claim)
    return HandedJob(submission["tenant_id"], submission["id"], handed["worker"], handed["token"], text)


def wake(handed: Sequence[HandedJob], count: int) -> None:
    """Tells workers of `count` committed jobs: of those that were handed to one that one, of the others whoever has
    room. What a worker does not hear is queued after all.
    """
    told = sum(_tell(job) for job in handed)
    HANDED.inc(told)
    if told < count:
        ring(count - told)


def _tell(job: HandedJob) -> bool:
    listens = valkey.tell(job.worker, job.claim, UUID(job.generation_id))
    if listens is not False:
        # Where it is not known, the worker may hear of it yet; else it gives the job back within seconds.
        return True
    try:
        call("generation_give_back", job.tenant_id, job.generation_id, job.token, "worker_gone")
    except Error as error:
        # The worker, or the sweeper after its lease, gives the job back.
        logger.warning("A job whose worker is gone could not be queued: %s", type(error).__name__)
    return False
