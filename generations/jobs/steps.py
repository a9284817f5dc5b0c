"""The steps of a job, and what is known of each. Moments are aware, seconds are floats, amounts Decimals."""

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
    """Back in the queue: `upstream_busy`, `storage_away`, `machine_fault`, "worker lost", "worker stopped"."""

    reason: str

    @property
    def is_loss(self) -> bool:
        """Whether a worker went with it, so that its last call may be missing here."""
        return self.reason not in {"upstream_busy", "storage_away", "machine_fault"}


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
