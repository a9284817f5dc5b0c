"""Things of another tenant of the same person: they are named, and never shown under this one's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.members.selectors import TenantOfPerson
from accounts.models import ApiKey, TenantStatus
from accounts.roles.permissions import Permission, may
from cavendish.above.console.session_tenant import memberships_of
from cavendish.above.console.workplace import Workplace
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from generations.models import Batch, File, Generation, Output

KINDS: dict[str, Any] = {
    ids.GENERATION: Generation,
    ids.OUTPUT: Output,
    ids.BATCH: Batch,
    ids.FILE: File,
    ids.API_KEY: ApiKey,
}
MOST = 20
"""Tenants that are asked; who has more looks by themselves."""


def elsewhere(request: HttpRequest, work: Workplace, values: Iterable[object]) -> HttpResponse | None:
    """Returns a page (404) that names the tenant which something in the address belongs to, and offers to switch.

    None where nothing of it is of another tenant in which the person may see it. Opens the tenants' contexts.
    """
    wanted = [(model, found) for value in values for prefix, model in KINDS.items() if (found := _id(prefix, value))]
    others = [row for row in memberships_of(request) if row.tenant_id != work.tenant_id and _sees(row)][:MOST]
    for row in others if wanted else ():
        with tenant_context(row.tenant_id):
            there = any(model.objects.filter(tenant_id=row.tenant_id, id=found).exists() for model, found in wanted)
        if there:
            return render(request, "console/elsewhere.html", {"other": row}, status=404)
    return None


def _sees(row: TenantOfPerson) -> bool:
    return may(row.role, Permission.READ) and row.status not in {TenantStatus.CLOSING, TenantStatus.ERASED}


def _id(prefix: str, value: object) -> Any:
    try:
        return ids.decode(prefix, str(value))
    except ValueError:
        return None
