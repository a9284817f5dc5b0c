"""Stored bytes against the SHA-256 that their rows hold: pictures, smaller ones, files, and PDFs of invoices."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from django.utils.translation import gettext_noop

from billing.reconcile import Differences, Scope, Snapshot
from cavendish.storage import ObjectMissing, Objects, is_outage
from generations.reconcile.objects import still_there

SAMPLE = 250
"""Of each kind of object, how many are read where not all are."""
ABOUT = gettext_noop(
    "The bytes of pictures, files, invoices and credit notes are those that were stored: their SHA-256 is the row's."
)
KINDS = {
    "output": ("generations_output", "id", "true"),
    "derivative": ("generations_derivative", "id", "true"),
    "file": ("generations_file", "id", "deleted_at IS NULL"),
    "invoice": ("billing_invoicedocument", "subject_id", "true"),
}


def hashes_compare(snapshot: Snapshot, scope: Scope, *, store: Objects, most: int, every: bool = False) -> Differences:
    """Reads objects that rows of the scope name: a sample of each kind, or `every` one. Months are ignored.

    What was erased meanwhile is no difference. An object that cannot be read is named and stops no other.
    """
    began = time.monotonic()
    found = Differences("hashes", ABOUT)
    for kind, (table, id_column, kept) in KINDS.items():
        sql = f"""SELECT tenant_id, {id_column} AS id, storage_key AS key, sha256, '{kind}' AS kind FROM {table}
                  WHERE sha256 <> '' AND {kept} AND created_at >= %(since)s::timestamptz
                      AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
                  {"" if every else f"ORDER BY random() LIMIT {SAMPLE}"}"""  # noqa: S608  names of ours
        for row in snapshot.rows(sql, scope.values()):
            problem = _problem(store, row)
            if problem:
                found.count += 1
                if len(found.rows) < most:
                    found.rows.append({"tenant_id": row["tenant_id"], "subject": row["key"], **problem})
    found.seconds = time.monotonic() - began
    return found


def _problem(store: Objects, row: dict[str, Any]) -> dict[str, str]:
    digest = hashlib.sha256()
    try:
        for chunk in store.read(row["key"]):
            digest.update(chunk)
    except ObjectMissing:
        return {"problem": "the object is missing"} if still_there([row]) else {}
    except Exception as error:
        if not is_outage(error):
            raise
        return {"problem": f"the object cannot be read: {type(error).__name__}"}
    if digest.hexdigest() == row["sha256"]:
        return {}
    return {"problem": "the bytes differ", "row_sha256": row["sha256"], "object_sha256": digest.hexdigest()}
