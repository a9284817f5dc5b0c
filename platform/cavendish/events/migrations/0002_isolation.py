from __future__ import annotations

from pathlib import Path

from django.db import migrations

from cavendish.db.rls import sql_file, tenant_table

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Row-level security, and the order that cursors follow."""

    dependencies = (("events", "0001_initial"),)
    operations = (
        tenant_table("events_event", grants="SELECT, INSERT"),
        sql_file(SQL / "0001_tables.sql"),
    )
