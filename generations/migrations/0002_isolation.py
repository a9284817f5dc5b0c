from __future__ import annotations

from pathlib import Path

from django.db import migrations

from cavendish.db.rls import composite_key, shared_table, sql_file, tenant_table, tenant_unique

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Row-level security, keys that carry the tenant, and the guard that keeps an ended job ended."""

    dependencies = (("generations", "0001_initial"), ("billing", "0002_isolation"))
    operations = (
        *(
            tenant_table(table, grants="SELECT, INSERT, UPDATE")
            for table in ("generations_generation", "generations_generationcontent", "generations_file")
        ),
        tenant_table("generations_output", grants="SELECT, INSERT, UPDATE, DELETE"),
        shared_table("generations_worker", app=""),
        tenant_unique("generations_generation"),
        composite_key("generations_generation", "previous_id", "generations_generation"),
        composite_key("generations_generation", "api_key_id", "accounts_apikey"),
        composite_key("generations_generationcontent", "generation_id", "generations_generation"),
        composite_key("generations_output", "generation_id", "generations_generation"),
        sql_file(SQL / "0001_tables.sql"),
    )
