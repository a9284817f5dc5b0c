"""What an operator does with a tenant's job: looks at its content, cancels it, runs it again. Each is audited there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.idempotency import keyed_request_aside
from accounts.models import ApiKey
from accounts.policy.selectors import policy_accepted
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import FieldError, invalid, not_found
from generations.accept.funnel import generation_admit, request_spool
from generations.accept.submission import JobOwner, JobTerms
from generations.errors import ContentErased, NotRunAgain, PolicyNotAccepted
from generations.jobs.selectors import SHOWN
from generations.models import File, Generation, GenerationContent, Output, Status
from generations.prompt_templates.selectors import template_finder
from generations.request import request_parse
from generations.services import generation_cancel
from generations.show.representation import derived_url, output_path
from generations.show.signed_urls import url_sign

MAX_REASON_CHARS = 500
URL_SECONDS = 900
"""How long the addresses of shown pictures last."""
PREVIEW_WIDTH = 512


@dataclass(frozen=True)
class ShownText:
    """A text of the request or of the answer, in its order."""

    text: str


@dataclass(frozen=True)
class ShownInput:
    """A picture or video of the request; `file_id` is None where it is not among the tenant's files any more."""

    kind: str
    mime_type: str
    file_id: UUID | None
    width: int | None
    height: int | None


@dataclass(frozen=True)
class ShownOutput:
    """A picture of the answer, with signed addresses of its bytes and of a smaller one."""

    output_id: UUID
    part: str
    width: int
    height: int
    mime_type: str
    url: str
    preview_url: str
    url_expires_at: datetime


@dataclass(frozen=True)
class ShownContent:
    """The content of a job, once it was audited that an operator looks at it."""

    generation_id: UUID
    prompt: Sequence[ShownText | ShownInput]
    system_instruction: str
    answer: Sequence[str]
    thoughts: Sequence[str]
    outputs: Sequence[ShownOutput]
    metadata: dict[str, str]


def reason_valid(reason: str) -> str:
    """Returns the reason without space around it. Raises Problem 422 for none, and for one that is too long."""
    reason = reason.strip()
    if not reason:
        raise invalid([FieldError("/reason", "required", "Give a reason; the tenant's audit log keeps it.")])
    if len(reason) > MAX_REASON_CHARS:
        raise invalid([FieldError("/reason", "too_long", f"A reason has at most {MAX_REASON_CHARS} characters.")])
    return reason


def content_show(*, tenant_id: UUID, generation_id: UUID, reason: str, actor: Actor) -> ShownContent:
    """Returns prompt, answer and pictures of a job, after noting who looks and why in the tenant's audit.

    Raises Problem 422 without a reason, 404, ContentErased.
    """
    reason = reason_valid(reason)
    with acting_as("default"), keyed_request_aside(), tenant_context(tenant_id):
        job = _job(generation_id)
        if job.deleted_at is not None:
            raise ContentErased
        _audit(actor, SHOWN, job, {"reason": reason})
        content = GenerationContent.objects.get(generation_id=generation_id)
        outputs = list(Output.objects.filter(generation_id=generation_id).order_by("part", "index"))
        return ShownContent(
            generation_id=generation_id,
            prompt=_prompt(content.job_spec),
            system_instruction=content.job_spec.get("system_instruction") or "",
            answer=[block["text"] for block in content.content if block.get("type") == "text"],
            thoughts=[thought["text"] for thought in content.thoughts if thought.get("type") == "text"],
            outputs=[_output(output) for output in outputs],
            metadata=job.metadata,
        )


def job_cancel(*, tenant_id: UUID, generation_id: UUID, reason: str, actor: Actor) -> str:
    """Cancels a tenant's job, as the tenant could. Returns the status before: a running one ends when its worker has
    let go. Repeating it is fine, and audited once.

    Raises Problem 422 without a reason, 404, NotCancelable.
    """
    reason = reason_valid(reason)
    with acting_as("default"), keyed_request_aside():
        with tenant_context(tenant_id):
            job = _job(generation_id)
        if job.deleted_at is not None:
            raise not_found()
        was = generation_cancel(
            tenant_id=tenant_id, generation_id=generation_id, livemode=job.livemode, actor=actor, reason=reason
        )
    if was is None:
        raise not_found()
    return was


