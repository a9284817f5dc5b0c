"""The shapes of a job's page and of `manage.py job`. Moments are aware, seconds are floats, amounts Decimals.

Nothing here holds a prompt or a picture; those are `generations.jobs.services.content_show`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from generations.jobs.steps import Called, Step, StoredOutput


class SegmentKind(StrEnum):
    QUEUED = "queued"
    PREPARED = "prepared"
    CALL = "call"
    PAUSE = "pause"
    KEPT = "kept"


@dataclass(frozen=True)
class Segment:
    """A part of the strip that shows where a job's time went; `share` is of 1. `call` is that of a CALL.

    PREPARED is from a claim to its first call, KEPT from the last call to the end: stored, judged and charged.
    """

    kind: SegmentKind
    started_at: datetime
    seconds: float
    share: float
    call: Called | None = None


@dataclass(frozen=True)
class MoneyLine:
    """`quantity` in tokens, pictures or queries; `amount` is quantity times `unit_price` per `unit`."""

    kind: str
    quantity: int
    unit: str
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Money:
    """held − went_back = charged (and − absorbed, which the operator bears); charged − cost = margin.

    What is not known before the end is None. `lines` sum to `charged`.
    """

    currency: str
    held: Decimal
    went_back: Decimal | None
    charged: Decimal | None
    absorbed: Decimal | None
    cost: Decimal | None
    margin: Decimal | None
    margin_percent: Decimal | None
    refunded: Decimal
    lines: Sequence[MoneyLine]
    is_charged: bool
    reason: str
    flags: Sequence[str]
    is_resolved: bool
    included_images: int

    @property
    def refundable(self) -> Decimal:
        """What can still be given back."""
        return max((self.charged or Decimal(0)) - self.refunded, Decimal(0))


@dataclass(frozen=True)
class RequestFacts:
    """What was asked for, without its content. Of an erased job the counts are None."""

    model: str
    tier: str
    is_batch: bool
    aspect_ratio: str
    image_size: str
    width: int | None
    height: int | None
    mime_type: str | None
    thinking_level: str | None
    max_images: int
    tools: Sequence[str] | None
    texts: int | None
    pictures: int | None
    videos: int | None
    has_system_instruction: bool | None
    expected_tokens: int | None
    deadline_seconds: float | None
    deadline_at: datetime
    cancel_at: datetime | None
    store: bool
    metadata_keys: Sequence[str]
    template_id: str | None


@dataclass(frozen=True)
class BelongsTo:
    """Whose it is and what it is a part of. `turn` of `turns` count a conversation from 1."""

    tenant_id: UUID
    tenant_name: str
    tenant_slug: str
    tenant_status: str
    key_id: UUID
    key_name: str
    key_prefix: str
    key_is_revoked: bool
    member_id: UUID | None
    member_email: str
    batch_id: UUID | None
    batch_index: int | None
    batch_total: int | None
    group_id: UUID | None
    group_size: int | None
    conversation_id: UUID | None
    turn: int
    turns: int
    previous_id: UUID | None
    run_again_of: UUID | None
    run_again_as: Sequence[UUID]
    request_id: str
    trace_id: str


@dataclass(frozen=True)
class ContentState:
    """Whether there is content to show, and who looked: `shown` times, the last one at `shown_at` by `shown_by`."""

    is_erased: bool
    erased_at: datetime | None
    is_held: bool
    shapes: Sequence[tuple[int, int]]
    shown: int
    shown_at: datetime | None
    shown_by: str


@dataclass(frozen=True)
class Delivery:
    """A webhook delivery with what became of it; `can_resend` is False while it is sent, and of URLs of single jobs."""

    id: UUID
    endpoint_id: UUID
    url: str
    event_type: str
    status: str
    attempts: int
    http_status: int | None
    error: str
    created_at: datetime
    can_resend: bool


@dataclass(frozen=True)
class Timeline:
    """A job, whole. `seconds` are from its acceptance to its end, or until now."""

    generation_id: UUID
    status: str
    livemode: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float
    attempts: int
    calls: int
    worker: str
    upstream_id: str
    upstream_host: str
    upstream_key: str
    error_code: str
    steps: Sequence[Step]
    segments: Sequence[Segment]
    money: Money
    request: RequestFacts
    belongs_to: BelongsTo
    content: ContentState
    outputs: Sequence[StoredOutput]
    deliveries: Sequence[Delivery]
    can_cancel: bool
    can_run_again: bool
