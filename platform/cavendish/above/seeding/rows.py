"""Ended generations as lines of PostgreSQL's COPY: job, hold, charge, usage records, ledger.

The lines are in order of time, so a tenant's rows lie between those of others, as in a database that grew. Amounts are
whole billionths; a line is rounded as in `billing.money.line_amount`, with integers, which take a fifth of the time.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.money import UNIT_SIZE
from billing.usage.upstream import Usage
from cavendish.gemini.catalog import get_model, prices

MARKUP = 125  # percent of the upstream's price
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "Asia/Kolkata")
MODELS = {"gemini-3.1-flash-image": 60, "gemini-3.1-flash-lite-image": 20, "gemini-3-pro-image": 20}
FAILURES = {"storage_full": 0.00001, "deadline_exceeded": 0.005, "safety_blocked": 0.03, "upstream_unavailable": 0.08}
"""Up to which share of the other jobs fails with a code; the first is a rare one."""
CHUNK = 20_000
"""How many generations' lines are in memory at a time."""

COLUMNS = {
    "generations_generation": "id, tenant_id, api_key_id, member_id, livemode, status, model, tier, priority, "
    "metadata, store, image_size, aspect_ratio, estimated_bytes, created_at, run_after, started_at, finished_at, "
    "deadline_at, attempts, failures, upstream_id, upstream_key, upstream_host, request_id, error, deleted_at",
    "billing_hold": "generation_id, tenant_id, livemode, status, amount, currency, images, tokens, prices, api_key_id, "
    "member_id, created_at, ended_at, used_amount, used_images, used_tokens, used_requests",
    "billing_charge": "generation_id, tenant_id, livemode, status, reason, amount, cost, absorbed, currency, lines, "
    "usage, flags, billing_date, created_at",
    "billing_usagerecord": "billing_date, generation_id, attempt, kind, tenant_id, livemode, api_key_id, member_id, "
    "model, image_size, quantity, images, unit_price, amount, cost, currency, at, unit",
    "billing_ledgertransaction": "id, tenant_id, livemode, kind, generation_id, reason, actor, at",
    "billing_ledgerentry": "tenant_id, transaction_id, account, livemode, amount, currency, at",
}


@dataclass(frozen=True)
class Size:
    """How much is seeded. `until` is the first day of the last month; `months` end with it.

    `other_jobs` are written beside those with usage records: without holds and charges, which `reconcile` would name.
    `kept` jobs are listed although they have no contents; else they are deleted ones.
    """

    records: int
    tenants: int
    months: int
    until: date
    seed: int
    other_jobs: int = 0
    kept: bool = False

    @property
    def first(self) -> date:
        year, month = divmod(self.until.year * 12 + self.until.month - 1 - (self.months - 1), 12)
        return date(year, month + 1, 1)

    @property
    def end(self) -> date:
        return (self.until + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True)
class Tenant:
    id: UUID
    zone: ZoneInfo
    keys: tuple[UUID, ...]
    members: tuple[UUID | None, ...]
    """For each key, the person whose budget it counts for."""


@dataclass
class Chunk:
    """Lines by table, and the number of usage records among them."""

    lines: dict[str, list[str]] = field(default_factory=lambda: {table: [] for table in COLUMNS})
    records: int = 0


@dataclass(frozen=True)
class Tariff:
    """One kind of a model, in billionths of a dollar per million tokens; `unit_price` is its text for records."""

    price: int
    cost: int
    unit_price: str


def uuid7(at: datetime, rng: random.Random) -> UUID:
    """Returns a UUID of version 7 with that time."""
    bits = rng.getrandbits(74)
    head = int(at.timestamp() * 1000) << 80 | 7 << 76 | (bits >> 62) << 64
    return UUID(int=head | 2 << 62 | bits & ((1 << 62) - 1))


def tariffs() -> dict[str, dict[str, Tariff]]:
    by_model: dict[str, dict[str, Tariff]] = {}
    for row in prices():
        if row.tier == "standard" and row.model in MODELS and row.unit == "per_1m_tokens":
            cost = int(row.price * 10**9)
            price = cost * MARKUP // 100
            by_model.setdefault(row.model, {})[row.kind] = Tariff(price, cost, money(price))
    return by_model


def money(billionths: int) -> str:
    """Returns the amount as the text of a NUMERIC(20, 9)."""
    sign = "-" if billionths < 0 else ""
    whole, part = divmod(abs(billionths), 10**9)
    return f"{sign}{whole}.{part:09d}"


