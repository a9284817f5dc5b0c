"""What is worked out of a job's rows: its money as a sum, its time as a strip, its request without its content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.models import Charge, Hold, LedgerTransaction
from billing.money import ZERO
from generations.jobs.steps import Booked, Called
from generations.jobs.timeline import Money, MoneyLine, RequestFacts, Segment, SegmentKind
from generations.models import Generation, GenerationContent

_TENTH = Decimal("0.1")


def money_of(
    hold: Hold | None, charge: Charge | None, *, booked: Sequence[Booked], is_resolved: bool, included: int
) -> Money:
    """Returns a job's money. `booked` are the refunds and adjustments of its charge."""
    held = hold.amount if hold else ZERO
    refunded = sum((one.amount for one in booked if one.kind == LedgerTransaction.Kind.REFUND), ZERO)
    if charge is None:
        return Money(
            currency=hold.currency if hold else "USD",
            held=held,
            went_back=None,
            charged=None,
            absorbed=None,
            cost=None,
            margin=None,
            margin_percent=None,
            refunded=refunded,
            lines=[],
            is_charged=False,
            reason="",
            flags=[],
            is_resolved=False,
            included_images=included,
        )
    margin = charge.amount - charge.cost
    return Money(
        currency=charge.currency,
        held=held,
        went_back=held - charge.amount,
        charged=charge.amount,
        absorbed=charge.absorbed,
        cost=charge.cost,
        margin=margin,
        margin_percent=(100 * margin / charge.amount).quantize(_TENTH) if charge.amount else None,
        refunded=refunded,
        lines=[_line(line) for line in charge.lines],
        is_charged=charge.status == Charge.Status.CHARGED,
        reason=charge.reason or "",
        flags=charge.flags,
        is_resolved=is_resolved,
        included_images=included,
    )


def _line(line: dict[str, Any]) -> MoneyLine:
    return MoneyLine(
        kind=line["kind"],
        quantity=int(line["quantity"]),
        unit=line["unit"],
        unit_price=Decimal(line["unit_price"]),
        amount=Decimal(line["amount"]),
    )


def segments_of(
    *,
    created_at: datetime,
    until: datetime,
    claims: Sequence[datetime],
    calls: Sequence[Called],
    backs: Sequence[datetime],
) -> list[Segment]:
    """Returns the parts of a job's time, which follow each other without a gap and sum to all of it."""
    total = (until - created_at).total_seconds()
    segments: list[Segment] = []
    at = created_at
    kind = SegmentKind.QUEUED

    def add(kind: SegmentKind, end: datetime, call: Called | None = None) -> None:
        nonlocal at
        end = min(max(end, at), until)
        seconds = (end - at).total_seconds()
        if seconds > 0:
            segments.append(Segment(kind, at, seconds, seconds / total, call))
        at = end

    marks: list[tuple[datetime, int, Called | None]] = [(claim, 1, None) for claim in claims]
    marks += [(back, 0, None) for back in backs]
    marks += [(call.started_at, 2, call) for call in calls]
    for moment, place, call in sorted(marks, key=lambda mark: (mark[0], mark[1])):
        add(kind, moment)
        if call is not None:
            add(SegmentKind.CALL, call.started_at + timedelta(seconds=call.seconds), call)
        kind = (SegmentKind.QUEUED, SegmentKind.PREPARED, SegmentKind.PAUSE)[place]
    # What comes after the last call is no pause, if the job has not gone back meanwhile.
    add(SegmentKind.KEPT if kind == SegmentKind.PAUSE else kind, until)
    return segments


def request_of(job: Generation, content: GenerationContent, *, images: int) -> RequestFacts:
    """Returns what a job asks for. Of an erased one what stood in its content is None."""
    spec: dict[str, Any] = content.job_spec or {}
    blocks = [
        block
        for step in spec.get("steps", ())
        if step.get("type") == "user_input"
        for block in step.get("content") or ()
        if isinstance(block, dict)
    ]
    counts = {kind: sum(block.get("type") == kind for block in blocks) for kind in ("text", "image", "video")}
    size: dict[str, Any] = spec.get("resolution") or {}
    template: Any = (content.request or {}).get("template")
    return RequestFacts(
        model=job.model,
        tier=job.tier,
        is_batch=job.batch_id is not None,
        aspect_ratio=job.aspect_ratio,
        image_size=job.image_size,
        width=size.get("width"),
        height=size.get("height"),
        mime_type=spec.get("mime_type"),
        thinking_level=spec.get("generation_config", {}).get("thinking_level"),
        max_images=images,
        tools=_tools(spec) if spec else None,
        texts=counts["text"] if spec else None,
        pictures=counts["image"] if spec else None,
        videos=counts["video"] if spec else None,
        has_system_instruction=bool(spec.get("system_instruction")) if spec else None,
        expected_tokens=size.get("tokens"),
        deadline_seconds=job.deadline_seconds,
        deadline_at=job.deadline_at,
        cancel_at=job.cancel_at,
        store=job.store,
        metadata_keys=sorted(job.metadata),
        template_id=str(template["id"]) if isinstance(template, dict) and template.get("id") else None,
    )


def _tools(spec: dict[str, Any]) -> list[str]:
    return [str(tool.get("type", "")) for tool in spec.get("tools") or ()]
