"""Reads of one job, as the operator: its timeline, where its time and its money went, what it belongs to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiKey, AuditEvent, Tenant, User, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from billing.ledger.services import Account, Kind
from billing.models import AllowanceUse, Charge, FlagResolution, Hold, HoldLine, LedgerEntry
from cavendish.events.models import Event
from cavendish.gemini.catalog import CatalogError, get_model
from generations.jobs.conversation import conversation_of
from generations.jobs.facts import money_of, request_of, segments_of
from generations.jobs.steps import (
    Accepted,
    Audited,
    Booked,
    Called,
    Charged,
    Claimed,
    Ended,
    Facts,
    GivenBack,
    Held,
    HeldBudget,
    Nothing,
    Step,
    StepKind,
    Stored,
    StoredOutput,
    WebhookAttempted,
)
from generations.jobs.timeline import BelongsTo, ContentState, Delivery, Timeline
from generations.models import (
    TERMINAL,
    Batch,
    Generation,
    GenerationContent,
    LegalHold,
    Output,
    Status,
    UpstreamCall,
    Worker,
)

SHOWN = "generation.content_shown"
"""The audit's word for an operator who read a prompt or saw pictures."""
DELIVERIES = 100

_ORDER = {kind: place for place, kind in enumerate(StepKind)}


def job_timeline(generation_id: UUID) -> Timeline | None:
    """Returns everything that is kept of a job but its content; None where there is none. Call it as the operator."""
    job = Generation.objects.select_related("tenant", "content").filter(id=generation_id).first()
    return _Reader(job).timeline() if job is not None else None


def _content(job: Generation) -> GenerationContent:
    """What there is of a job's content. An erased one's goes with its month (`generations.upkeep.months`)."""
    try:
        return job.content
    except GenerationContent.DoesNotExist:
        return GenerationContent(generation=job, tenant_id=job.tenant_id, request={}, job_spec={})


