from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from cavendish.db.rls import sql_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Tenants that are erased, and an audit that lets content go but no fact."""

    dependencies = [
        ("accounts", "0007_tenants"),
    ]

    operations = [
        migrations.AlterField(
            model_name="tenant",
            name="status",
            field=models.CharField(
                choices=[
                    ("active", "Active"),
                    ("suspended", "Suspended"),
                    ("closing", "Closing"),
                    ("erased", "Erased"),
                ],
                default="active",
                max_length=16,
            ),
        ),
        sql_file(SQL / "0008_audit.sql"),
    ]