def job_run_again(*, tenant_id: UUID, generation_id: UUID, reason: str, actor: Actor) -> UUID:
    """Submits a failed job's request once more, for the tenant, under the same key. Returns the new generation's id.

    It is a job like any other: by today's prices, budgets, limits and guard rules, held before it runs, charged if it
    succeeds. A job is run again once; repeating it returns the first one's id. Only jobs that failed, that are no item
    of a batch and whose content is kept can be run again, while their key can be used.

    Raises Problem 422 without a reason, 404, NotRunAgain, ContentErased, PolicyNotAccepted, and what `generation_admit`
    raises.
    """
    reason = reason_valid(reason)
    with acting_as("default"), keyed_request_aside():
        with tenant_context(tenant_id):
            job = _job(generation_id)
            if (again := _run_again(job)) is not None:
                return again
            _check_run_again(job)
            request: dict[str, Any] = GenerationContent.objects.get(generation_id=generation_id).request
        body = {name: value for name, value in request.items() if name != "n"}
        with request_spool() as spool:
            templates = template_finder(tenant_id=tenant_id, livemode=job.livemode)
            parsed = request_parse(body, dialect="native", templates=templates)
            owner = JobOwner(tenant_id, job.api_key_id, job.member_id, job.livemode)
            try:
                [made] = generation_admit(parsed, spool=spool, owner=owner, terms=JobTerms(run_again_of=job.id))
            except IntegrityError:
                # Somebody else ran it again at the same moment.
                with tenant_context(tenant_id):
                    if (again := _run_again(job)) is None:
                        raise
                return again
        with tenant_context(tenant_id):
            facts = {"reason": reason, "generation": ids.encode(ids.GENERATION, made.id)}
            _audit(actor, "generation.run_again", job, facts)
    return made.id


def _job(generation_id: UUID) -> Generation:
    """Returns a job of the tenant whose context is open. Raises Problem 404."""
    row: Generation | None = Generation.objects.select_related("tenant").filter(id=generation_id).first()
    if row is None:
        raise not_found()
    return row


def _run_again(job: Generation) -> UUID | None:
    row = Generation.objects.filter(run_again_of=job.id).values_list("id", flat=True).first()
    return UUID(str(row)) if row is not None else None


def _check_run_again(job: Generation) -> None:
    if job.deleted_at is not None:
        raise ContentErased
    if job.status != Status.FAILED:
        raise NotRunAgain(f"The generation is {job.status}; only failed ones can be run again.")
    if job.batch_id is not None:
        raise NotRunAgain("It is an item of a batch; the tenant sends it again in another one.")
    key = ApiKey.objects.filter(id=job.api_key_id).first()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= timezone.now()):
        raise NotRunAgain("Its API key was revoked or has expired, so the tenant does not want its jobs any more.")
    if job.livemode and not policy_accepted(job.tenant.policy_version):
        raise PolicyNotAccepted(job.tenant.policy_version)


def _prompt(spec: dict[str, Any]) -> list[ShownText | ShownInput]:
    blocks = [
        block
        for step in spec.get("steps", ())
        if step.get("type") == "user_input"
        for block in step.get("content") or ()
    ]
    keys = [block["storage_key"] for block in blocks if block.get("storage_key")]
    files = {file.storage_key: file for file in File.objects.filter(storage_key__in=keys, deleted_at=None)}
    return [_shown(block, files.get(block.get("storage_key", ""))) for block in blocks]


def _shown(block: dict[str, Any], file: File | None) -> ShownText | ShownInput:
    if block.get("type") == "text":
        return ShownText(str(block.get("text", "")))
    return ShownInput(
        kind=str(block.get("type", "")),
        mime_type=str(block.get("mime_type", "")),
        file_id=file.id if file else None,
        width=file.width if file else None,
        height=file.height if file else None,
    )


def _output(output: Output) -> ShownOutput:
    url, expires_at = url_sign(output_path(output.id), seconds=URL_SECONDS)
    return ShownOutput(
        output_id=output.id,
        part=output.part,
        width=output.width,
        height=output.height,
        mime_type=output.mime_type,
        url=url,
        preview_url=derived_url(output, PREVIEW_WIDTH, url_seconds=URL_SECONDS),
        url_expires_at=expires_at,
    )


def _audit(actor: Actor, action: str, job: Generation, facts: dict[str, Any]) -> None:
    audit_add(actor=actor, action=action, tenant_id=job.tenant_id, target="generation", target_id=job.id, after=facts)
