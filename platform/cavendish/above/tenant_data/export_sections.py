"""What an export contains, section by section, in units that are read again as a whole when a step is interrupted.

tenant.json                                     the tenant and its settings
tables/<name>/000001.jsonl …                    rows as they are (export_tables.py)
generations/<id>/generation.json, <output>.png  the API's JSON, with its pictures and thoughts
files/<id>/file.json, content.png               uploads and inline inputs that still exist
invoices/<number>.pdf, .xml                     issued documents
manifest.json                                   what it contains and what was missing; the last entry
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import Tenant
from billing.models import CreditNote, Invoice, InvoiceDocument
from cavendish.above.tenant_data.export_tables import TABLES, table_page
from cavendish.above.tenant_data.models import Export
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.times import moment
from generations.models import File, Generation, Output
from generations.selectors import generations_load
from generations.show.representation import file_json, generation_json

FORMAT = "cavendish-export-1"
PAGE = 50
_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "video/mp4": "mp4",
}


@dataclass(frozen=True)
class StoredEntry:
    """An entry whose bytes are in the object store."""

    name: str
    storage_key: str
    bytes: int


@dataclass(frozen=True)
class Unit:
    """Entries that belong together; `cursor` is where the section continues after them."""

    cursor: str
    documents: list[tuple[str, bytes]] = field(default_factory=list)
    stored: list[StoredEntry] = field(default_factory=list)


Section = Callable[[Export, str], Iterator[Unit]]
"""Yields the units after a cursor, which is "" at the beginning. Opens the tenant context only while it reads."""


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()


def _tenant(export: Export, cursor: str) -> Iterator[Unit]:
    with tenant_context(export.tenant_id):
        tenant = Tenant.objects.get(id=export.tenant_id)
    document = {f.attname: getattr(tenant, f.attname) for f in Tenant._meta.concrete_fields if f.attname != "weight"}
    document["id"] = ids.encode(ids.TENANT, tenant.id)
    if not cursor:
        yield Unit("done", [("tenant.json", _json(document))])


def _tables(export: Export, cursor: str) -> Iterator[Unit]:
    """Yields tables page by page. The cursor is JSON: [table, page, key]."""
    labels = list(TABLES)
    current, page, key = json.loads(cursor) if cursor else (labels[0], 0, "")
    for label in labels[labels.index(current) :]:
        more = label != current or page == 0 or key != ""
        while more:
            with tenant_context(export.tenant_id):
                rows, key = table_page(label, key)
            page += 1
            more = key != ""
            name = label.rpartition(".")[2].lower()
            documents = [(f"tables/{name}/{page:06}.jsonl", "\n".join([*rows, ""]).encode())] if rows else []
            yield Unit(json.dumps([label, page, key]), documents)
        page, key = 0, ""


def _generations(export: Export, cursor: str) -> Iterator[Unit]:
    while True:
        with tenant_context(export.tenant_id):
            rows = Generation.objects.filter(tenant_id=export.tenant_id, deleted_at=None)
            if cursor:
                rows = rows.filter(id__gt=UUID(cursor))
            details = generations_load(list(rows.order_by("id")[:PAGE]))
        for detail in details:
            folder = f"generations/{ids.encode(ids.GENERATION, detail.generation.id)}"
            document = {**generation_json(detail), "page_url": None}
            for output in document["outputs"]:
                output["url"] = output["url_expires_at"] = output["page_url"] = None
            stored = [
                StoredEntry(f"{folder}/{_output_name(output)}", output.storage_key, output.bytes)
                for output in detail.outputs
            ]
            cursor = detail.generation.id.hex
            yield Unit(cursor, [(f"{folder}/generation.json", _json(document))], stored)
        if len(details) < PAGE:
            return


def _output_name(output: Output) -> str:
    return f"{ids.encode(ids.OUTPUT, output.id)}.{_EXTENSIONS.get(output.mime_type, 'bin')}"


def _files(export: Export, cursor: str) -> Iterator[Unit]:
    while True:
        with tenant_context(export.tenant_id):
            rows = File.objects.filter(tenant_id=export.tenant_id, deleted_at=None)
            if cursor:
                rows = rows.filter(id__gt=UUID(cursor))
            files = list(rows.order_by("id")[:PAGE])
        for file in files:
            folder = f"files/{ids.encode(ids.FILE, file.id)}"
            name = f"{folder}/content.{_EXTENSIONS.get(file.mime_type, 'bin')}"
            cursor = file.id.hex
            document = (f"{folder}/file.json", _json(file_json(file)))
            yield Unit(cursor, [document], [StoredEntry(name, file.storage_key, file.bytes)])
        if len(files) < PAGE:
            return


def _invoices(export: Export, cursor: str) -> Iterator[Unit]:
    with tenant_context(export.tenant_id):
        remaining = InvoiceDocument.objects.filter(tenant_id=export.tenant_id)
        if cursor:
            remaining = remaining.filter(subject_id__gt=UUID(cursor))
        documents = list(remaining.order_by("subject_id"))
        numbers: dict[UUID, str] = {}
        for model in (Invoice, CreditNote):
            rows: Any = model.objects.filter(id__in=[document.subject_id for document in documents])
            numbers |= dict(rows.values_list("id", "number"))
    for document in documents:
        number = (numbers.get(document.subject_id) or document.subject_id.hex).replace("/", "-")
        name = document.name or f"{number}.pdf"  # those of before have no name
        entry = StoredEntry(f"invoices/{name}", document.storage_key, document.bytes)
        yield Unit(document.subject_id.hex, stored=[entry])


def _manifest(export: Export, cursor: str) -> Iterator[Unit]:
    if cursor:
        return
    document = {
        "format": FORMAT,
        "export": ids.encode(ids.EXPORT, export.id),
        "tenant": ids.encode(ids.TENANT, export.tenant_id),
        "requested_at": moment(export.created_at),
        "files_before_this": export.entries,
        "missing": export.missing,
        "left_out": "Secrets of keys, and the operator's own data: costs, flags, notes.",
    }
    yield Unit("done", [("manifest.json", _json(document))])


SECTIONS: dict[str, Section] = {
    "tenant": _tenant,
    "tables": _tables,
    "generations": _generations,
    "files": _files,
    "invoices": _invoices,
    "manifest": _manifest,
}


def section_after(name: str) -> str | None:
    """Returns the section that follows, or None after the last."""
    names: Sequence[str] = list(SECTIONS)
    index = names.index(name) + 1
    return names[index] if index < len(names) else None
