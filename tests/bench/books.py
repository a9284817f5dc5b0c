"""Holds and settlements per second, by the product's functions and by the bare statements that write the same rows.

pgbench runs both, with one framing: a transaction holds, the next one settles. The bare ones know beforehand what the
functions have to find out and to check: which budgets apply and in which period, whether all of it fits, which month is
open. They are run by the owner, whom no row-level security looks at; the functions by the role of the web.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from billing.usage.upstream import Usage
from cavendish.up.home import PROGRAMS
from tests.bench.lines import Line
from tests.bench.stack import BenchError, Stack

CLIENTS, THREADS = 32, 2
TENANT = "'0be0c000-0000-7000-8000-'"
KEY = "'0be0c000-0000-7000-9000-'"
BUDGETS = (("tenant", "month", "money"), ("tenant", "day", "images"), ("key", "month", "tokens"))

# Clones of a demo tenant, whatever columns these tables have: made by the product, changed in what must differ.
CLONE = """
INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(t) || {changes})).*
FROM (SELECT * FROM {table} WHERE {where} LIMIT 1) t, generate_series(1, %(count)s) n
"""
NUMBER = "lpad(n::text, 12, '0')"
CLONES = (
    ("accounts_tenant", "true", f"jsonb_build_object('id', {TENANT} || {NUMBER}, 'slug', 'bench-' || n)"),
    (
        "accounts_apikey",
        "livemode AND revoked_at IS NULL",
        f"jsonb_build_object('id', {KEY} || {NUMBER}, 'tenant_id', {TENANT} || {NUMBER}, 'prefix', 'bench-' || n)",
    ),
    (
        "billing_wallet",
        "livemode",
        f"jsonb_build_object('tenant_id', {TENANT} || {NUMBER}, 'balance', 1000000000, 'held', 0)",
    ),
)
MAKE_BUDGETS = f"""
INSERT INTO billing_budget (id, tenant_id, livemode, scope, scope_id, period, metric, "limit", hard, set_by_operator)
SELECT gen_random_uuid(), ({TENANT} || {NUMBER})::uuid, true, k.scope,
       (CASE k.scope WHEN 'key' THEN {KEY} ELSE {TENANT} END || {NUMBER})::uuid, k.period, k.metric, 10000000000, true,
       false
FROM generate_series(1, %(count)s) n, unnest(%(scopes)s::text[], %(periods)s::text[], %(metrics)s::text[])
    k (scope, period, metric)
"""
SET_OUT = (
    f"""SELECT budget_period_open(b.tenant_id, b.id, now(), false) FROM generate_series(1, %(count)s) n
        JOIN billing_budget b ON b.tenant_id = ({TENANT} || {NUMBER})::uuid""",
    # The bare statements are told which periods they are to change.
    f"""CREATE TABLE bench_period AS
        SELECT n::int AS tenant, p.id, b.metric FROM generate_series(1, %(count)s) n
        JOIN billing_budget b ON b.tenant_id = ({TENANT} || {NUMBER})::uuid
        JOIN billing_budgetperiod p ON p.budget_id = b.id""",
    "CREATE INDEX ON bench_period (tenant)",
    "ANALYZE",
)

RECORDS = (
    ("text_input", 31, "0.50", "0.000015500"),
    ("text_output", 12, "3.00", "0.000036000"),
    ("image_output", 1120, "60.00", "0.067200000"),
)
AMOUNT, HELD = "0.067251500", "0.120000000"
CHARGE: dict[str, Any] = {
    "status": "charged", "reason": None, "amount": AMOUNT, "cost": AMOUNT, "absorbed": "0", "attempt": 1,
    "model": "gemini-3.1-flash-image", "image_size": "1K", "images": 1, "tokens": 1163, "requests": 1, "flags": [],
    "tier": "standard",
    "lines": [
        {"kind": k, "quantity": q, "unit": "per_1m_tokens", "unit_price": p, "amount": a} for k, q, p, a in RECORDS
    ],
    "usage": Usage(text_input=31, text_output=12, image_output=1120, total=1163).as_json(), "metadata": {},
    "records": [
        {"kind": k, "quantity": q, "unit": "per_1m_tokens", "unit_price": p, "amount": a, "cost": a}
        for k, q, p, a in RECORDS
    ],
}  # fmt: skip

VARIABLES = """\\set n random(:first, :last)
\\set high random(1, 4611686018427387903)
\\set low random(1, 4611686018427387903)
"""
THE_TENANT = f"({TENANT} || lpad(:n::text, 12, '0'))::uuid"
THE_KEY = f"({KEY} || lpad(:n::text, 12, '0'))::uuid"
GENERATION = "(lpad(to_hex(:high::bigint), 16, '0') || lpad(to_hex(:low::bigint), 16, '0'))::uuid"
DOOR = f"BEGIN;\nSELECT set_config('app.tenant_id', {THE_TENANT}::text, true);\n"


def functions() -> str:
    charge = json.dumps(CHARGE)  # with a space behind each colon, which pgbench would take for a variable's
    hold = f"{THE_TENANT}, {GENERATION}, true, {THE_KEY}, NULL, {HELD}, 'USD', 1, 2500, '{{}}'"
    settled = f"'{charge}'::jsonb || jsonb_build_object('api_key_id', {THE_KEY})"
    return f"""{VARIABLES}{DOOR}SELECT hold_reserve({hold});
