"""What the checks of a run found, in words: whose row differs, which one it is, and the figures that do not agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from accounts.models import Tenant
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.above.ui.formats import MONEY_IN_FULL, money
from cavendish.above.ui.labels import label
from cavendish.db import ids


@dataclass(frozen=True)
class RowFound:
    """A row that differs. `subject` leads to what it is; `figures` are names and values."""

    tenant_id: str
    tenant: str
    subject: SafeString | str
    figures: list[tuple[str, str]]


@dataclass(frozen=True)
class CheckFound:
    """A check of a run: how many rows differ, and the first of them."""

    name: str
    about: str
    count: int
    seconds: float
    error: str
    rows: list[RowFound]
    more: int

    @property
    def is_clean(self) -> bool:
        return not self.count and not self.error


def checks_of(run: ReconcileRun) -> list[CheckFound]:
    """Returns the checks of a run, those that found something or could not run first."""
    named = {row["tenant_id"] for check in run.checks for row in check.get("rows") or [] if row.get("tenant_id")}
    tenants = {str(tenant.id): tenant for tenant in Tenant.objects.filter(id__in=named)}
    found = [_check(check, tenants) for check in run.checks]
    return sorted(found, key=lambda check: (not check.error, -check.count, check.name))


def _check(check: Mapping[str, Any], tenants: Mapping[str, Tenant]) -> CheckFound:
    rows = [_row(row, tenants) for row in check.get("rows") or []]
    differing = int(check.get("count") or 0)
    return CheckFound(
        name=label(_words(check["check"]).capitalize()),
        about=label(str(check.get("about") or "")),
        count=differing,
        seconds=float(check.get("seconds") or 0),
        error=str(check.get("error") or ""),
        rows=rows,
        more=max(differing - len(rows), 0),
    )


def _row(row: Mapping[str, Any], tenants: Mapping[str, Tenant]) -> RowFound:
    tenant = tenants.get(str(row.get("tenant_id")))
    figures = [
        (label(_words(name)), _figure(value))
        for name, value in row.items()
        if name not in ("tenant_id", "subject") and value is not None
    ]
    return RowFound(
        tenant_id=ids.encode(ids.TENANT, tenant.id) if tenant else "",
        tenant=tenant.name if tenant else "",
        subject=_subject(str(row.get("subject") or "")),
        figures=figures,
    )


def _words(name: str) -> str:
    return name.replace("_", " ").replace(".", " ")


def _subject(text: str) -> SafeString | str:
    """Returns a link for an id, which the search leads to its thing; any other text as it is."""
    try:
        value = UUID(text)
    except ValueError:
        return text
    address = f"{reverse('admin:search')}?{urlencode({'q': text})}"
    return format_html('<a class="code nowrap" href="{}">…{}</a>', address, value.hex[-8:])


def _figure(value: Any) -> str:
    text = str(value)
    try:
        return money(Decimal(text), digits=MONEY_IN_FULL) if "." in text else text
    except InvalidOperation:
        return text
