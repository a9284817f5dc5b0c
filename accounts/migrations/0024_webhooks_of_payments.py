from __future__ import annotations

from pathlib import Path

from django.db import migrations

from cavendish.db.rls import sql_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Events of payments have names for receivers."""

    dependencies = (("accounts", "0023_console"),)
    operations = (sql_file(SQL / "0024_webhooks.sql"),)