def line_amount(quantity: int, price: int) -> int:
    """Returns the price of a quantity in billionths, rounded half up once."""
    size = UNIT_SIZE["per_1m_tokens"]
    return (quantity * price + size // 2) // size


class RowFactory:
    """Creates the lines of generations. The same state of `rng` gives the same lines."""

    def __init__(self, tenants: list[Tenant], rng: random.Random) -> None:
        self.rng = rng
        self.tenants = tenants
        self.weights: list[float] = []
        total = 0.0
        for rank in range(len(tenants)):  # a few large tenants and many small ones; the largest has 7 times the mean
            total += (rank + 20) ** -0.7
            self.weights.append(total)
        self.tariffs = tariffs()
        self.models = list(MODELS)
        self.shares = [sum(list(MODELS.values())[: place + 1]) for place in range(len(MODELS))]
        self.resolutions = {model: get_model(model).resolutions for model in MODELS}
        self.kept = False
        self.held_prices = {model: self._held_prices(kinds) for model, kinds in self.tariffs.items()}

    def _held_prices(self, kinds: dict[str, Tariff]) -> str:
        return json.dumps(
            {
                kind: {"unit": "per_1m_tokens", "price": tariff.unit_price, "cost": money(tariff.cost)}
                for kind, tariff in kinds.items()
            }
        )

    def chunks(self, size: Size) -> Iterator[Chunk]:
        """Yields all lines, day after day: equally many records each day, at random times, of random tenants."""
        days = (size.end - size.first).days
        chunk = Chunk()
        written = 0
        self.kept = size.kept
        for number in range(days):
            quota = size.records * (number + 1) // days
            others = size.other_jobs * (number + 1) // days - size.other_jobs * number // days
            begins = datetime.combine(size.first + timedelta(days=number), datetime.min.time(), UTC)
            count = max((quota - written) // 3, 1)
            times = sorted(self.rng.random() for _ in range(count * 2))
            # About three records a job: so many of the others come with each of them.
            share, due = others / count, 0.0
            for place in times:
                if written + chunk.records >= quota:
                    break
                # The first and the last 14 hours are left out: they belong to another month in other time zones.
                hours = 24 * place
                if number == 0:
                    hours = 14 + 10 * place
                elif number == days - 1:
                    hours = 10 * place
                at = begins + timedelta(hours=hours)
                self.generation(chunk, at, max_records=quota - written - chunk.records)
                due += share
                while due >= 1:
                    due -= 1
                    self.other_job(chunk, at)
                if len(chunk.lines["billing_charge"]) >= CHUNK:
                    written += chunk.records
                    yield chunk
                    chunk = Chunk()
            written += chunk.records
            yield chunk
            chunk = Chunk()

    def quantities(self, model: str, max_kinds: int) -> tuple[dict[str, int], Any]:
        """Returns tokens by kind, and the resolution of the picture."""
        rng = self.rng
        resolution = self.resolutions[model][int(rng.random() * len(self.resolutions[model]))]
        tokens = {"text_input": 20 + int(rng.random() * 400), "image_output": resolution.tokens}
        chance = rng.random()
        if chance < 0.45:
            tokens["image_input"] = 560 * (1 + int(rng.random() * 3))
        if chance > 0.65:
            tokens["thought_output"] = 40 + int(rng.random() * 900)
        if 0.35 < chance < 0.55:
            tokens["text_output"] = 10 + int(rng.random() * 120)
        while len(tokens) > max_kinds:
            tokens.popitem()
        return tokens, resolution

    def generation(self, chunk: Chunk, ended: datetime, *, max_records: int) -> None:
        """Adds one ended generation with at most `max_records` usage records."""
        rng = self.rng
        tenant = rng.choices(self.tenants, cum_weights=self.weights)[0]
        place = int(rng.random() * len(tenant.keys))
        key, member = tenant.keys[place], tenant.members[place] or "\\N"
        model = rng.choices(self.models, cum_weights=self.shares)[0]
        quantities, resolution = self.quantities(model, max_records)
        began = ended - timedelta(seconds=4 + rng.random() * 20)
        id = uuid7(began, rng)
        chance = rng.random()
        charged = chance >= 0.03
        if chance < 0.02:
            quantities = {}  # it failed before the upstream reported anything

        billed = ended.astimezone(tenant.zone).date()
        at, accepted = ended.isoformat(), began.isoformat()
        amount = cost = 0
        charge_lines, records = [], []
        images = int(charged)
        for kind, quantity in quantities.items():
            tariff = self.tariffs[model][kind]
            price = line_amount(quantity, tariff.price) if charged else 0
            line_cost = line_amount(quantity, tariff.cost)
            amount += price
            cost += line_cost
            unit_price = tariff.unit_price if charged else "0"
            records.append(
                f"{billed}\t{id}\t1\t{kind}\t{tenant.id}\tt\t{key}\t{member}\t{model}\t{resolution.image_size}\t{quantity}\t"
                f"{images if kind == 'image_output' else 0}\t{unit_price}\t{money(price)}\t{money(line_cost)}"
                f"\tUSD\t{at}\tper_1m_tokens\n"
            )
            if charged:
                charge_lines.append(
                    f'{{"kind": "{kind}", "quantity": {quantity}, "unit": "per_1m_tokens", '
                    f'"unit_price": "{unit_price}", "amount": "{money(price)}"}}'
                )
        if charged and "image_output" not in quantities:
            images = 0
        tokens = sum(quantities.values())
        reported = Usage(total=tokens)
        for kind, quantity in quantities.items():
            setattr(reported, kind, quantity)
        usage = json.dumps(reported.as_json())
        held = amount * 3 // 2 + 10**7
        status, job, reason = (
            ("charged", "succeeded", "\\N") if charged else ("not_charged", "failed", "safety_blocked")
        )
        flags = '["total_mismatch"]' if chance > 0.999 else "[]"
        lines = chunk.lines
        lines["generations_generation"].append(
            f"{id}\t{tenant.id}\t{key}\t{member}\tt\t{job}\t{model}\tstandard\t0\t{{}}\tt\t{resolution.image_size}\t"
            f"{resolution.aspect_ratio}\t3000000\t{accepted}\t{accepted}\t{accepted}\t{at}\t{at}\t1\t0\t\t\t\t\t\\N\t"
            f"{chr(92) + 'N' if self.kept else at}\n"
        )
        lines["billing_hold"].append(
            f"{id}\t{tenant.id}\tt\t{'settled' if charged else 'released'}\t{money(held)}\tUSD\t1\t"
            f"{tokens * 2 + 1000}\t{self.held_prices[model]}\t{key}\t{member}\t{accepted}\t{at}\t{money(amount)}\t"
            f"{images}\t{tokens if charged else 0}\t1\n"
        )
        lines["billing_charge"].append(
            f"{id}\t{tenant.id}\tt\t{status}\t{reason}\t{money(amount)}\t{money(cost)}\t0\tUSD\t"
            f"[{', '.join(charge_lines)}]\t{usage}\t{flags}\t{billed}\t{at}\n"
        )
        lines["billing_usagerecord"] += records
        chunk.records += len(records)
        if amount:
            entry = uuid7(ended, rng)
            lines["billing_ledgertransaction"].append(f"{entry}\t{tenant.id}\tt\tcharge\t{id}\t\tsystem\t{at}\n")
            lines["billing_ledgerentry"].append(
                f"{tenant.id}\t{entry}\twallet\tt\t{money(-amount)}\tUSD\t{at}\n"
                f"{tenant.id}\t{entry}\trevenue\tt\t{money(amount)}\tUSD\t{at}\n"
            )

    def other_job(self, chunk: Chunk, ended: datetime) -> None:
        """Adds a job without usage: of the test mode, failed with one of many codes, or canceled."""
        rng = self.rng
        tenant = rng.choices(self.tenants, cum_weights=self.weights)[0]
        key = tenant.keys[int(rng.random() * len(tenant.keys))]
        model = rng.choices(self.models, cum_weights=self.shares)[0]
        began = ended - timedelta(seconds=2 + rng.random() * 9)
        id = uuid7(began, rng)
        at, accepted = ended.isoformat(), began.isoformat()
        chance = rng.random()
        livemode, status, error = "f", "succeeded", "\\N"
        if chance < 0.08:
            livemode, status = "t", "failed"
            code = next(code for code, share in FAILURES.items() if chance < share)
            error = f'{{"code": "{code}"}}'
        elif chance < 0.1:
            livemode, status = "t", "canceled"
        chunk.lines["generations_generation"].append(
            f"{id}\t{tenant.id}\t{key}\t\\N\t{livemode}\t{status}\t{model}\tstandard\t0\t{{}}\tt\t1K\t1:1\t3000000\t"
            f"{accepted}\t{accepted}\t{accepted}\t{at}\t{at}\t1\t0\tv1_{id.hex}\t\t\tbench-{id.hex[-12:]}\t{error}\t"
            f"{chr(92) + 'N' if self.kept else at}\n"
        )
