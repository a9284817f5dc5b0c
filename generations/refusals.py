"""Refusals of the services in the words of the API."""

from __future__ import annotations

from django.utils import timezone

from billing.errors import BillingError
from cavendish.http.problems import FieldError, Problem, conflict, forbidden
from cavendish.http.times import moment
from generations.errors import (
    DayLimitReached,
    GenerationRefused,
    JobsInFlight,
    NotCancelable,
    NotFinished,
    QueueFull,
    SizeNotAllowed,
    TenantInactive,
    TooManyBatches,
)

Refusal = GenerationRefused | BillingError

LATER = {"Retry-After": "5"}
"""Seconds in which jobs are likely to end."""


def problem_of(refusal: Refusal) -> Problem:
    match refusal:
        case QueueFull():
            return Problem(429, "queue_full", str(refusal), headers=LATER, extra={"limit": refusal.limit})
        case JobsInFlight():
            return Problem(429, "jobs_in_flight", str(refusal), headers=LATER, extra={"limit": refusal.limit})
        case TooManyBatches():
            later = {"Retry-After": "60"}
            return Problem(429, "too_many_batches", str(refusal), headers=later, extra={"limit": refusal.limit})
        case SizeNotAllowed():
            error = FieldError("/response_format/image_size", "size_not_allowed", f"Use one of: {refusal.allowed}.")
            return Problem(403, "size_not_allowed", str(refusal), errors=[error])
        case DayLimitReached():
            wait = max(1, int((refusal.resets_at - timezone.now()).total_seconds()))
            limit = {"metric": refusal.metric, "limit": refusal.limit, "used": refusal.used}
            return Problem(
                429,
                "test_limit_reached",
                str(refusal),
                headers={"Retry-After": str(wait)},
                extra={"limit": {**limit, "resets_at": moment(refusal.resets_at)}},
            )
        case TenantInactive():
            return forbidden(str(refusal), code=f"tenant_{refusal.status}")
        case NotCancelable():
            return conflict("not_cancelable", str(refusal))
        case NotFinished():
            return conflict("not_finished", str(refusal))
        case BillingError():
            return refusal
        case _:
            return Problem(409, "refused", str(refusal))
