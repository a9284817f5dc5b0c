from __future__ import annotations

from pathlib import Path

from django.db import migrations

from cavendish.db.rls import sql_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """A change of a member's role marks the member's keys as changed."""

    dependencies = (("accounts", "0008_closing"),)
    operations = (sql_file(SQL / "0009_member_roles.sql"),)