COMMIT;
{DOOR}SELECT charge_settle({THE_TENANT}, {GENERATION}, {settled});
COMMIT;
"""


def statements() -> str:
    lines, usage = json.dumps(CHARGE["lines"]), json.dumps(CHARGE["usage"])
    quantity = "CASE m.metric WHEN 'money' THEN {} WHEN 'images' THEN 1 ELSE {} END"
    periods = """UPDATE billing_budgetperiod p SET {} FROM (
    SELECT p.id, m.metric FROM bench_period m JOIN billing_budgetperiod p ON p.id = m.id
    WHERE m.tenant = :n ORDER BY p.id FOR UPDATE OF p) m WHERE p.id = m.id;"""
    records = ", ".join(
        f"((now() AT TIME ZONE 'UTC')::date, {GENERATION}, 1, '{k}', {THE_TENANT}, true, {THE_KEY}, "
        f"'gemini-3.1-flash-image', '1K', 'standard', {q}, {int(k == 'image_output')}, 'per_1m_tokens', {p}, {a}, {a}, "
        "'USD')"
        for k, q, p, a in RECORDS
    )
    rollups = ", ".join(
        f"({THE_TENANT}, (now() AT TIME ZONE 'UTC')::date, date_trunc('hour', now()), true, 'gemini-3.1-flash-image', "
        f"{THE_KEY}, '00000000-0000-0000-0000-000000000000'::uuid, '1K', '{k}', "
        f"'standard', 'per_1m_tokens', {p}, 1, {q}, {q}, {int(k == 'image_output')}, 0, {a}, {a})"
        for k, q, p, a in sorted(RECORDS)
    )
    return f"""{VARIABLES}BEGIN;
INSERT INTO billing_hold (generation_id, tenant_id, livemode, status, amount, currency, images, tokens, prices,
                          api_key_id)
VALUES ({GENERATION}, {THE_TENANT}, true, 'held', {HELD}, 'USD', 1, 2500, '{{}}', {THE_KEY});
{periods.format("held = held + " + quantity.format(HELD, 2500))}
INSERT INTO billing_holdline (tenant_id, hold_id, budget_period_id, quantity)
SELECT {THE_TENANT}, {GENERATION}, m.id, {quantity.format(HELD, 2500)} FROM bench_period m WHERE m.tenant = :n;
UPDATE billing_wallet SET held = held + {HELD} WHERE tenant_id = {THE_TENANT} AND livemode;
COMMIT;
BEGIN;
INSERT INTO billing_charge (generation_id, tenant_id, livemode, status, amount, cost, absorbed, currency, lines, usage,
                            flags, billing_date)
VALUES ({GENERATION}, {THE_TENANT}, true, 'charged', {AMOUNT}, {AMOUNT}, 0, 'USD', '{lines}', '{usage}', '[]',
        (now() AT TIME ZONE 'UTC')::date);
INSERT INTO billing_usagerecord (billing_date, generation_id, attempt, kind, tenant_id, livemode, api_key_id, model,
    image_size, tier, quantity, images, unit, unit_price, amount, cost, currency) VALUES {records};
INSERT INTO billing_ledgertransaction (id, tenant_id, livemode, kind, generation_id, reason, actor)
VALUES ({GENERATION}, {THE_TENANT}, true, 'charge', {GENERATION}, '', 'system');
INSERT INTO billing_ledgerentry (tenant_id, transaction_id, account, livemode, amount, currency)
VALUES ({THE_TENANT}, {GENERATION}, 'wallet', true, -{AMOUNT}, 'USD'),
       ({THE_TENANT}, {GENERATION}, 'revenue', true, {AMOUNT}, 'USD');
