"""Jobs as lines of PostgreSQL's COPY: job, hold, charge, usage records and ledger, paid from their wallets."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from billing.models import Credit
from cavendish.above.demo.calls import calls_of
from cavendish.above.demo.jobs import PATIENCE, Job
from cavendish.above.demo.people import TenantRows
from cavendish.above.demo.tariffs import CURRENCY
from cavendish.above.seeding import rows as bench
from cavendish.above.seeding.rows import uuid7

ZERO = Decimal(0)
NULL = "\\N"
COLUMNS = {
    **bench.COLUMNS,
    "generations_generation": bench.COLUMNS["generations_generation"]
    + ", batch_id, batch_index, previous_id, group_id",
    "billing_usagerecord": bench.COLUMNS["billing_usagerecord"] + ", tier, pieces",
    "billing_ledgerentry": bench.COLUMNS["billing_ledgerentry"] + ", credit_id",
    "generations_generationcontent": "generation_id, tenant_id, request, plan, content, thoughts, steps, notices",
    "generations_generationterms": "generation_id, tenant_id, terms",
    "events_event": "tenant_id, subject, type, data, at",
    "generations_upstreamcall": "generation_id, attempt, number, tenant_id, kind, started_at, ended_at, first_byte_ms, "
    "host, upstream_key, status, code, message, upstream_id, bytes, pictures, tokens_out",
}
ERASED_AFTER = timedelta(hours=1)
"""What was asked for with `"store": false` goes so long after its end (generations.upkeep.retention)."""

TagSums = dict[tuple[UUID, date, bool, str, str, str, str, str], list[Decimal]]


@dataclass
class Purse:
    """A tenant's money while its jobs are written: paid money, and credits that are spent first."""

    tenant: TenantRows
    top_up: Decimal
    """0 for one that gets invoices."""
    balance: Decimal = ZERO
    credits: list[Credit] = field(default_factory=list)
    lowest: Decimal = ZERO


