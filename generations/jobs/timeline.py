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


class StepKind(StrEnum):
    """What happened; in this order where two things happened at the same moment."""

    ACCEPTED = "accepted"
    HELD = "held"
    CLAIMED = "claimed"
    CALLED = "called"
    GIVEN_BACK = "given_back"
    CANCEL_REQUESTED = "cancel_requested"
    STORED = "stored"
    ENDED = "ended"
    CHARGED = "charged"
    BOOKED = "booked"
    WEBHOOK = "webhook"
    AUDITED = "audited"
    ERASED = "erased"


@dataclass(frozen=True)
class Accepted:
    """By whom; `answered_in` is not kept."""

    key_id: UUID
    key_name: str
    key_prefix: str
    batch_id: UUID | None


@dataclass(frozen=True)
class HeldBudget:
    """A budget's part of a hold, in its `metric`; `scope_name` is the key's or person's name, "" for the tenant."""

    budget_id: UUID
    scope: str
    scope_name: str
    period: str
    metric: str
    quantity: Decimal


@dataclass(frozen=True)
class Held:
    """The worst case, held on the wallet and on these budgets."""

    amount: Decimal
    currency: str
    budgets: Sequence[HeldBudget]


@dataclass(frozen=True)
class Claimed:
    """`worker` is "" for jobs of before workers' names were kept; `waited` is since it was queued."""

    worker: str
    attempt: int
    waited: float


@dataclass(frozen=True)
class Called:
    """A call upstream, at its end. `number` counts over all claims, from 1. `pause` is since the call before, and
    `same_key` whether it was made with that one's key: both None for the first.

    `code` and `message` are of an error: the upstream's code or ours, its words where they repeat no request.
    """

    number: int
    attempt: int
    kind: str
    host: str
    upstream_key: str
    started_at: datetime
    seconds: float
    first_byte_seconds: float | None
    status: int | None
    code: str
    message: str
    upstream_id: str
    bytes: int
    pictures: int
    tokens_out: int | None
    cooling_seconds: float | None
    pause: float | None
    same_key: bool | None

    @property
    def is_good(self) -> bool:
        """Whether an answer came that could be used."""
        return self.status is not None and self.status < 400 and not self.code


@dataclass(frozen=True)
class GivenBack:
    """Back in the queue: `upstream_busy`, `storage_away`, "worker lost", "worker stopped", "worker restarted"."""

    reason: str

    @property
    def is_loss(self) -> bool:
        """Whether a worker went with it, so that its last call may be missing here."""
        return self.reason not in {"upstream_busy", "storage_away"}


@dataclass(frozen=True)
class StoredOutput:
    """A stored picture. `watermark` is the model's ("SynthID"), None where it puts none in."""

    id: UUID
    part: str
    index: int
    mime_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    tokens: int
    watermark: str | None
    c2pa: bool
    sandbox: bool


@dataclass(frozen=True)
class Stored:
    outputs: Sequence[StoredOutput]


@dataclass(frozen=True)
class Ended:
    """`status` is the generation's, `reason` the event's, `code` its error's."""

    status: str
    reason: str
    code: str


@dataclass(frozen=True)
class Charged:
    """`went_back` is what of the hold was not charged."""

    is_charged: bool
    reason: str
    amount: Decimal
    went_back: Decimal
    absorbed: Decimal
    currency: str


@dataclass(frozen=True)
class Booked:
    """A refund or an adjustment of its charge; `amount` as it changed the wallet."""

    transaction_id: UUID
    kind: str
    amount: Decimal
    currency: str
    reason: str
    actor: str


@dataclass(frozen=True)
class WebhookAttempted:
    """One attempt of a delivery."""

    delivery_id: UUID
    endpoint_id: UUID
    event_type: str
    url: str
    status: int | None
    error: str
    milliseconds: int


@dataclass(frozen=True)
class Audited:
    """What somebody did with it, from the audit log."""

    action: str
    actor_kind: str
    actor_label: str
    reason: str


@dataclass(frozen=True)
class Nothing:
    """Of a step whose kind says all."""


Facts = (
    Accepted
    | Held
    | Claimed
    | Called
    | GivenBack
    | Stored
    | Ended
    | Charged
    | Booked
    | WebhookAttempted
    | Audited
    | Nothing
)


@dataclass(frozen=True)
class Step:
    """`since` are the seconds since the step before, 0 for the first."""

    kind: StepKind
    at: datetime
    since: float
    facts: Facts


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
