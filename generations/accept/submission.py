"""A checked request becomes a queued job, with the worst case held for it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.conf import settings

from accounts.idempotency import created_note
from billing.budgets.services import budget_refusal_notify
from billing.contracts import KindPrice
from billing.errors import BudgetExceeded, ModelNotInPlan
from billing.prices.quotes import Quote, quote, quotes_sum
from billing.prices.selectors import price_book, prices_as_run
from billing.wallets.selectors import allowance_left
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.router import current_alias
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem, invalid_value
from cavendish.telemetry.metrics import HOLD_SECONDS
from cavendish.telemetry.request_ids import current_request
from cavendish.telemetry.tracing import span, traceparent
from generations.accept.handing import claim_of, fresh_seconds, wake
from generations.accept.inputs import Inputs
from generations.accept.job_spec import JobSpec, job_spec_build
from generations.accept.made import Made
from generations.accept.webhooks import job_webhooks_store
from generations.contracts import Handed, Submission, SubmitRefusal, Submitted
from generations.errors import refusal_of
from generations.models import File, Priority
from generations.request import GenerationRequest, request_canonical
from generations.request.settings import INT32
from generations.search.terms import terms_of


@dataclass(frozen=True)
class JobOwner:
    """Whose job it is: the tenant that pays, the key that asked, the person for whom it counts, live or test."""

    tenant_id: UUID
    api_key_id: UUID
    member_id: UUID | None
    livemode: bool


@dataclass(frozen=True)
class JobTerms:
    """On what terms a job runs. `deadline` is in seconds from now, None for the platform's own; in `cancel_after`
    seconds from now it is canceled.

    `item` is the batch, and the index in it, of the item that the job is made of; `run_again_of` is the failed
    generation that an operator runs again.
    """

    tier: str = "standard"
    priority: Priority = Priority.INTERACTIVE
    deadline: float | None = None
    cancel_after: float | None = None
    item: tuple[UUID, int] | None = None
    run_again_of: UUID | None = None


def generation_quote(
    spec: JobSpec, *, tenant_id: UUID, livemode: bool, tier: str, covered: bool = False, variants: int = 1
) -> Quote:
    """What a job, or so many together, cost a tenant, expected and at worst.

    `covered` counts the pictures that the tenant's plan includes and that are left now, and needs the tenant's context.
    Raises PriceMissing, ModelNotInPlan.
    """
    model = spec.estimate.model.id
    size = spec.resolution.image_size if spec.resolution else ""
    book = price_book(tenant_id=tenant_id, model=model, tier=tier, image_size=size)
    if not book.terms.allow(model):
        raise ModelNotInPlan(model=model, allowed=sorted(book.terms.allowed_models or ()))
    standard = price_book(tenant_id=tenant_id, model=model, tier="standard", image_size=size).prices
    prices = prices_as_run(book.prices, standard=standard, tier=tier)
    month = book.terms.included_images if livemode else 0
    left = allowance_left(tenant_id=tenant_id, included=month) if covered and month else 0
    return quotes_sum(
        [
            quote(
                spec.estimate,
                prices=prices if livemode else _free(prices),
                currency=book.currency,
                included_images=max(left - place * spec.estimate.max_images, 0),
                included_a_month=month,
            )
            for place in range(variants)
        ]
    )


def generation_submit(
    parsed: GenerationRequest,
    inputs: Inputs,
    *,
    owner: JobOwner,
    terms: JobTerms,
    guard_state: str = "",
    after_hooks: Sequence[str] = (),
) -> list[Made]:
    """Queues a job for each variant, or hands it to a worker at once: one transaction for files, rows, events and
    holds; then workers are woken.

    All are held or none. What the first has locked the others lock too, and nothing else. `guard_state` is of the guard
    rules that the request passed; `after_hooks` are those to be asked about the answer.

    Raises TenantInactive, GuardRulesChanged, SizeNotAllowed, QueueFull, JobsInFlight, DayLimitReached, ItemTaken,
    BudgetExceeded, InsufficientBalance, ModelNotInPlan, PriceMissing; then no row of it exists.
    """
    generation_ids = [ids.new_id() for _ in range(parsed.variants)]
    group_id = ids.new_id() if parsed.variants > 1 else None
    spec = job_spec_build(parsed, inputs)
    if after_hooks:
        spec.body["after_hooks"] = list(after_hooks)
    if came_with := traceparent():
        spec.body["traceparent"] = came_with
    try:
        with span("hold"), HOLD_SECONDS.time():
            worst_case = generation_quote(spec, tenant_id=owner.tenant_id, livemode=owner.livemode, tier=terms.tier)
            submission = _submission(parsed, inputs, spec, worst_case, owner, terms)
            submission["idempotency"] = created_note(*generation_ids)
            submission["guard_state"] = guard_state
            submission["group_id"] = str(group_id) if group_id else None
            submission["id"] = str(generation_ids[0])
            others = enumerate(generation_ids[1:], start=1)
            jobs = [submission, *(_variant(submission, parsed, place, id) for place, id in others)]
            if len(jobs) == 1 and not inputs.files and parsed.webhooks is None:
                answers = [_answered(call("generation_submit_alone", owner.tenant_id, submission), parsed.variants)]
            else:
                answers = _submit_together(jobs, parsed, inputs, owner)
    except BudgetExceeded as refused:
        budget_refusal_notify(tenant_id=owner.tenant_id, refusal=refused.refusal)
        raise
    handed = [claim_of(job, cast(Handed, it)) for job, it in zip(jobs, answers, strict=True) if it and "worker" in it]
    wake(handed, len(jobs))
    return [Made(id, job, answer) for id, job, answer in zip(generation_ids, jobs, answers, strict=True)]


def _submit_together(
    jobs: Sequence[Submission], parsed: GenerationRequest, inputs: Inputs, owner: JobOwner
) -> list[Submitted | None]:
    """Submits all of them and what came with them, or nothing."""
    answers = []
    with tenant_context(owner.tenant_id):
        File.objects.bulk_create(inputs.files)
        for job in jobs:
            answers.append(_answered(call("generation_submit", job), parsed.variants))
            job_webhooks_store(
                parsed.webhooks, tenant_id=owner.tenant_id, livemode=owner.livemode, subject=UUID(job["id"])
            )
    return answers


def _answered(answer: SubmitRefusal | Submitted | None, variants: int) -> Submitted | None:
    """Returns what is known of a job that was submitted. Raises the exception of a refusal."""
    if answer is not None and "code" in answer:
        raise _refusal(cast(SubmitRefusal, answer), variants)
    return answer


def _refusal(refused: SubmitRefusal, variants: int) -> Exception:
    """The exception of a refusal. Variants that a key may never have at once are no matter of waiting."""
    if refused["code"] == "jobs_in_flight" and 0 < refused["limit"] < variants:
        return too_many_variants(refused["limit"], variants)
    return refusal_of(refused)


def too_many_variants(limit: int, variants: int) -> Problem:
    detail = f"This key may have {limit} generations queued or running at once; n is {variants}."
    return invalid_value("/n", "out_of_range", detail)


def _variant(submission: Submission, parsed: GenerationRequest, place: int, generation_id: UUID) -> Submission:
    """Returns what is sent of another variant. It has another seed: with one for all they would be the same picture,
    paid for each time. What came with the request is stored and noted once, with the first.
    """
    own = submission.copy()
    own["id"] = str(generation_id)
    own["stored_bytes"], own["storage_quota"], own["idempotency"] = 0, None, None
    if parsed.seed is not None:
        seed = parsed.seed + place
        named = {"seed": seed if seed < INT32 else seed - 2 * INT32}
        config = {**submission["request"]["generation_config"], **named}
        own["request"] = {**submission["request"], "generation_config": config}
        own["job_spec"] = submission["job_spec"].copy()
        own["job_spec"]["generation_config"] = submission["job_spec"]["generation_config"] | named
    return own


def _submission(
    parsed: GenerationRequest,
    inputs: Inputs,
    spec: JobSpec,
    worst_case: Quote,
    owner: JobOwner,
    terms: JobTerms,
) -> Submission:
    """Everything that `generation_submit` (SQL) stores of a job, but for its id."""
    request = current_request()
    return {
        "id": "",
        "group_id": None,
        "idempotency": None,
        "guard_state": "",
        "tenant_id": str(owner.tenant_id),
        "api_key_id": str(owner.api_key_id),
        "member_id": str(owner.member_id) if owner.member_id else None,
        "livemode": owner.livemode,
        "model": parsed.model.id,
        "tier": terms.tier,
        "priority": int(terms.priority),
        "previous_id": str(inputs.previous.id) if inputs.previous else None,
        "metadata": dict(parsed.metadata),
        "store": parsed.store,
        "image_size": spec.resolution.image_size if spec.resolution else "",
        "aspect_ratio": spec.resolution.aspect_ratio if spec.resolution else "",
        "estimated_bytes": spec.estimated_bytes,
        "stored_bytes": sum(file.bytes for file in inputs.files),
        "storage_quota": settings.STORAGE_QUOTA_BYTES,
        "fresh": fresh_seconds() if _may_be_handed(terms) else None,
        "shown": True if terms.item is None else None,
        "deadline": _deadline(parsed, terms),
        "deadline_seconds": parsed.deadline,
        "cancel_after": terms.cancel_after,
        "batch": {"id": str(terms.item[0]), "index": terms.item[1]} if terms.item else None,
        "request": request_canonical(parsed, inputs.file_ids()),
        "job_spec": spec.body,
        "terms": _terms(parsed, spec, owner),
        "notices": spec.notices,
        "run_again_of": str(terms.run_again_of) if terms.run_again_of else None,
        "request_id": request.id,
        "trace_id": request.trace_id,
        "hold": {
            "amount": str(worst_case.uncovered),
            "currency": worst_case.currency,
            "images": spec.estimate.max_images,
            "included_images": worst_case.included_a_month,
            "tokens": worst_case.worst_case.total_tokens,
            "prices": worst_case.prices,
        },
    }


def _may_be_handed(terms: JobTerms) -> bool:
    """Whether a worker may have the job at once: items wait for their turn, and what operators run again for theirs."""
    return terms.priority == Priority.INTERACTIVE and terms.item is None and current_alias() == "default"


def _terms(parsed: GenerationRequest, spec: JobSpec, owner: JobOwner) -> str:
    """Returns by what the job is found; what is not to be stored is not found."""
    steps = spec.body["steps"] if parsed.store else []
    terms = terms_of(steps, tenant_id=owner.tenant_id, livemode=owner.livemode)
    return f"{{{','.join(map(str, terms))}}}"


def _deadline(parsed: GenerationRequest, terms: JobTerms) -> float:
    """Returns in how many seconds a job has to end. The client's own counts for an item only once it has started."""
    seconds: float = terms.deadline or settings.GENERATION_DEADLINE
    return min(seconds, parsed.deadline) if parsed.deadline and terms.item is None else seconds


def _free(prices: Mapping[str, KindPrice]) -> dict[str, KindPrice]:
    """The prices of a test job, all 0: it runs on the sandbox, which costs neither the tenant nor the operator."""
    return {kind: {**price, "price": "0", "cost": "0"} for kind, price in prices.items()}