class _Reader:
    """Reads what belongs to one job, in a fixed number of queries."""

    def __init__(self, job: Generation) -> None:
        self.job = job
        self.now = timezone.now()
        self.content = _content(job)
        self.events = list(Event.objects.filter(subject=job.id).order_by("id"))
        self.hold = Hold.objects.filter(generation_id=job.id).first()
        self.charge = Charge.objects.filter(generation_id=job.id).first()
        self.key = ApiKey.objects.filter(id=job.api_key_id).first()
        self.calls = self._calls()
        self.outputs = [self._output(output) for output in self._output_rows()]
        self.ledger = self._ledger()
        self.audit = list(
            AuditEvent.objects.filter(target_id=job.id.hex, target="generation", tenant_id=job.tenant_id).order_by("id")
        )
        self.deliveries = list(
            WebhookDelivery.objects.filter(tenant_id=job.tenant_id, subject=job.id).order_by("id")[:DELIVERIES]
        )
        endpoints = WebhookEndpoint.objects.filter(id__in={row.endpoint_id for row in self.deliveries})
        self.endpoints = {row.id: row for row in endpoints}
        self.is_resolved = bool(
            self.charge and self.charge.flags and FlagResolution.objects.filter(charge_id=job.id).exists()
        )

    def timeline(self) -> Timeline:
        job = self.job
        until = job.finished_at or self.now
        allowance = AllowanceUse.objects.filter(generation_id=job.id).first()
        booked = [facts for _, facts in self.ledger]
        is_failed = job.status == Status.FAILED and job.deleted_at is None and job.batch_id is None
        return Timeline(
            generation_id=job.id,
            status=job.status,
            livemode=job.livemode,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            seconds=(until - job.created_at).total_seconds(),
            attempts=job.attempts,
            calls=len(self.calls),
            worker=self._worker(),
            upstream_id=job.upstream_id,
            upstream_host=job.upstream_host,
            upstream_key=job.upstream_key,
            error_code=str((job.error or {}).get("code", "")),
            steps=self._steps(),
            segments=segments_of(
                created_at=job.created_at, until=until, claims=self._claims(), calls=self.calls, backs=self._backs()
            ),
            money=money_of(
                self.hold,
                self.charge,
                booked=booked,
                is_resolved=self.is_resolved,
                included=(allowance.used if allowance.used is not None else allowance.held) if allowance else 0,
            ),
            request=request_of(job, self.content, images=self.hold.images if self.hold else 0),
            belongs_to=self._belongs_to(),
            content=self._content_state(),
            outputs=self.outputs,
            deliveries=[self._delivery(row) for row in self.deliveries],
            can_cancel=job.status not in TERMINAL,
            can_run_again=is_failed,
        )

    def _steps(self) -> list[Step]:
        found: list[tuple[datetime, StepKind, Facts]] = []
        queued_at = self.job.created_at
        for event in self.events:
            name = event.type.removeprefix("generation.")
            reason = str(event.data.get("reason") or "")
            if name == Status.QUEUED and event.data.get("old") is None:
                found.append((event.at, StepKind.ACCEPTED, self._accepted()))
                if self.hold is not None:
                    found.append((event.at, StepKind.HELD, self._held(self.hold)))
            elif name == Status.QUEUED:
                queued_at = event.at
                found.append((event.at, StepKind.GIVEN_BACK, GivenBack(reason)))
            elif name == Status.RUNNING:
                worker, attempt = str(event.data.get("worker") or ""), int(event.data.get("attempt") or 0)
                waited = (event.at - queued_at).total_seconds()
                found.append((event.at, StepKind.CLAIMED, Claimed(worker, attempt, waited)))
            elif name in TERMINAL:
                found.append((event.at, StepKind.ENDED, Ended(name, reason, str(event.data.get("error") or ""))))
                if self.outputs:
                    found.append((event.at, StepKind.STORED, Stored(self.outputs)))
        found += [(call.started_at, StepKind.CALLED, call) for call in self.calls]
        # At its end, where the answer is.
        found = [(self._at(at, facts), kind, facts) for at, kind, facts in found]
        if self.job.cancel_requested_at is not None:
            found.append((self.job.cancel_requested_at, StepKind.CANCEL_REQUESTED, Nothing()))
        if self.charge is not None:
            found.append((self.charge.created_at, StepKind.CHARGED, self._charged(self.charge)))
        found += [(at, StepKind.BOOKED, facts) for at, facts in self.ledger]
        found += self._webhooks()
        found += [(row.at, StepKind.AUDITED, _audited(row)) for row in self.audit]
        if self.job.deleted_at is not None:
            found.append((self.job.deleted_at, StepKind.ERASED, Nothing()))
        found.sort(key=lambda step: (step[0], _ORDER[step[1]]))
        steps: list[Step] = []
        for at, kind, facts in found:
            since = (at - steps[-1].at).total_seconds() if steps else 0.0
            steps.append(Step(kind, at, since, facts))
        return steps

    @staticmethod
    def _at(at: datetime, facts: Facts) -> datetime:
        if isinstance(facts, Called):
            return datetime.fromtimestamp(facts.started_at.timestamp() + facts.seconds, tz=at.tzinfo)
        return at

    def _claims(self) -> list[datetime]:
        return [event.at for event in self.events if event.type == "generation.running"]

    def _backs(self) -> list[datetime]:
        return [event.at for event in self.events if event.type == "generation.queued" and event.data.get("old")]

    def _calls(self) -> list[Called]:
        rows = UpstreamCall.objects.filter(generation_id=self.job.id).order_by("attempt", "number")
        calls: list[Called] = []
        before: UpstreamCall | None = None
        for number, row in enumerate(rows, 1):
            calls.append(
                Called(
                    number=number,
                    attempt=row.attempt,
                    kind=row.kind,
                    host=row.host,
                    upstream_key=row.upstream_key,
                    started_at=row.started_at,
                    seconds=max((row.ended_at - row.started_at).total_seconds(), 0.0),
                    first_byte_seconds=None if row.first_byte_ms is None else row.first_byte_ms / 1000,
                    status=row.status,
                    code=row.code,
                    message=row.message,
                    upstream_id=row.upstream_id,
                    bytes=row.bytes,
                    pictures=row.pictures,
                    tokens_out=row.tokens_out,
                    cooling_seconds=row.cooling_seconds,
                    pause=max((row.started_at - before.ended_at).total_seconds(), 0.0) if before else None,
                    same_key=row.upstream_key == before.upstream_key if before else None,
                )
            )
            before = row
        return calls

    def _accepted(self) -> Accepted:
        name, prefix = (self.key.name, self.key.prefix) if self.key else ("", "")
        return Accepted(self.job.api_key_id, name, prefix, self.job.batch_id)

    def _held(self, hold: Hold) -> Held:
        lines = list(HoldLine.objects.filter(hold_id=hold.generation_id).select_related("budget_period__budget"))
        budgets = [line.budget_period.budget for line in lines]
        names = dict(User.objects.filter(id__in={b.scope_id for b in budgets}).values_list("id", "email"))
        names |= dict(ApiKey.objects.filter(id__in={b.scope_id for b in budgets}).values_list("id", "name"))
        parts = [
            HeldBudget(b.id, b.scope, names.get(b.scope_id, ""), b.period, b.metric, line.quantity)
            for line, b in zip(lines, budgets, strict=True)
        ]
        return Held(hold.amount, hold.currency, parts)

    def _charged(self, charge: Charge) -> Charged:
        held = self.hold.amount if self.hold else charge.amount
        return Charged(
            is_charged=charge.status == Charge.Status.CHARGED,
            reason=charge.reason or "",
            amount=charge.amount,
            went_back=held - charge.amount,
            absorbed=charge.absorbed,
            currency=charge.currency,
        )

    def _ledger(self) -> list[tuple[datetime, Booked]]:
        entries = LedgerEntry.objects.filter(
            tenant_id=self.job.tenant_id,
            account=Account.WALLET,
            transaction__tenant_id=self.job.tenant_id,
            transaction__generation_id=self.job.id,
            transaction__kind__in=(Kind.REFUND, Kind.ADJUSTMENT),
        ).select_related("transaction")
        booked: dict[UUID, tuple[datetime, Booked]] = {}
        for entry in entries.order_by("id"):
            row = entry.transaction
            before = booked[row.id][1].amount if row.id in booked else 0
            amount = before + entry.amount
            booked[row.id] = (row.at, Booked(row.id, row.kind, amount, entry.currency, row.reason, row.actor))
        return list(booked.values())

    def _webhooks(self) -> list[tuple[datetime, StepKind, Facts]]:
        deliveries = {row.id: row for row in self.deliveries}
        attempts = WebhookAttempt.objects.filter(tenant_id=self.job.tenant_id, delivery_id__in=list(deliveries))
        found: list[tuple[datetime, StepKind, Facts]] = []
        for attempt in attempts.order_by("id")[: 10 * DELIVERIES]:
            row = deliveries[attempt.delivery_id]
            facts = WebhookAttempted(
                row.id,
                row.endpoint_id,
                row.event_type,
                attempt.url,
                attempt.http_status,
                attempt.error,
                attempt.duration_ms,
            )
            found.append((attempt.at, StepKind.WEBHOOK, facts))
        return found

    def _delivery(self, row: WebhookDelivery) -> Delivery:
        endpoint = self.endpoints.get(row.endpoint_id)
        can_resend = (
            endpoint is not None
            and endpoint.subject is None
            and endpoint.status == WebhookEndpoint.Status.ENABLED
            and row.status != WebhookDelivery.Status.SENDING
        )
        return Delivery(
            id=row.id,
            endpoint_id=row.endpoint_id,
            url=endpoint.url if endpoint else "",
            event_type=row.event_type,
            status=row.status,
            attempts=row.attempts,
            http_status=row.http_status,
            error=row.error,
            created_at=row.created_at,
            can_resend=can_resend,
        )

    def _output_rows(self) -> list[Output]:
        rows = Output.objects.filter(tenant_id=self.job.tenant_id, generation_id=self.job.id)
        return list(rows.order_by("part", "index"))

    def _output(self, row: Output) -> StoredOutput:
        try:
            watermark = get_model(self.job.model).watermark
        except CatalogError:
            watermark = None
        return StoredOutput(
            id=row.id,
            part=row.part,
            index=row.index,
            mime_type=row.mime_type,
            width=row.width,
            height=row.height,
            bytes=row.bytes,
            sha256=row.sha256,
            tokens=row.tokens,
            watermark=watermark,
            c2pa=row.c2pa,
            sandbox=row.sandbox,
        )

    def _worker(self) -> str:
        """The worker that has it, or that had it last."""
        if self.job.worker is not None:
            row = Worker.objects.filter(id=self.job.worker).first()
            if row is not None:
                return row.name
        named = [event.data.get("worker") for event in self.events if event.type == "generation.running"]
        return str(named[-1] or "") if named else ""

    def _belongs_to(self) -> BelongsTo:
        job = self.job
        tenant: Tenant = job.tenant
        batch = Batch.objects.filter(id=job.batch_id).first() if job.batch_id else None
        member = User.objects.filter(id=job.member_id).first() if job.member_id else None
        group = Generation.objects.filter(group_id=job.group_id, tenant_id=job.tenant_id) if job.group_id else None
        first, turn, turns = conversation_of(job)
        again = Generation.objects.filter(run_again_of=job.id, tenant_id=job.tenant_id).order_by("id")
        return BelongsTo(
            tenant_id=tenant.id,
            tenant_name=tenant.name,
            tenant_slug=tenant.slug,
            tenant_status=tenant.status,
            key_id=job.api_key_id,
            key_name=self.key.name if self.key else "",
            key_prefix=self.key.prefix if self.key else "",
            key_is_revoked=bool(self.key and self.key.revoked_at),
            member_id=job.member_id,
            member_email=member.email if member else "",
            batch_id=job.batch_id,
            batch_index=job.batch_index,
            batch_total=batch.total if batch else None,
            group_id=job.group_id,
            group_size=group.count() if group is not None else None,
            conversation_id=first,
            turn=turn,
            turns=turns,
            previous_id=job.previous_id,
            run_again_of=job.run_again_of,
            run_again_as=list(again.values_list("id", flat=True)[:20]),
            request_id=job.request_id,
            trace_id=job.trace_id,
        )

    def _content_state(self) -> ContentState:
        shown = [row for row in self.audit if row.action == SHOWN]
        held = LegalHold.objects.filter(
            Q(generation_id=self.job.id) | Q(generation_id=None), tenant_id=self.job.tenant_id, released_at=None
        )
        return ContentState(
            is_erased=self.job.deleted_at is not None,
            erased_at=self.job.deleted_at,
            is_held=held.exists(),
            shapes=[(row.width, row.height) for row in self.outputs if row.part == Output.Part.OUTPUT],
            shown=len(shown),
            shown_at=shown[-1].at if shown else None,
            shown_by=shown[-1].actor_label if shown else "",
        )


def _audited(row: AuditEvent) -> Audited:
    return Audited(row.action, row.actor_kind, row.actor_label, str(row.after.get("reason") or ""))
