from __future__ import annotations

from pathlib import Path
from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from cavendish.db.rls import tenant_table

SQL = Path(__file__).parent.parent / "sql"
NOBODY = "00000000-0000-0000-0000-000000000000"
ROLLUP_KEY = (
    "tenant_id", "billing_date", "hour", "livemode", "model", "api_key_id", "member_id", "image_size", "kind",
)  # fmt: skip


def tenant() -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant")


def key(*columns: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


def money() -> models.DecimalField[Any, Any]:
    return models.DecimalField(decimal_places=9, default=0, max_digits=20)


def rollup_key_exchange(apps: Any, editor: Any) -> None:
    """In one transaction: the other key, what the roll-ups lacked, and the settlement that knows the new key.

    The functions are loaded after every migrate anyway. Until then an old `charge_settle` would name a key that is
    gone, and fail the jobs that end in the meantime.
    """
    functions = (SQL / "functions" / f"{name}.sql" for name in ("usage_sums", "usage_tags_reserve", "charge_settle"))
    editor.execute("SET LOCAL lock_timeout = '30s'")
    editor.execute("SET LOCAL check_function_bodies = off")
    for file in (SQL / "0005_rollups.sql", *functions):
        editor.execute(file.read_text(), params=None)


class Migration(migrations.Migration):
    """Usage by member and by metadata, and the operator's days."""

    atomic = False
    dependencies = (("billing", "0004_budgets_found"), ("accounts", "0003_key_member"))
    operations = (
        migrations.AddField("usagerecord", "member_id", models.UUIDField(null=True)),
        migrations.AddField("usagerecord", "images", models.PositiveIntegerField(db_default=0)),
        migrations.AddField(
            "usagerollup",
            "member_id",
            models.UUIDField(db_default=NOBODY, help_text="Zeros where the key counts for nobody."),
        ),
        migrations.AddField("usagerollup", "images", models.BigIntegerField(db_default=0)),
        migrations.AddField("usagerollup", "flagged", models.BigIntegerField(db_default=0)),
        AddIndexConcurrently("usagerollup", models.Index(fields=["billing_date"], name="rollups_of_a_day")),
        migrations.AlterModelOptions("usagerollup", {}),
        migrations.CreateModel(
            "UsageTag",
            fields=[
                ("pk", key("tenant_id", "key")),
                ("tenant", tenant()),
                ("key", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            "UsageTagValue",
            fields=[
                ("pk", key("tenant_id", "month", "livemode", "key", "value")),
                ("tenant", tenant()),
                ("month", models.DateField(help_text="Its first day.")),
                ("livemode", models.BooleanField()),
                ("key", models.CharField(max_length=64)),
                ("value", models.CharField(max_length=200)),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            "UsageTagRollup",
            fields=[
                ("pk", key("tenant_id", "billing_date", "livemode", "key", "value", "model", "image_size", "kind")),
                ("tenant", tenant()),
                ("billing_date", models.DateField()),
                ("livemode", models.BooleanField()),
                ("key", models.CharField(max_length=64)),
                ("value", models.CharField(max_length=200)),
                ("model", models.CharField(max_length=100)),
                ("image_size", models.CharField(blank=True, max_length=8)),
                ("kind", models.CharField(max_length=16)),
                ("records", models.BigIntegerField(default=0)),
                ("quantity", models.BigIntegerField(default=0)),
                ("images", models.BigIntegerField(default=0)),
                ("amount", money()),
                ("cost", money()),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            "PlatformDay",
            fields=[
                ("pk", key("billing_date", "livemode", "tenant_id", "model")),
                ("billing_date", models.DateField()),
                ("livemode", models.BooleanField()),
                ("tenant", tenant()),
                ("model", models.CharField(max_length=100)),
                ("requests", models.BigIntegerField()),
                ("images", models.BigIntegerField()),
                ("flagged", models.BigIntegerField()),
                ("amount", models.DecimalField(decimal_places=9, max_digits=20)),
                ("cost", models.DecimalField(decimal_places=9, max_digits=20)),
                ("updated_at", models.DateTimeField()),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        tenant_table("billing_usagetag", grants="SELECT, INSERT, DELETE"),
        tenant_table("billing_usagetagvalue", grants="SELECT, INSERT"),
        tenant_table("billing_usagetagrollup", grants="SELECT, INSERT, UPDATE"),
        tenant_table("billing_platformday", grants="SELECT"),
        migrations.RunSQL(
            """CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS billing_usagerollup_by_member ON billing_usagerollup
               (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size, kind)""",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunPython(rollup_key_exchange, migrations.RunPython.noop, atomic=True),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AlterField("usagerollup", "pk", key(*ROLLUP_KEY))]
        ),
    )
