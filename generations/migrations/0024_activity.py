from __future__ import annotations

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from cavendish.db.rls import shared_table, tenant_table

KEY = ("model", "image_size", "outcome", "error_code", "upstream_status")


def key(*columns: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


def tenant() -> tuple[str, models.Field[Any, Any]]:
    return (
        "tenant",
        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"),
    )


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


class Migration(migrations.Migration):
    """Hourly counts of jobs for the operator's pages."""

    dependencies = (("accounts", "0016_webhook_secrets"), ("generations", "0023_upstream_calls"))
    operations = (
        migrations.CreateModel(
            "ActivityHour",
            fields=[
                ("pk", key("hour", "livemode", "tenant_id", *KEY)),
                *counts(),
                ("hour", models.DateTimeField()),
                tenant(),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            "ActivityLatest",
            fields=[
                ("pk", key("livemode", "tenant_id", *KEY)),
                *counts(),
                tenant(),
                ("first_at", models.DateTimeField(help_text="When the first of them ended.")),
                ("last_at", models.DateTimeField(help_text="When the last of them ended.")),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            "ActivityTotal",
            fields=[("pk", key("hour", "livemode", *KEY)), *counts(), ("hour", models.DateTimeField())],
            options={"abstract": False},
        ),
        tenant_table("generations_activityhour", grants="SELECT"),
        tenant_table("generations_activitylatest", grants="SELECT"),
        shared_table("generations_activitytotal", app=""),
    )
