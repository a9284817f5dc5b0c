"""How a generation ends: what is stored, charged and shown. Made in one place (`_result`), whatever it ended with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.contracts import Settlement
from billing.money import ZERO
from billing.prices.pricing import settlement, uncharged
from billing.usage.upstream import Usage, usage_parse
from generations.contracts import GenerationError, GenerationResult, Notice, OutputValues
from generations.errors import ENDED_EARLY, EndReason, ErrorCode
from generations.models import Output, Status
from generations.work.answer import Answer, Kept
from generations.work.job import Job
from generations.work.surplus import shares_of

PLATFORM_FAILED = "The platform failed; nothing is charged."


def success(job: Job, answer: Answer, *, sandbox: bool) -> GenerationResult:
    """Returns the end of a generation that brought what was asked for."""
    return _of_job(job, answer, status=Status.SUCCEEDED, charged=True, reason=None, error=None, sandbox=sandbox)


def failure(
    job: Job,
    code: ErrorCode,
    message: str,
    *,
    answer: Answer | None = None,
    usage: Mapping[str, Any] | None = None,
    reason: EndReason | None = None,
    sandbox: bool = False,
) -> GenerationResult:
    """Returns the end of a generation that failed. Only a text that came instead of a picture is charged.

    `reason` is why the upstream refused, where there is no answer that says it.
    """
    charged = code is ErrorCode.NO_IMAGE
    if answer is None:
        answer = Answer(end_reason=reason, usage=usage_parse(usage, picture_tokens=0, queries=0) if usage else Usage())
        answer.usage_reported = dict(usage) if usage else None
    return _of_job(
        job,
        answer,
        status=Status.FAILED,
        charged=charged,
        reason=code.value,
        sandbox=sandbox,
        error={"code": code.value, "message": message},
    )


def platform_failure(failures: int = 0) -> GenerationResult:
    """Returns an end that needs nothing of the job or the answer, for when those cannot be stored."""
    code = ErrorCode.INTERNAL.value
    return _result(
        Answer(),
        status=Status.FAILED,
        reason=code,
        error={"code": code, "message": PLATFORM_FAILED},
        failures=failures,
        notices=[],
        outputs=[],
        charge=settlement(Usage(), prices={}, ceiling=ZERO, images=0, charged=False, reason=code),
    )


def guard_refusal(result: GenerationResult, message: str, *, is_charged: bool) -> GenerationResult:
    """Returns the end of a generation whose answer a guard rule refuses: nothing of the answer is left.

    What the upstream took is charged as ever where `is_charged`, and else stays the operator's cost.
    """
    code = ErrorCode.GUARD_REFUSED.value
    empty = _result(
        Answer(),
        status=Status.FAILED,
        reason=code,
        error={"code": code, "message": message},
        failures=result["failures"],
        notices=[notice for notice in result["notices"] if "output" not in notice],
        outputs=[],
        charge={**result["charge"], "reason": code} if is_charged else uncharged(result["charge"], reason=code),
    )
    return {**result, **empty, "usage_reported": result["usage_reported"]}


def cancellation(job: Job, answer: Answer | None, *, sandbox: bool) -> GenerationResult:
    """Returns the end of a canceled generation: charged for what had come or been reported when it stopped."""
    charged = answer is not None and bool(answer.pictures or answer.usage_reported)
    return _of_job(
        job,
        answer or Answer(),
        status=Status.CANCELED,
        charged=charged,
        error=None,
        sandbox=sandbox,
        reason="canceled_after_start" if charged else "canceled",
    )


def _of_job(
    job: Job,
    answer: Answer,
    *,
    status: str,
    charged: bool,
    reason: str | None,
    error: GenerationError | None,
    sandbox: bool,
) -> GenerationResult:
    """Returns the end of a job, charged by its prices and its hold."""
    outputs = answer.outputs
    shares = shares_of(answer.usage.image_output, len(outputs) + answer.undelivered.images)
    return _result(
        answer,
        status=status,
        reason=reason or "answered",
        error=error,
        failures=job.failures,
        notices=job.notices + notices(job, answer),
        outputs=[_output_values(kept, shares, sandbox=sandbox) for kept in answer.pictures],
        charge=settlement(
            answer.usage,
            prices=job.prices,
            ceiling=job.hold_amount,
            images=len(outputs),
            charged=charged,
            reason=reason,
            covered=job.covered,
            undelivered=answer.undelivered,
        ),
    )


def _result(
    answer: Answer,
    *,
    status: str,
    reason: str,
    error: GenerationError | None,
    failures: int,
    notices: list[Notice],
    outputs: list[OutputValues],
    charge: Settlement,
) -> GenerationResult:
    return {
        "status": status,
        "reason": reason,
        "error": error,
        "failures": failures,
        "content": answer.content,
        "thoughts": answer.thoughts,
        "grounding": {
            "search_queries": answer.queries,
            "search_suggestions": answer.suggestions,
            "citations": answer.citations,
        },
        "steps": answer.steps,
        "usage_reported": answer.usage_reported,
        "notices": notices,
        "outputs": outputs,
        "charge": charge,
    }


def _output_values(kept: Kept, shares: list[int], *, sandbox: bool) -> OutputValues:
    return {
        "id": str(kept.id),
        "part": kept.part,
        "index": kept.index,
        "mime_type": kept.picture.mime_type,
        "width": kept.picture.width,
        "height": kept.picture.height,
        "bytes": kept.picture.bytes,
        "sha256": kept.picture.sha256,
        "tokens": shares[kept.index] if kept.part == Output.Part.OUTPUT else 0,
        "c2pa": kept.picture.c2pa,
        "sandbox": sandbox,
        "storage_key": kept.key,
    }


def token_limit(job: Job) -> str:
    """Returns the limit of a job's answer, as messages name it."""
    return f"{job.spec['generation_config'].get('max_output_tokens')} tokens (max_output_tokens)"


def _ended(job: Job, answer: Answer) -> str:
    if answer.end_reason is EndReason.MAX_OUTPUT_TOKENS:
        return f"The answer ended at its limit of {token_limit(job)}."
    return answer.blocked or "The upstream refused."


def notices(job: Job, answer: Answer) -> list[Notice]:
    """Returns what differs from what was asked for or from the tables, for the generation and the operator's pages."""
    notices: list[Notice] = []
    table = job.spec["resolution"]
    mime_type = job.spec["mime_type"]
    for kept in answer.outputs:
        picture = kept.picture
        if table and (picture.width, picture.height) != (table["width"], table["height"]):
            notices.append(
                {
                    "code": "size_differs",
                    "output": kept.index,
                    "expected": f"{table['width']}x{table['height']}",
                    "came": f"{picture.width}x{picture.height}",
                }
            )
        if mime_type and picture.mime_type != mime_type:
            notices.append(
                {"code": "mime_type_differs", "output": kept.index, "expected": mime_type, "came": picture.mime_type}
            )
    if answer.undelivered.images:
        notices.append(
            {
                "code": "images_not_delivered",
                "count": answer.undelivered.images,
                "detail": f"The model made more pictures than were paid for; raise max_images, which was "
                f"{job.max_images}, to have them.",
            }
        )
    if answer.end_reason is not None:
        notices.append({"code": ENDED_EARLY, "reason": answer.end_reason.value, "detail": _ended(job, answer)})
    expected = (len(answer.outputs) + answer.undelivered.images) * table["tokens"] if table else 0
    if answer.outputs and answer.usage.image_output != expected:
        notices.append({"code": "tokens_differ", "expected": expected, "came": answer.usage.image_output})
    return notices
