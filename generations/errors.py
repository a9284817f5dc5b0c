"""What a generation can fail with, and what a request is refused for before anything is spent.

`ErrorCode` is the contract's list of `error.code` of a generation that was accepted and failed; `EndReason` is why an
answer is not whole. The exceptions are
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
    ├── TooManyTemplates    409  the tenant has as many prompt templates as may be
    ├── TooManyFetches      429  too many requests of the tenant wait for what they name by URL
    ├── TooManyDerivatives  429  too many requests of the tenant wait for smaller pictures
    ├── PictureUnreadable   422  no smaller picture can be made of an output
    ├── LegalHoldInForce    409  the operator keeps it from being deleted
    ├── GuardRefused        403  a rule of the tenant's or the operator's refuses the request
    ├── GuardRulesChanged   409  the rules are not those that the request was judged by; only the funnel meets it
    ├── GuardRuleNotYours   403  the operator set the rule
    ├── TooManyGuardRules   409  there are as many rules as may be
    ├── NoHook              409  the rule has no secret to rotate
    ├── TooManyHooks        429  too many requests of the tenant wait for hooks
    ├── TooManyCollections  409  the tenant has as many as it may
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

JOB_SECONDS, FETCH_SECONDS, BATCH_SECONDS, DERIVING_SECONDS = 5, 5, 60, 2
"""In how many seconds jobs, fetches, batches and smaller pictures are likely to be done."""


class ErrorCode(StrEnum):
    SAFETY_BLOCKED = "safety_blocked"
    NO_IMAGE = "no_image"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    UPSTREAM_REJECTED = "upstream_rejected"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    GUARD_REFUSED = "guard_refused"
    INTERNAL = "internal"


class EndReason(StrEnum):
    """Why an answer ended before it was whole. All but the first are the upstream's refusals."""

    MAX_OUTPUT_TOKENS = "max_output_tokens"
    SAFETY = "safety"
    PROHIBITED_CONTENT = "prohibited_content"
    BLOCKLIST = "blocklist"
    SENSITIVE_DATA = "sensitive_data"
    RECITATION = "recitation"
    LANGUAGE = "language"


ENDED_EARLY = "ended_early"
"""The code of the notice that names an EndReason."""


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
        detail = f"This tenant may not have pictures of {size}; it may have: {names}."
        super().__init__(detail, errors=[FieldError("/response_format/image_size", self.code_name, detail)])


class ModelNotAllowed(GenerationRefused):
    status_code, code_name = 403, "model_not_allowed"

    def __init__(self, model: str, allowed: Collection[str]) -> None:
        """`allowed` are those of the key."""
        names = first_of(sorted(allowed), see="/api/v1/models")
        detail = f"This key may not use {model}; it may use: {names}."
        super().__init__(detail, errors=[FieldError("/model", self.code_name, detail)])


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


class TooManyTemplates(GenerationRefused):
    code_name = "too_many_templates"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"This tenant has {limit} templates of its own, as many as may be; delete some.", extra={"limit": limit}
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


class TooManyDerivatives(GenerationRefused):
    status_code, code_name = 429, "too_many_derivatives"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} requests of this tenant wait for smaller pictures, as many as may; try again.",
            extra={"limit": limit},
            retry_after=DERIVING_SECONDS,
        )


class PictureUnreadable(GenerationRefused):
    status_code, code_name = 422, "picture_unreadable"


class LegalHoldInForce(GenerationRefused):
    code_name = "legal_hold"

    def __init__(self, noun: str) -> None:
        super().__init__(f"The {noun} is under a legal hold, so it is not deleted until the operator releases it.")


class GuardRefused(GenerationRefused):
    status_code, code_name = 403, "guard_refused"

    def __init__(self, detail: str, *, rule_id: str, rule_type: str, reason: str) -> None:
        super().__init__(detail, extra={"rule": {"id": rule_id, "type": rule_type}, "reason": reason or None})


class GuardRulesChanged(GenerationRefused):
    """Rules were made or changed while a request was judged. The funnel judges it again."""

    code_name = "guard_changed"

    def __init__(self) -> None:
        super().__init__("The guard rules were changed meanwhile; try again.")


class GuardRuleNotYours(GenerationRefused):
    status_code, code_name = 403, "set_by_operator"

    def __init__(self) -> None:
        super().__init__("The operator of this platform set this rule; only the operator can change or delete it.")


class TooManyGuardRules(GenerationRefused):
    code_name = "too_many_guard_rules"

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit} guard rules already, as many as may be. Delete one first.")


class NoHook(GenerationRefused):
    code_name = "no_hook"

    def __init__(self) -> None:
        super().__init__("Only rules of the type hook have a secret.")


class TooManyHooks(GenerationRefused):
    status_code, code_name = 429, "too_many_hooks"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} requests of this tenant wait for guard hooks, as many as may; try again.",
            extra={"limit": limit},
            retry_after=FETCH_SECONDS,
        )


class TooManyCollections(GenerationRefused):
    status_code, code_name = 409, "too_many_collections"


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


class ContentErased(GenerationRefused):
    """Of what only operators read: to tenants such a generation does not exist."""

    status_code, code_name = 410, "content_erased"

    def __init__(self) -> None:
        super().__init__("The content of this generation was erased; its events and its charge are kept.")


class NotRunAgain(GenerationRefused):
    code_name = "not_run_again"


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
    if result["code"] == "guard_changed":
        return GuardRulesChanged()
    if result["code"] == "storage_quota_exceeded":
        return StorageQuotaExceeded(limit=result["limit"], used=result["used"])
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
