"""What a generation can fail with, and what a request is refused for before anything is spent.

`ErrorCode` is the contract's list of `error.code` of a generation that was accepted and failed. The exceptions are
refusals: each carries its status, its stable code and its fields, and the handler of the dialect writes it.

Refusal
└── GenerationRefused
    ├── TenantInactive      403  the tenant is suspended or closing
    ├── SizeNotAllowed      403  the tenant or the key may not have pictures of that size
    ├── ModelNotAllowed     403  the key may not use that model
    ├── PolicyNotAccepted   403  no owner has accepted the use policy in force
    ├── QueueFull           429  too many jobs of the tenant wait
    ├── JobsInFlight        429  too many jobs of the key wait or run
    ├── DayLimitReached     429  the tenant's test keys have done enough today
    ├── StorageQuotaExceeded 403 the tenant stores as much as it may
    ├── TooManyUploads      429  too many uploads of the key are unfinished
    ├── TooManyFetches      429  too many requests of the tenant wait for what they name by URL
    ├── TooManyBatches      429  the tenant has enough of them at once
    ├── NotCancelable       409  the generation or batch has ended
    ├── NotFinished         409  only an ended generation or batch can be deleted
    └── ItemTaken           409  the item of a batch waits no more
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings

from accounts.idempotency.errors import KeyInProgress
from billing.errors import BudgetExceeded, InsufficientBalance
from cavendish.http.problems import FieldError, Problem, Refusal, first_of
from cavendish.http.times import moment
from generations.contracts import SubmitRefusal

JOB_SECONDS, FETCH_SECONDS, BATCH_SECONDS = 5, 5, 60
"""In how many seconds jobs, fetches and batches are likely to end."""


class ErrorCode(StrEnum):
    SAFETY_BLOCKED = "safety_blocked"
    NO_IMAGE = "no_image"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    UPSTREAM_REJECTED = "upstream_rejected"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    INTERNAL = "internal"


class GenerationRefused(Refusal):
    """Base of what services of generations refuse."""


class TenantInactive(GenerationRefused):
    """The code names the tenant's status: tenant_suspended, tenant_closing, tenant_closed."""

    status_code = 403

    def __init__(self, tenant_status: str, reason: str) -> None:
        detail = f"The tenant is {tenant_status}" + (f": {reason}" if reason else ".")
        Problem.__init__(self, self.status_code, f"tenant_{tenant_status}", detail)


class SizeNotAllowed(GenerationRefused):
    status_code, code_name = 403, "size_not_allowed"

    def __init__(self, size: str, allowed: Collection[str]) -> None:
        """`allowed` are those of the tenant, or those of the key."""
        names = ", ".join(name for name in ("512", "1K", "2K", "4K") if name in allowed) or "none"
        super().__init__(
            f"This tenant may not have pictures of {size}; it may have: {names}.",
            errors=[FieldError("/response_format/image_size", self.code_name, f"Use one of: {names}.")],
        )


class ModelNotAllowed(GenerationRefused):
    status_code, code_name = 403, "model_not_allowed"

    def __init__(self, model: str, allowed: Collection[str]) -> None:
        """`allowed` are those of the key."""
        names = first_of(sorted(allowed), see="/api/v1/models")
        super().__init__(
            f"This key may not use {model}; it may use: {names}.",
            errors=[FieldError("/model", self.code_name, f"Use {names}.")],
        )


class PolicyNotAccepted(GenerationRefused):
    status_code, code_name = 403, "policy_not_accepted"

    def __init__(self, accepted: str) -> None:
        """`accepted` is the version that was accepted last, "" for none."""
        where = f" It stands at {settings.POLICY_URL}." if settings.POLICY_URL else ""
        super().__init__(
            f"An owner of the tenant has to accept version {settings.POLICY_VERSION} of the use policy first, at "
            f"{settings.BASE_URL}/account/policy/; test keys work without.{where}",
            extra={"policy": {"version": settings.POLICY_VERSION, "accepted": accepted or None}},
        )


