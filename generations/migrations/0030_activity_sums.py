from __future__ import annotations

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from cavendish.db.rls import shared_table, tenant_table

KEY = ("model", "image_size", "outcome", "error_code", "upstream_status")


def key(*columns: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


def counts() -> list[tuple[str, models.Field[Any, Any]]]:
    arrays = django.contrib.postgres.fields.ArrayField
    return [
        ("livemode", models.BooleanField()),
        ("model", models.CharField(max_length=100)),
        ("image_size", models.CharField(blank=True, max_length=8)),
        (
            "outcome",
            models.CharField(
                choices=[("succeeded", "Succeeded"), ("failed", "Failed"), ("canceled", "Canceled")], max_length=12
            ),
        ),
        ("error_code", models.CharField(blank=True, help_text="Of failed jobs.", max_length=40)),
        (
            "upstream_status",
            models.PositiveSmallIntegerField(help_text="HTTP status of a failed job's last call; 0: there was none."),
        ),
        ("jobs", models.PositiveIntegerField()),
        ("pictures", models.PositiveIntegerField(help_text="That the charges count.")),
        (
            "retried",
            models.PositiveIntegerField(help_text="Jobs that succeeded after a try that failed or a lost worker."),
        ),
        ("duration_buckets", arrays(base_field=models.PositiveSmallIntegerField(), size=None)),
        ("duration_counts", arrays(base_field=models.PositiveIntegerField(), size=None)),
    ]


def amount() -> models.Field[Any, Any]:
    return models.DecimalField(decimal_places=9, max_digits=20)


class Migration(migrations.Migration):
    """Sums that the operator's page would else make of a row for each tenant and model."""

    dependencies = (("accounts", "0021_webhooks_failing"), ("generations", "0029_found_jobs"))
    operations = (
        migrations.CreateModel(
            "ActivityLatestTotal",
            fields=[("pk", key("livemode", *KEY)), *counts()],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            "TenantMove",
            fields=[
                ("pk", key("tenant_id", "livemode")),
                ("livemode", models.BooleanField()),
                ("day", models.DateField(help_text="The date in UTC when it was summed.")),
                ("today", amount()),
                ("week", amount()),
                ("week_before", amount()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        shared_table("generations_activitylatesttotal", app=""),
        tenant_table("generations_tenantmove", grants="SELECT"),
    )
