from __future__ import annotations

from pathlib import Path

from django.db import migrations

from cavendish.db.rls import sql_file, tenant_table

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Row-level security, the order that cursors follow, and the functions around the table."""

    dependencies = (("events", "0001_initial"),)
    operations = (
        tenant_table("events_event", grants="SELECT, INSERT"),
        sql_file(SQL / "0001_functions.sql"),
    )
