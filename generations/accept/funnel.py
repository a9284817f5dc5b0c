"""From a request's body to an accepted generation: the one funnel behind every API."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings

from accounts.authentication.principal import Principal
from accounts.limits import current_reservation
from accounts.policy.selectors import policy_accepted
from billing.errors import BillingError
from billing.prices.quotes import Quote
from cavendish.db.tenancy import tenant_context
from cavendish.gemini.catalog import Model
from cavendish.http.problems import FieldError, Problem, forbidden
from generations.accept.inputs import intake_read
from generations.accept.job_spec import JobSpec, canonical_ids, job_spec_build
from generations.accept.submission import generation_quote, generation_submit
from generations.errors import GenerationRefused, SizeNotAllowed
from generations.refusals import problem_of
from generations.request import Dialect, GenerationRequest, Readable, body_read, request_canonical, request_parse

Translate = Callable[[dict[str, Any]], dict[str, Any]]
"""From another API's body, as `body_read` answers it, to the body that `request_parse` reads."""


Join = Callable[[], UUID | None]
"""Asked once a body is read and right: the job that it joins instead of making one."""


@dataclass(frozen=True)
class Accepted:
    id: UUID
    parsed: GenerationRequest
    images: int
    """How many pictures it counts for in the limits; none where it joined a job that was counted."""


def generation_accept(
    *, who: Principal, body: Readable, dialect: Dialect, translate: Translate | None = None, join: Join | None = None
) -> Accepted:
    """Reads, checks, quotes, holds and queues. Raises Problem, and then nothing of it is kept."""
    with request_spool() as spool:
        parsed = _read(who, body, spool, dialect, translate)
        if join is not None and (joined := join()) is not None:
            return Accepted(joined, parsed, 0)
        check_policy(who)
        images = parsed.max_images if parsed.response.wants_image else 0
        current_reservation().reserve(images)
        intake = intake_read(parsed, tenant_id=who.tenant_id, livemode=who.livemode, spool=spool)
        try:
            plan = job_spec_build(parsed, intake)
            generation_id = generation_submit(
                tenant_id=who.tenant_id,
                api_key_id=who.key_id,
                member_id=who.member_id,
                livemode=who.livemode,
                plan=plan,
                intake=intake,
                request=request_canonical(parsed, canonical_ids(intake)),
                metadata=parsed.metadata,
                store=parsed.store,
            )
        except (GenerationRefused, BillingError) as refusal:
            raise problem_of(refusal) from None
        except BaseException:
            intake.discard()
            raise
    current_reservation().keep(images)
    return Accepted(generation_id, parsed, images)


def quote_build(*, who: Principal, body: Readable, tier: str) -> tuple[GenerationRequest, JobSpec, Quote]:
    """The same, up to the quote; nothing is held and nothing is kept."""
    with request_spool() as spool:
        parsed = _read(who, body, spool, "native")
        intake = intake_read(parsed, tenant_id=who.tenant_id, livemode=who.livemode, spool=spool)
        try:
            plan = job_spec_build(parsed, intake)
            check_size(who, plan)
            with tenant_context(who.tenant_id):
                return (
                    parsed,
                    plan,
                    generation_quote(
                        tenant_id=who.tenant_id, livemode=who.livemode, plan=plan, tier=tier, covered=True
                    ),
                )
        except (GenerationRefused, BillingError) as refusal:
            raise problem_of(refusal) from None
        finally:
            intake.discard()


def check_active(who: Principal) -> None:
    """A tenant that is suspended or closing reads and erases what it has, but brings nothing new."""
    if who.tenant_status != "active":
        reason = f": {who.tenant_status_reason}" if who.tenant_status_reason else "."
        raise forbidden(f"The tenant is {who.tenant_status}{reason}", code=f"tenant_{who.tenant_status}")


class Allowed(Protocol):
    """Whose right to a model is asked for: a key's, or that of a batch which a key made."""

    @property
    def allowed_models(self) -> Collection[str] | None: ...

    def may_use(self, model: str) -> bool: ...


def check_model(who: Allowed, model: Model) -> None:
    if not who.may_use(model.id):
        allowed = ", ".join(sorted(who.allowed_models or ())) or "none"
        raise Problem(
            403,
            "model_not_allowed",
            f"This key may not use {model.id}; it may use: {allowed}.",
            errors=[FieldError("/model", "model_not_allowed", f"Use one of: {allowed}.")],
        )


def check_size(who: Principal, plan: JobSpec) -> None:
    """After the plan is made: a request that names no size gets its model's default, which must be allowed too."""
    size = plan.resolution.image_size if plan.resolution else None
    if size is not None and who.allowed_sizes is not None and size not in who.allowed_sizes:
        raise SizeNotAllowed(size, who.allowed_sizes)


def check_policy(who: Principal) -> None:
    """Live jobs wait for an owner's acceptance of the use policy; test jobs never leave the sandbox."""
    if who.livemode and not policy_accepted(who.policy_version):
        where = f" It stands at {settings.POLICY_URL}." if settings.POLICY_URL else ""
        raise Problem(
            403,
            "policy_not_accepted",
            f"An owner of the tenant has to accept version {settings.POLICY_VERSION} of the use policy first, at "
            f"{settings.BASE_URL}/account/policy/; test keys work without.{where}",
            extra={"policy": {"version": settings.POLICY_VERSION, "accepted": who.policy_version or None}},
        )


@contextmanager
def request_spool() -> Iterator[Path]:
    """A folder for what arrives with one request, beside the store so that keeping is a rename; removed after.

    Who writes there makes it: most requests bring no bytes.
    """
    folder = Path(settings.SPOOL_DIR) / "requests" / secrets.token_hex(16)
    try:
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)


def _read(
    who: Principal, body: Readable, spool: Path, dialect: Dialect, translate: Translate | None = None
) -> GenerationRequest:
    """What the body, the key and the tenant allow, before anything is stored."""
    tree = body_read(body, spool=spool, max_bytes=settings.MAX_BODY_BYTES)
    parsed = request_parse(translate(tree) if translate else tree, dialect=dialect)
    check_active(who)
    check_model(who, parsed.model)
    return parsed
