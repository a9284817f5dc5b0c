"""The JSON that passes between Python and the SQL functions of generations, and what is kept of a job as JSON.

tests/db/test_contracts.py compares the keys with those that the SQL reads and writes. Amounts are decimals as text, ids
are UUIDs as text; `JobSpecBody.steps` and what is made of them hold the API's ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

from accounts.contracts import DayRefusal, KeyLost, KeyNote
from billing.contracts import HoldRefusal, KindPrice, Settlement

# A job's specification: what a worker does.


class PictureSize(TypedDict):
    """What the token table says of a picture; `doubtful` where it is odd or assumed."""

    width: int
    height: int
    tokens: int
    doubtful: bool


class PreviousTurn(TypedDict):
    """The turn before, and where the upstream holds the conversation ("" where it does not)."""

    generation_id: str
    upstream_id: str
    upstream_key: str
    upstream_host: str


class JobSpecBody(TypedDict):
    """What a worker does for a generation, decided at its acceptance. Steps and below are in the upstream's words.

    `by_uri` says that Gemini's dialect shows pictures by their addresses, `after_hooks` are the guard rules that are
    asked about the answer, `traceparent` is the span that accepted it. A generation that was erased has none of all
    this (`{}`).
    """

    steps: list[dict[str, Any]]
    store: bool
    wants_image: bool
    mime_type: str | None
    size_named: bool
    resolution: PictureSize | None
    response_format: list[dict[str, Any]] | dict[str, Any]
    generation_config: dict[str, Any]
    tools: list[dict[str, Any]]
    system_instruction: str | None
    safety_settings: list[dict[str, Any]]
    previous: PreviousTurn | None
    by_uri: NotRequired[bool]
    after_hooks: NotRequired[list[str]]
    traceparent: NotRequired[str]


class Notice(TypedDict):
    """What differs from what was asked for or from the tables, or what a client should know."""

    code: str
    output: NotRequired[int]
    expected: NotRequired[str | int]
    came: NotRequired[str | int]
    count: NotRequired[int]
    use: NotRequired[str]
    reason: NotRequired[str]
    detail: NotRequired[str]


# Acceptance: generation_submit.


class SubmittedHold(TypedDict):
    """The worst case of a generation, and the pictures a month that the tenant's plan includes."""

    amount: str
    currency: str
    images: int
    included_images: int
    tokens: int
    prices: Mapping[str, KindPrice]


class SubmittedItem(TypedDict):
    """The batch and the place in it that a generation is made of."""

    id: str
    index: int


class Submission(TypedDict):
    """`generation_submit(p)`, times in seconds from now. `deadline_seconds` is the client's own deadline, `terms` are
    an array as PostgreSQL writes it. `storage_quota` is what a tenant has that has none of its own, in bytes, 0 for no
    limit; None where it is not asked. `fresh` is how long the lease of a worker must still last that gets the job at
    once; None where none gets it so. `shown` asks for `Queued` of a job that waits.
    """

    id: str
    group_id: str | None
    idempotency: KeyNote | None
    tenant_id: str
    api_key_id: str
    member_id: str | None
    livemode: bool
    model: str
    tier: str
    priority: int
    previous_id: str | None
    metadata: dict[str, str]
    store: bool
    image_size: str
    aspect_ratio: str
    estimated_bytes: int
    stored_bytes: int
    storage_quota: int | None
    fresh: float | None
    shown: bool | None
    deadline: float
    deadline_seconds: float | None
    cancel_after: float | None
    batch: SubmittedItem | None
    request: Mapping[str, Any]
    job_spec: JobSpecBody
    terms: str
    notices: list[Notice]
    guard_state: str
    run_again_of: str | None
    request_id: str
    trace_id: str
    hold: SubmittedHold


class TenantRefusal(TypedDict):
    """The tenant is not active."""

    code: Literal["tenant_suspended", "tenant_closing", "tenant_closed"]
    reason: str | None


class SizeRefusal(TypedDict):
    """The tenant may not have pictures of that size."""

    code: Literal["size_not_allowed"]
    size: str
    allowed: list[str]


class LimitRefusal(TypedDict):
    """So many wait, or wait and run for the key, already."""

    code: Literal["queue_full", "jobs_in_flight"]
    limit: int


class QuotaRefusal(TypedDict):
    """The tenant stores as much as it may, in bytes."""

    code: Literal["storage_quota_exceeded"]
    limit: int
    used: int


