"""What must hold after chaos, each promise checked by itself. A check returns what broke it, nothing if it was kept."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from cavendish.db import ids
from tests.chaos.elsewhere import SPOOL
from tests.chaos.load import Told
from tests.crash.sites import Site

ENDED = ("succeeded", "failed", "canceled")
WORKER_BYTES = 512 * 1024**2
"""More than a worker may have at any time: a handful of 4K pictures in flight are a tenth of it."""
FETCHED = 300
SHOWN = 20
Broken = list[str]


@dataclass(frozen=True)
class Aftermath:
    site: Site
    told: Told
    marker: str
    first: dict[str, str]
    """The status of each generation when it had become calm."""
    worker_bytes: int
    """The most that a worker had of memory."""

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return self.site.sql(query, *values)

    def client(self, tenant: int = 0, *, livemode: bool = True) -> httpx.Client:
        key = self.site.running.ready["tenants"][tenant]["api_key" if livemode else "test_api_key"]
        return httpx.Client(
            base_url=self.site.running.url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            follow_redirects=True,
        )


def uuid_of(made: str) -> str:
    found = ids.decode(ids.GENERATION, made)
    assert found is not None, made
    return str(found)


def every_accepted_one_ended_once(after: Aftermath) -> Broken:
    """I1. Also those that nobody was told of: every row of the database."""
    status = {str(row["id"]): row["status"] for row in after.rows("SELECT id, status FROM generations_generation")}
    broken = [f"{made} ({kind}) is lost" for made, kind in after.told.accepted.items() if uuid_of(made) not in status]
    broken += [f"{id} is {state}" for id, state in status.items() if state not in ENDED]
    broken += [f"{id} was {was} and is {status.get(id)}" for id, was in after.first.items() if status.get(id) != was]
    broken += [
        f"{row['subject']} ended {row['n']} times"
        for row in after.rows(
            """SELECT subject, count(*) AS n FROM events_event WHERE data->>'new' = ANY (%s)
               AND subject IN (SELECT id FROM generations_generation) GROUP BY subject HAVING count(*) <> 1""",
            list(ENDED),
        )
    ]
    unsaid = after.rows(
        """SELECT id FROM generations_generation g WHERE NOT EXISTS
           (SELECT 1 FROM events_event e WHERE e.subject = g.id AND e.data->>'new' = g.status)"""
    )
    return broken + [f"{row['id']} ended without an event" for row in unsaid]


def every_request_made_one_job(after: Aftermath) -> Broken:
    """Idempotency: a request that was sent again made no second job."""
    found: dict[str, list[str]] = {}
    for row in after.rows("SELECT id, metadata->>'n' AS name FROM generations_generation WHERE metadata ? 'n'"):
        found.setdefault(row["name"], []).append(str(row["id"]))
    broken = [f"key {name} made {len(made)} jobs" for name, made in found.items() if len(made) > 1]
    for name, said in after.told.sent.items():
        if said and found.get(name) != [uuid_of(said)]:
            broken.append(f"key {name} was told {said}, and made {found.get(name)}")
    return broken


def every_batch_is_whole(after: Aftermath) -> Broken:
    broken = []
    for batch, count in after.told.batches.items():
        id = ids.decode(ids.BATCH, batch)
        rows = after.rows("SELECT status, generation_id FROM generations_batchitem WHERE batch_id = %s", id)
        open_items = [row for row in rows if row["status"] in {"waiting", "in_progress"}]
        if len(rows) != count or open_items:
            broken.append(f"{batch} has {len(rows)} of {count} items, {len(open_items)} not ended")
    return broken


def nothing_is_charged_twice_or_beyond_its_hold(after: Aftermath) -> Broken:
    """I2."""
    rows = after.rows(
        """SELECT g.id, g.status, g.livemode, c.status AS charge, c.amount, h.status AS hold, h.amount AS held,
             (SELECT count(*) FROM billing_ledgertransaction l
              WHERE l.generation_id = g.id AND l.kind = 'charge') AS booked
           FROM generations_generation g LEFT JOIN billing_charge c ON c.generation_id = g.id
           LEFT JOIN billing_hold h ON h.generation_id = g.id"""
    )
    broken = []
    for row in rows:
        charged = row["amount"] or 0
        wrong = (
            (row["status"] == "succeeded" and row["charge"] is None)
            or row["booked"] > 1
            or (charged > 0 and row["livemode"] and row["booked"] != 1)
            or row["hold"] == "held"
            or (row["held"] is not None and charged > row["held"])
        )
        if wrong:
            broken.append(str(row))
    return broken


def no_hard_budget_is_overrun(after: Aftermath) -> Broken:
    """I3; and nothing is held any more when nothing runs."""
    return [
        str(row)
        for row in after.rows(
            """SELECT b.id, p.cap, p.used, p.held
               FROM billing_budgetperiod p JOIN billing_budget b ON b.id = p.budget_id
               WHERE (b.hard AND p.used + p.held > p.cap) OR p.held <> 0"""
        )
    ]


def the_ledger_balances(after: Aftermath) -> Broken:
    """I4."""
    broken = [
        f"transaction {row['transaction_id']} sums to {row['sum']}"
        for row in after.rows(
            """SELECT transaction_id, sum(amount) FROM billing_ledgerentry
               GROUP BY transaction_id HAVING sum(amount) <> 0"""
        )
    ]
    wallets = after.rows(
        """SELECT w.tenant_id, w.livemode, w.balance, w.held, coalesce(sum(e.amount), 0) AS booked
           FROM billing_wallet w
           LEFT JOIN billing_ledgertransaction x ON x.tenant_id = w.tenant_id AND x.livemode = w.livemode
           LEFT JOIN billing_ledgerentry e ON e.transaction_id = x.id AND e.account = 'wallet'
           GROUP BY w.tenant_id, w.livemode, w.balance, w.held"""
    )
    return broken + [str(row) for row in wallets if row["balance"] != row["booked"] or row["held"] != 0]


def reconcile_finds_nothing(after: Aftermath) -> Broken:
    """I5, and all that the books promise each other."""
    try:
        after.site.running.manage("reconcile", "--hashes", "all", "--json")
    except subprocess.CalledProcessError as error:
        return [str(error.output)[-3000:] + str(error.stderr)[-1000:]]
    return []


def strangers_see_nothing(after: Aftermath) -> Broken:
    """I6."""
    broken = []
    with after.client(1) as client:
        for row in after.rows("SELECT id, tenant_id FROM generations_generation ORDER BY random() LIMIT 60"):
            own = after.rows("SELECT slug FROM accounts_tenant WHERE id = %s", row["tenant_id"])[0]["slug"]
            if own == after.site.running.ready["tenants"][1]["slug"]:
                continue
            made = ids.encode(ids.GENERATION, row["id"])
            for path in (f"/api/v1/generations/{made}", f"/v1beta/interactions/{made}"):
                status = client.get(path).status_code
                if status != httpx.codes.NOT_FOUND:
                    broken.append(f"{path}: {status} for a stranger")
    return broken


def every_picture_has_its_hash(after: Aftermath) -> Broken:
    """I7: each on the disk, and as many as fit into the time as a client fetches them."""
    broken, outputs = [], after.rows("SELECT * FROM generations_output")
    for output in outputs:
        path = after.site.data / "objects" / output["storage_key"]
        content = path.read_bytes() if path.exists() else b""
        if (len(content), hashlib.sha256(content).hexdigest()) != (output["bytes"], output["sha256"]):
            broken.append(f"{output['storage_key']} is {len(content)} of {output['bytes']} bytes, or others")
    succeeded = [made for made, kind in after.told.accepted.items() if kind in {"wait", "poll", "stream", "large"}]
    with after.client(0) as first, after.client(1) as second:
        for made in succeeded[:FETCHED]:
            for client in (first, second):
                answer = client.get(f"/api/v1/generations/{made}")
                for output in answer.json()["outputs"] if answer.is_success else ():
                    content = client.get(output["url"]).content
                    if hashlib.sha256(content).hexdigest() != output["sha256"]:
                        broken.append(f"{output['id']} as fetched has another hash")
    if not outputs:
        broken.append("there is not one picture")
    return broken


def what_must_be_shown_is_shown(after: Aftermath) -> Broken:
    """I8."""
    grounded = [made for made, kind in after.told.accepted.items() if kind == "grounded"]
    broken, seen = [], 0
    for tenant in (0, 1):
        with after.client(tenant) as client:
            for made in grounded:
                answer = client.get(f"/api/v1/generations/{made}")
                if not answer.is_success or answer.json()["status"] != "succeeded":
                    continue
                seen += 1
                job = answer.json()
                if not job["grounding"]["citations"] or not job["grounding"]["search_suggestions"]:
                    broken.append(f"{made} has no citations or suggestions")
                for output in job["outputs"]:
                    if "link" not in client.get(output["url"]).headers:
                        broken.append(f"{output['id']}: its bytes have no Link")
    if grounded and not seen:
        broken.append(f"none of {len(grounded)} grounded jobs succeeded")
    return broken


def nothing_private_is_written_down(after: Aftermath) -> Broken:
    """I9: in logs, metrics, and what lies in the broker."""
    secrets = [tenant[name] for tenant in after.site.running.ready["tenants"] for name in ("api_key", "test_api_key")]
    words = {"a prompt": after.marker, **{f"key {number}": secret for number, secret in enumerate(secrets)}}
    # What `up` itself says is left out: it shows the demo tenants' keys, on purpose.
    logs = [*(after.site.data / "logs").glob("*"), *after.site.data.parent.glob("*.log")]
    places = {path.name: path.read_bytes() for path in logs}
    for url in after.site.running.ready["metrics_urls"]:
        places[url] = httpx.get(url, timeout=10).content
    return [
        f"{what} in {place}"
        for place, content in places.items()
        for what, word in words.items()
        if word.encode() in content
    ]


def workers_stay_small(after: Aftermath) -> Broken:
    """I10."""
    if after.worker_bytes == 0:
        return ["no worker was measured"]
    return [f"{after.worker_bytes:,} bytes"] if after.worker_bytes > WORKER_BYTES else []


def nobody_was_told_a_lie(after: Aftermath) -> Broken:
    return after.told.wrong


def nothing_is_left_lying(after: Aftermath) -> Broken:
    """No answer waits in a spool, no lease is held, no picture lies in the store that no row names."""
    left = [str(path) for path in spooled(after.site)]
    known = {output["storage_key"] for output in after.rows("SELECT storage_key FROM generations_output")}
    store = after.site.data / "objects"
    stored = {str(path.relative_to(store)) for path in store.glob("tenants/*/outputs/*/*") if path.is_file()}
    return left + sorted(stored - known)


PROMISES: dict[str, Callable[[Aftermath], Broken]] = {
    "I1 every accepted job ended, once": every_accepted_one_ended_once,
    "   a request that was repeated made one job": every_request_made_one_job,
    "   every batch is whole": every_batch_is_whole,
    "I2 charged at most once, within the hold": nothing_is_charged_twice_or_beyond_its_hold,
    "I3 no hard budget was overrun": no_hard_budget_is_overrun,
    "I4 the ledger balances": the_ledger_balances,
    "I5 reconcile finds nothing": reconcile_finds_nothing,
    "I6 strangers see nothing": strangers_see_nothing,
    "I7 hashes of all pictures": every_picture_has_its_hash,
    "I8 citations and suggestions are there": what_must_be_shown_is_shown,
    "I9 no prompt and no key was written down": nothing_private_is_written_down,
    "I10 workers stayed small": workers_stay_small,
    "   no client was told a lie": nobody_was_told_a_lie,
    "   nothing was left lying": nothing_is_left_lying,
}


def statuses(site: Site) -> dict[str, str]:
    return {str(row["id"]): row["status"] for row in site.sql("SELECT id, status FROM generations_generation")}


def is_calm(site: Site) -> bool:
    """Whether nothing runs or waits any more: no job, no item of a batch, no answer in the spool."""
    try:
        (row,) = site.sql(
            """SELECT (SELECT count(*) FROM generations_generation WHERE NOT status = ANY (%s))
                 + (SELECT count(*) FROM generations_batchitem
                    WHERE status IN ('waiting', 'in_progress')) AS n""",
            list(ENDED),
        )
    except psycopg.Error:
        return False
    return not row["n"] and not spooled(site)


def spooled(site: Site) -> list[Path]:
    """Answers that wait in a spool, of the platform or of the machine beside it."""
    return [path for folder in ("spool", SPOOL) for path in (site.data / folder / "jobs").glob("*/result.json")]


def described(site: Site) -> str:
    """What became of the jobs, for the report."""
    rows = site.sql(
        """SELECT status, coalesce(error->>'code', '') AS code, count(*) AS n, max(attempts) AS attempts
           FROM generations_generation GROUP BY 1, 2 ORDER BY 1, 2"""
    )
    return json.dumps([list(row.values()) for row in rows])
