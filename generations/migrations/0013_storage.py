from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

from cavendish.db.rls import composite_key, sql_file, tenant_table

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    """Unfinished uploads have rows, and everything stored is counted from here on; 0014 counts what was there."""

    dependencies = (("generations", "0012_groups"), ("accounts", "0014_storage"))
    operations = (
        migrations.AddField(
            model_name="batch",
            name="input_bytes",
            field=models.BigIntegerField(
                db_default=0, default=0, help_text="Of an input of its own; 0 once it is erased, or where it is a file."
            ),
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("api_key_id", models.UUIDField()),
                ("livemode", models.BooleanField()),
                ("bytes", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(db_default=Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={
                "indexes": (
                    models.Index(fields=["tenant", "api_key_id"], name="uploads_of_key"),
                    models.Index(fields=["created_at"], name="uploads_to_expire"),
                ),
            },
        ),
        tenant_table("generations_upload"),
        composite_key("generations_upload", "api_key_id", "accounts_apikey"),
        sql_file(SQL / "0013_storage.sql"),
    )