INSERT INTO billing_usagerollup AS u (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size,
    kind, tier, unit, unit_price, records, quantity, billed, images, flagged, amount, cost) VALUES {rollups}
ON CONFLICT (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size, kind, tier, unit,
             unit_price) DO UPDATE
SET records = u.records + 1, quantity = u.quantity + excluded.quantity, billed = u.billed + excluded.billed,
    images = u.images + excluded.images,
    amount = u.amount + excluded.amount, cost = u.cost + excluded.cost;
UPDATE billing_hold SET status = 'settled', ended_at = now(), used_amount = {AMOUNT}, used_images = 1,
    used_tokens = 1163, used_requests = 1 WHERE generation_id = {GENERATION};
{periods.format(f"held = held - {quantity.format(HELD, 2500)}, used = used + {quantity.format(AMOUNT, 1163)}")}
UPDATE billing_wallet SET held = held - {HELD}, balance = balance - {AMOUNT}
WHERE tenant_id = {THE_TENANT} AND livemode;
COMMIT;
"""


@dataclass(frozen=True)
class Rates:
    """Pairs of a hold and its settlement per second."""

    functions: float
    statements: float


class Ledger:
    """A thousand tenants with a wallet and three budgets each, in the database of a data directory."""

    def __init__(self, data_dir: Path, *, tenants: int = 1000) -> None:
        said = json.loads((data_dir / "connection.json").read_text())
        self.app, self.owner = said["DATABASE_URL"], said["DATABASE_OWNER_URL"]
        self.tenants = tenants
        count = {"count": tenants}
        scopes, periods, metrics = (list(column) for column in zip(*BUDGETS, strict=True))
        with psycopg.connect(self.owner, autocommit=True) as connection:
            for table, where, changes in CLONES:
                connection.execute(CLONE.format(table=table, where=where, changes=changes).encode(), count)
            connection.execute(
                MAKE_BUDGETS.encode(), {**count, "scopes": scopes, "periods": periods, "metrics": metrics}
            )
            for statement in SET_OUT:
                connection.execute(statement.encode(), count)

    async def rates(self, first: int, last: int, *, seconds: int, rounds: int) -> Rates:
        """Both by turns, so that what else the machine does falls on both; the best round of each."""
        best = {"functions": 0.0, "statements": 0.0}
        for _ in range(rounds):
            for name, url, script in (
                ("statements", self.owner, statements()),
                ("functions", self.app, functions()),
            ):
                best[name] = max(best[name], await self._pgbench(url, script, first, last, seconds))
        return Rates(**best)

    async def _pgbench(self, url: str, script: str, first: int, last: int, seconds: int) -> float:
        """Scripts per second."""
        parts = urlsplit(url)
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            process = await asyncio.create_subprocess_exec(
                pgbench(), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", f"--jobs={THREADS}",
                f"--time={seconds}", f"--define=first={first}", f"--define=last={last}", f"--file={file.name}",
                f"--host={parts.hostname}", f"--port={parts.port}", f"--username={parts.username}",
                parts.path.lstrip("/"),
                env={**os.environ, "PGPASSWORD": parts.password or ""},
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            said = (await process.communicate())[0].decode(errors="replace")
        found = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
        if process.returncode or not found:
            raise BenchError(f"pgbench failed: {said[-600:]}")
        return float(found[1])


async def books(stack: Stack, quick: bool) -> list[Line]:
    """Holds and settlements alone, in PostgreSQL, against bare statements that write the same rows."""
    ledger = await asyncio.to_thread(Ledger, stack.data_dir)
    lines = []
    for what, first, last in (("one tenant", 1, 1), ("1,000 tenants", 1, 1000)):
        rates = await ledger.rates(first, last, seconds=4 if quick else 12, rounds=1 if quick else 3)
        share = rates.functions / rates.statements
        lines.append(
            Line(
                f"holds settled per second, {what}, 3 budgets, 32 clients",
                f"{rates.functions:.0f}  ({share:.0%} of bare SQL's {rates.statements:.0f})",
                ">= 50 % of bare",
                share >= 0.5,
            )
        )
    return lines


def pgbench() -> str:
    """The one that comes with the wheel's PostgreSQL."""
    return str(Path(sysconfig.get_paths()["platlib"]) / PROGRAMS / "bin" / "pgbench")
