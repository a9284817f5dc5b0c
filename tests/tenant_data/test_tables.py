"""Every table of a tenant's is in the export or is left out for a reason; so is every column that is not for it."""

from __future__ import annotations

import json

import pytest
from django.apps import apps

from cavendish.above.tenant_data.export_tables import LEFT_OUT, TABLES, table_page
from cavendish.db.tenancy import TenantModel, tenant_context
from tests.walls.conftest import Filled, pair

__all__ = ["pair"]
NOT_FOR_TENANTS = {"digest", "previous_digest", "cost", "flags", "flagged", "actor", "absorbed", "input_key"}


def test_every_table_is_decided_upon() -> None:
    every = {model._meta.label for model in apps.get_models() if issubclass(model, TenantModel)}
    assert TABLES.keys() | LEFT_OUT.keys() == every
    assert not TABLES.keys() & LEFT_OUT.keys()
    assert all(LEFT_OUT.values())


def test_no_column_that_is_the_operators_or_a_secret_goes_out() -> None:
    for label, without in TABLES.items():
        columns = {field.attname for field in apps.get_model(label)._meta.concrete_fields}
        assert without <= columns, label
        assert not (columns - without) & NOT_FOR_TENANTS, label


@pytest.mark.parametrize("label", TABLES)
def test_each_table_gives_its_tenants_rows_and_no_others(pair: tuple[Filled, Filled], label: str) -> None:
    own, _ = pair
    with tenant_context(own.id):
        lines, cursor = table_page(label, "")
    assert lines, f"{label} is empty"
    assert cursor == ""
    for line in lines:
        row = json.loads(line)
        assert row["tenant_id"] == own.id.hex
        assert not TABLES[label] & row.keys()
        for name in ("amount", "balance", "limit", "total"):
            assert not isinstance(row.get(name), float), f"{label}.{name} is no string"


def test_pages_follow_each_other(pair: tuple[Filled, Filled], monkeypatch: pytest.MonkeyPatch) -> None:
    own, _ = pair
    monkeypatch.setattr("cavendish.above.tenant_data.export_tables.PAGE", 1)
    for label in ("billing.UsageRollup", "billing.LedgerEntry", "billing.Wallet"):
        with tenant_context(own.id):
            lines: list[str] = []
            cursor, pages = "", 0
            while pages == 0 or cursor:
                page, cursor = table_page(label, cursor)
                lines += page
                pages += 1
            whole = apps.get_model(label).objects.filter(tenant_id=own.id).count()
        assert len(lines) == len(set(lines)) == whole > 1
