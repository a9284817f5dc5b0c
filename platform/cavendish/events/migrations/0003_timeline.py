from __future__ import annotations

from pathlib import Path

from django.db import migrations

from cavendish.db.rls import sql_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """The order of events outlives a restore. A default changes in the catalog alone."""

    dependencies = (("events", "0002_isolation"),)
    operations = (sql_file(SQL / "0003_timeline.sql"),)
