"""The JSON of exports and erasures."""

from __future__ import annotations

from typing import Any

from cavendish.above.tenant_data.models import Erasure, Export
from cavendish.db import ids
from cavendish.http.times import moment
from generations.show.signed_urls import url_sign


def content_path(export: Export) -> str:
    """Returns the path of the archive, which is only served with a signature."""
    tenant, public = ids.encode(ids.TENANT, export.tenant_id), ids.encode(ids.EXPORT, export.id)
    return f"/api/v1/tenants/{tenant}/exports/{public}/content"


def export_json(export: Export) -> dict[str, Any]:
    """Returns the export as the API shows it, with a signed URL once it is ready."""
    url, until = url_sign(content_path(export)) if export.status == Export.Status.READY else (None, None)
    return {
        "id": ids.encode(ids.EXPORT, export.id),
        "object": "export",
        "tenant_id": ids.encode(ids.TENANT, export.tenant_id),
        "status": export.status,
        "section": export.section or None,
        "bytes": export.bytes,
        "files": export.entries,
        "missing": export.missing,
        "created_at": moment(export.created_at),
        "finished_at": moment(export.finished_at),
        "expires_at": moment(export.expires_at),
        "url": url,
        "url_expires_at": moment(until),
    }


def erasure_json(erasure: Erasure) -> dict[str, Any]:
    """Returns the erasure as the API shows it."""
    return {
        "object": "erasure",
        "tenant_id": ids.encode(ids.TENANT, erasure.tenant_id),
        "status": erasure.status,
        "step": erasure.step or None,
        "erased": erasure.erased,
        "created_at": moment(erasure.created_at),
        "due_at": moment(erasure.due_at),
        "started_at": moment(erasure.started_at),
        "finished_at": moment(erasure.finished_at),
    }
