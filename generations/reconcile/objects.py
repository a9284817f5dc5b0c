"""Rows and the objects that they name, side by side in the order of the keys: neither is ever in memory whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop

from billing.reconcile import Differences, Scope, Snapshot
from cavendish.db.router import acting_as
from cavendish.storage import Objects, Stored
from generations.models import Derivative, File, Output

GRACE = 3600.0
"""Seconds. Bytes are kept before their row is written: an object younger than this may be a job's that is ending."""
AT_ONCE = 500
ABOUT = gettext_noop(
    "Every row of a picture, file or invoice has its object, of the same size, and no object is without a row."
)
# A batch names the file it was made from, or an object of its own: known, but another's to keep.
ROWS = """
    SELECT key, (array_agg(tenant_id))[1] AS tenant_id, (array_agg(id))[1] AS id, max(bytes) AS bytes,
           bool_or(needed) AS needed, max(kind) AS kind
    FROM (
        SELECT storage_key AS key, tenant_id, id, bytes, true AS needed, 'output' AS kind, created_at
        FROM generations_output
        UNION ALL
        SELECT storage_key, tenant_id, id, bytes, true, 'derivative', created_at FROM generations_derivative
        UNION ALL
        SELECT storage_key, tenant_id, id, bytes, true, 'file', created_at
        FROM generations_file WHERE deleted_at IS NULL
        UNION ALL
        SELECT storage_key, tenant_id, subject_id, bytes, true, 'invoice', created_at FROM billing_invoicedocument
        UNION ALL
        SELECT input_key, tenant_id, id, NULL, false, 'batch', created_at
        FROM generations_batch WHERE input_key <> '') r
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND created_at >= %(since)s::timestamptz
    GROUP BY key ORDER BY key COLLATE "C"
"""
KEPT = ("outputs", "derived", "files", "batches", "invoices")


def objects_compare(snapshot: Snapshot, scope: Scope, *, store: Objects, most: int) -> Differences:
    """Lists the store after the snapshot was taken. What was erased since then is no difference: it is looked up again.

    A month in the scope is ignored: objects have none. Of what was written since a moment the rows are looked up, one
    folder after the other, and nothing else is listed.
    """
    began = time.monotonic()
    found = Differences("objects", ABOUT)
    prefix = f"tenants/{scope.tenant_id.hex}/" if scope.tenant_id else "tenants/"
    missing: list[dict[str, Any]] = []

    def tell(row: dict[str, Any]) -> None:
        found.count += 1
        if len(found.rows) < most:
            found.rows.append(row)

    def settle() -> None:
        still = still_there(missing)
        for row in missing:
            if row["id"] in still:
                tell({"tenant_id": row["tenant_id"], "subject": row["key"], "problem": "the object is missing"})
        missing.clear()

    rows = snapshot.rows(ROWS, scope.values())
    for row, stored in _paired(rows, store.listing(prefix)) if scope.since is None else _looked_up(rows, store):
        if row is None:
            assert stored is not None
            owner = _owner(stored.key)
            if owner is not None and stored.modified < snapshot.at.timestamp() - GRACE:
                tell({"tenant_id": owner, "subject": stored.key, "problem": "no row names the object"})
        elif stored is None:
            if row["needed"]:
                missing.append(row)
                if len(missing) >= AT_ONCE:
                    settle()
        elif row["bytes"] is not None and row["bytes"] != stored.bytes:
            sizes = {"row_bytes": row["bytes"], "object_bytes": stored.bytes}
            tell({"tenant_id": row["tenant_id"], "subject": row["key"], "problem": "the sizes differ", **sizes})
    if missing:
        settle()
    found.seconds = time.monotonic() - began
    return found


def _paired(
    rows: Iterator[dict[str, Any]], objects: Iterator[Stored]
) -> Iterator[tuple[dict[str, Any] | None, Stored | None]]:
    """Both in the order of their keys' bytes: pairs of one key, and singles."""
    row, stored = next(rows, None), next(objects, None)
    while row is not None or stored is not None:
        ours = row["key"].encode() if row is not None else None
        theirs = stored.key.encode() if stored is not None else None
        if ours is not None and (theirs is None or ours < theirs):
            yield row, None
            row = next(rows, None)
        elif theirs is not None and (ours is None or theirs < ours):
            yield None, stored
            stored = next(objects, None)
        else:
            yield row, stored
            row, stored = next(rows, None), next(objects, None)


def _looked_up(rows: Iterator[dict[str, Any]], store: Objects) -> Iterator[tuple[dict[str, Any], Stored | None]]:
    """Each row with its object, if there is one; rows of a folder lie beside each other."""
    for folder, group in groupby(rows, key=lambda row: row["key"].rpartition("/")[0] + "/"):
        there = {stored.key: stored for stored in store.listing(folder)}
        for row in group:
            yield row, there.get(row["key"])


def _owner(key: str) -> UUID | None:
    """Whose object it is, when it lies where rows of ours name objects."""
    parts = key.split("/")
    if len(parts) < 4 or parts[2] not in KEPT:
        return None
    try:
        return UUID(hex=parts[1])
    except ValueError:
        return None


def still_there(rows: list[dict[str, Any]]) -> set[UUID]:
    """Those of the rows that exist now, as the operator's role sees them; an invoice's never goes."""
    outputs = [row["id"] for row in rows if row["kind"] == "output"]
    derivatives = [row["id"] for row in rows if row["kind"] == "derivative"]
    files = [row["id"] for row in rows if row["kind"] == "file"]
    with acting_as("operator"):
        return {
            *(row["id"] for row in rows if row["kind"] == "invoice"),
            *Output.objects.filter(id__in=outputs).values_list("id", flat=True),
            *Derivative.objects.filter(id__in=derivatives).values_list("id", flat=True),
            *File.objects.filter(id__in=files, deleted_at=None).values_list("id", flat=True),
        }