class QueueFull(GenerationRefused):
    status_code, code_name = 429, "queue_full"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} generations are waiting already, which is this tenant's limit.",
            extra={"limit": limit},
            retry_after=JOB_SECONDS,
        )


class JobsInFlight(GenerationRefused):
    status_code, code_name = 429, "jobs_in_flight"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} generations of this key wait or run already, which is its limit.",
            extra={"limit": limit},
            retry_after=JOB_SECONDS,
        )


class DayLimitReached(GenerationRefused):
    status_code, code_name = 429, "test_limit_reached"

    def __init__(self, metric: str, limit: int, used: int) -> None:
        """`metric` is requests or bytes. The day is UTC's."""
        now = datetime.now(UTC)
        resets_at = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        noun = "generations" if metric == "requests" else "stored bytes"
        super().__init__(
            f"The test keys of this tenant have used {used} of {limit} {noun} a day; the day ends at "
            f"{resets_at:%Y-%m-%dT%H:%M:%SZ}.",
            extra={"limit": {"metric": metric, "limit": limit, "used": used, "resets_at": moment(resets_at)}},
            retry_after=(resets_at - now).total_seconds(),
        )


class StorageQuotaExceeded(GenerationRefused):
    status_code, code_name = 403, "storage_quota_exceeded"

    def __init__(self, *, limit: int, used: int) -> None:
        super().__init__(
            f"This tenant stores {used} of {limit} bytes, and there is no room for more; delete files or generations.",
            extra={"limit": limit, "used": used},
        )


class TooManyUploads(GenerationRefused):
    status_code, code_name = 429, "too_many_uploads"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} uploads of this key are unfinished, as many as may be; finish or cancel some.",
            extra={"limit": limit},
            retry_after=BATCH_SECONDS,
        )


class TooManyFetches(GenerationRefused):
    status_code, code_name = 429, "too_many_fetches"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} requests of this tenant wait for files that they name by URL, as many as may; try again, or "
            "upload the files.",
            extra={"limit": limit},
            retry_after=FETCH_SECONDS,
        )


class TooManyBatches(GenerationRefused):
    status_code, code_name = 429, "too_many_batches"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} batches are at work already, which is the limit.",
            extra={"limit": limit},
            retry_after=BATCH_SECONDS,
        )


class NotCancelable(GenerationRefused):
    """`subject_status` is that of the generation or batch; `status` is the answer's, as of every problem."""

    code_name = "not_cancelable"

    def __init__(self, subject_status: str, noun: str = "generation") -> None:
        super().__init__(f"The {noun} has ended as {subject_status}; only queued and running ones can be canceled.")
        self.subject_status = subject_status


class NotFinished(GenerationRefused):
    code_name = "not_finished"

    def __init__(self, subject_status: str, noun: str = "generation") -> None:
        super().__init__(f"The {noun} is {subject_status}; cancel it or wait for its end first.")


class ItemTaken(GenerationRefused):
    """Another feeder was first, or the batch was canceled meanwhile. Only the feeder meets it."""

    code_name = "item_taken"

    def __init__(self) -> None:
        super().__init__("The item waits no more.")


def refusal_of(result: SubmitRefusal) -> Refusal:
    """The exception for what `generation_submit` or `sandbox_day_reserve` (SQL) returned instead of doing it."""
    if result["code"] == "queue_full":
        return QueueFull(result["limit"])
    if result["code"] == "jobs_in_flight":
        return JobsInFlight(result["limit"])
    if result["code"] == "item_taken":
        return ItemTaken()
    if result["code"] == "idempotency_key_lost":
        return KeyInProgress()
    if result["code"] == "budget_exceeded":
        return BudgetExceeded(result)
    if result["code"] == "insufficient_balance":
        return InsufficientBalance(result)
    if result["code"] == "size_not_allowed":
        return SizeNotAllowed(result["size"], result["allowed"])
    if result["code"] == "test_limit_reached":
        return DayLimitReached(result["metric"], result["limit"], result["used"])
    return TenantInactive(result["code"].removeprefix("tenant_"), result["reason"] or "")