class GuardChanged(TypedDict):
    """Other guard rules are in force than those that the request was judged by."""

    code: Literal["guard_changed"]


class ItemRefusal(TypedDict):
    """The item of a batch waits no more."""

    code: Literal["item_taken"]


SubmitRefusal = (
    TenantRefusal
    | GuardChanged
    | SizeRefusal
    | LimitRefusal
    | QuotaRefusal
    | ItemRefusal
    | KeyLost
    | DayRefusal
    | HoldRefusal
)


class Assigned(TypedDict):
    """`generation_assign`: which worker has a job, what that is called, and the token of its lease."""

    worker: str
    name: str
    token: str


class Queued(TypedDict):
    """`generation_submit(p)`, of a job that waits: what only PostgreSQL knew of it. `position` is its place among the
    tenant's waiting ones, from 1; `running` of the tenant's run, `limit` may at once.
    """

    created_at: str
    deadline_at: str
    amount: str
    position: int
    running: int
    limit: int


class Handed(TypedDict):
    """`generation_submit(p)`, of a job that a worker has at once: what its claim has beside what was sent."""

    created_at: str
    deadline_at: str
    started_at: str
    worker: str
    token: str
    amount: str
    included: int


Submitted = Queued | Handed


# Work: generation_claim, generation_finish, generation_sweep.


class ClaimedHold(TypedDict):
    """What was held for a claimed job; `included` of its `images` are included in the plan."""

    amount: str
    prices: Mapping[str, KindPrice]
    images: int
    included: int


class ClaimedJob(TypedDict):
    """`generation_claim`, the column `job`: everything a worker needs, so that it asks no more. Times in seconds."""

    priority: int
    livemode: bool
    model: str
    tier: str
    estimated_bytes: int
    failures: int
    seconds_left: float
    seconds_to_cancel: float | None
    upstream_id: str
    upstream_key: str
    upstream_host: str
    request_id: str
    job_spec: JobSpecBody
    notices: list[Notice]
    hold: ClaimedHold


class Claim(TypedDict):
    """A row of `generation_claim`; the token fences everything that is done for it."""

    id: UUID
    tenant_id: UUID
    attempt: int
    lease_token: UUID
    job: ClaimedJob


class GenerationError(TypedDict):
    """Why a generation failed, as the API shows it."""

    code: str
    message: str


class Citation(TypedDict):
    """A cited source; offsets are UTF-8 bytes of the text block that it stands in, the end exclusive."""

    url: str
    title: str
    start_index: int
    end_index: int
    text: str


class Grounding(TypedDict):
    """What Google's terms want shown beside a grounded answer."""

    search_queries: list[str]
    search_suggestions: list[str]
    citations: list[Citation]


class OutputValues(TypedDict):
    """A stored picture; `tokens` is its share of what the upstream reported."""

    id: str
    part: str
    index: int
    mime_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    tokens: int
    c2pa: bool
    sandbox: bool
    storage_key: str


class UpstreamTry(TypedDict):
    """A row of `generations_upstreamcall`. Times are seconds since 1970 by the worker's clock."""

    number: int
    kind: str
    started_at: float
    ended_at: float
    first_byte_ms: int | None
    host: str
    upstream_key: str
    status: int | None
    code: str
    message: str
    upstream_id: str
    bytes: int
    pictures: int
    tokens_out: int | None
    cooling_seconds: float | None


class UpstreamCalls(TypedDict):
    """`upstream_calls_add(p_calls)`: the calls of one claim of a job; `sent_at` is now by the clock of their times."""

    generation_id: str
    attempt: int
    sent_at: float
    tries: list[UpstreamTry]


class GenerationResult(TypedDict):
    """`generation_finish(p)`: how a generation ends. The names of the upstream's job stay where they are left out."""

    status: str
    reason: str
    error: GenerationError | None
    failures: int
    content: list[dict[str, Any]]
    thoughts: list[dict[str, Any]]
    grounding: Grounding
    steps: list[dict[str, Any]]
    usage_reported: dict[str, Any] | None
    notices: list[Notice]
    outputs: list[OutputValues]
    charge: Settlement
    upstream_id: NotRequired[str]
    upstream_key: NotRequired[str]
    upstream_host: NotRequired[str]
    calls: NotRequired[UpstreamCalls]


class Sweep(TypedDict):
    """`generation_sweep`: how many of each were repaired, and the ids of those that ended."""

    freed: int
    expired: int
    lapsed: int
    broken: int
    holds: int
    silent: int
    ended: list[str]