class RowWriter:
    """Writes jobs in the order of their ends, as settlements would have."""

    def __init__(self, purses: Mapping[UUID, Purse], told_from: datetime, rng: random.Random) -> None:
        self.told_from = told_from

        self.lines: dict[str, list[str]] = {table: [] for table in COLUMNS}
        self.purses = purses
        self.rng = rng
        self.top_ups: list[tuple[TenantRows, datetime, Decimal, UUID]] = []
        self.tags: TagSums = {}
        self.records = 0

    def job(self, job: Job) -> None:
        settled = job.settled
        assert settled is not None
        # Made into text once: a job's lines name its id and its tenant's a dozen times.
        id, tenant, key = str(job.id), job.tenant.text_id, str(job.key)
        livemode = "t" if job.livemode else "f"
        size, model = job.work.resolution.image_size, job.work.model
        created, ended = job.created_at.isoformat(), job.finished_at.isoformat()
        billed = _billing_date(job)
        member = str(job.member) if job.member else NULL
        erased = NULL if job.kept else (job.finished_at + ERASED_AFTER).isoformat()
        metadata = json.dumps({job.tenant.profile.tag: job.tag}) if job.tag and job.kept else "{}"
        error = copied(json.dumps(job.error)) if job.error else NULL
        started = job.started_at.isoformat() if job.started_at else NULL
        deadline = (job.created_at + timedelta(seconds=PATIENCE)).isoformat()
        batch_id, batch_index = job.batch or (NULL, NULL)
        previous = job.previous.id if job.previous else NULL
        self.lines["generations_generation"].append(
            f"{id}\t{tenant}\t{key}\t{member}\t{livemode}\t{job.status}\t{model}\t{job.tier}\t"
            f"{1 if job.batch else 0}\t{metadata}\t{'t' if job.kept else 'f'}\t{size}\t"
            f"{job.work.resolution.aspect_ratio}\t3000000\t{created}\t{created}\t{started}\t{ended}\t{deadline}\t"
            f"{job.attempts}\t{job.failures}\t\t\t\t\t{error}\t{erased}\t{batch_id}\t{batch_index}\t{previous}\t"
            f"{job.group or NULL}\n"
        )
        if not job.kept:
            self._erased(job, id)
        if job.finished_at >= self.told_from or job.status == "failed":
            self._calls(job)
        is_charged = settled.status == "charged"
        self.lines["billing_hold"].append(
            f"{id}\t{tenant}\t{livemode}\t{'settled' if is_charged else 'released'}\t{settled.hold}\t"
            f"{CURRENCY}\t1\t{settled.hold_tokens}\t{settled.prices}\t{key}\t{member}\t{created}\t{ended}\t{settled.amount}\t"
            f"{min(settled.images, 1)}\t{settled.tokens}\t1\n"
        )
        self.lines["billing_charge"].append(
            f"{id}\t{tenant}\t{livemode}\t{settled.status}\t{settled.reason or NULL}\t{settled.amount}\t"
            f"{settled.cost}\t{settled.absorbed}\t{CURRENCY}\t{settled.lines}\t{settled.usage}\t{settled.flags}\t{billed}\t{ended}\n"
        )
        # The pictures stand at the line of their tokens where there is one (charge_settle).
        kinds = [record[0] for record in settled.records]
        carrier = "image_output" if "image_output" in kinds else min(kinds, default="")
        for kind, quantity, unit, unit_price, amount, cost, pieces in settled.records:
            images = settled.images if kind == carrier else 0
            self.lines["billing_usagerecord"].append(
                f"{billed}\t{id}\t{job.attempts}\t{kind}\t{tenant}\t{livemode}\t{key}\t{member}\t{model}\t{size}\t"
                f"{quantity}\t{images}\t{unit_price}\t{amount}\t{cost}\t{CURRENCY}\t{ended}\t{unit}\t"
                f"{job.tier}\t{NULL if pieces is None else pieces}\n"
            )
            self.records += 1
            if job.tag:
                self._tag(job, billed, kind, (Decimal(1), Decimal(quantity), Decimal(images), amount, cost))
        if job.tag:
            extra = settled.cost - sum((record[5] for record in settled.records), ZERO)
            self._tag(job, billed, "request", (ZERO, Decimal(1), ZERO, ZERO, extra))
        if settled.amount:
            self._charge(job, id, settled.amount, ended)

    def _erased(self, job: Job, id: str) -> None:
        """What is left of a job whose content was erased; of the latest also what happened when."""
        self.lines["generations_generationcontent"].append(f"{id}\t{job.tenant.text_id}\t{{}}\t{{}}\t[]\t[]\t[]\t[]\n")
        self.lines["generations_generationterms"].append(f"{id}\t{job.tenant.text_id}\t{{}}\n")
        if job.finished_at < self.told_from:
            return
        for at, type, data in job.history():
            self.lines["events_event"].append(
                f"{job.tenant.text_id}\t{id}\t{type}\t{copied(json.dumps(data))}\t{at.isoformat()}\n"
            )

    def _calls(self, job: Job) -> None:
        for call in calls_of(job, self.rng):
            self.lines["generations_upstreamcall"].append(
                f"{job.id}\t{job.attempts}\t{call.number}\t{job.tenant.id}\tcreate\t{call.started_at.isoformat()}\t"
                f"{call.ended_at.isoformat()}\t{null(call.first_byte_ms)}\tsandbox\t{call.key}\t{null(call.status)}\t"
                f"{call.code}\t{call.message}\t\t{call.bytes}\t{call.pictures}\t{null(call.tokens)}\n"
            )

    def _tag(self, job: Job, billed: date, kind: str, values: tuple[Decimal, ...]) -> None:
        work = job.work
        key = (job.tenant.id, billed, job.livemode, job.tenant.profile.tag, job.tag, work.model,
               work.resolution.image_size, kind)  # fmt: skip
        sums = self.tags.setdefault(key, [ZERO] * 5)
        for place, value in enumerate(values):
            sums[place] += value

    def _charge(self, job: Job, id: str, amount: Decimal, ended: str) -> None:
        """From credits first, then from paid money, as `charge_book` does."""
        purse = self.purses[job.tenant.id]
        given = [credit for credit in purse.credits if credit.created_at < job.finished_at]
        there = purse.balance + sum(credit.remaining for credit in given)
        if purse.top_up and there < amount + purse.top_up / 5:
            self.top_up(purse, job.finished_at - timedelta(seconds=7), purse.top_up)
        entry, tenant = str(uuid7(job.finished_at, self.rng)), job.tenant.text_id
        self.lines["billing_ledgertransaction"].append(f"{entry}\t{tenant}\tt\tcharge\t{id}\t\tsystem\t{ended}\n")
        unpaid = amount
        for credit in given:
            part = min(unpaid, credit.remaining)
            if part:
                credit.remaining -= part
                unpaid -= part
                self._entry(tenant, entry, "wallet", -part, ended, credit.id)
        if unpaid:
            purse.balance -= unpaid
            purse.lowest = min(purse.lowest, purse.balance)
            self._entry(tenant, entry, "wallet", -unpaid, ended)
        self._entry(tenant, entry, "revenue", amount, ended)

    def top_up(self, purse: Purse, at: datetime, amount: Decimal) -> None:
        movement = self._movement(purse.tenant, at, "top_up", "Bank transfer", f"person {purse.tenant.owner.email}")
        self._entry(purse.tenant.text_id, str(movement), "wallet", amount, at.isoformat())
        self._entry(purse.tenant.text_id, str(movement), "funding", -amount, at.isoformat())
        purse.balance += amount
        self.top_ups.append((purse.tenant, at, amount, movement))

    def credit(self, purse: Purse, credit: Credit, reason: str) -> UUID:
        """Gives a credit at its `created_at`; the row itself is saved once it is known what is left."""
        at = credit.created_at
        movement = self._movement(purse.tenant, at, "credit", reason, "system")
        self._entry(purse.tenant.text_id, str(movement), "wallet", credit.amount, at.isoformat(), credit.id)
        self._entry(purse.tenant.text_id, str(movement), "promotions", -credit.amount, at.isoformat())
        purse.credits.append(credit)
        return movement

    def _movement(self, tenant: TenantRows, at: datetime, kind: str, reason: str, actor: str) -> UUID:
        movement = uuid7(at, self.rng)
        self.lines["billing_ledgertransaction"].append(
            f"{movement}\t{tenant.id}\tt\t{kind}\t{NULL}\t{reason}\t{actor}\t{at.isoformat()}\n"
        )
        return movement

    def _entry(
        self, tenant_id: str, movement: str, account: str, amount: Decimal, at: str, credit: UUID | None = None
    ) -> None:
        self.lines["billing_ledgerentry"].append(
            f"{tenant_id}\t{movement}\t{account}\tt\t{amount}\t{CURRENCY}\t{at}\t{credit or NULL}\n"
        )


def _billing_date(job: Job) -> date:
    """The tenant's day, within the month in which the job was accepted (charge_settle)."""
    ended = job.finished_at.astimezone(job.tenant.zone).date()
    accepted = job.created_at.astimezone(job.tenant.zone).date()
    return ended if ended.month == accepted.month else accepted


def null(value: int | None) -> str:
    return NULL if value is None else str(value)


def copied(text: str) -> str:
    """Returns a text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
