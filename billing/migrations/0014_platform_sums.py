from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from cavendish.db.rls import shared_table, tenant_table


def key(*columns: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


def sums(digits: int) -> list[tuple[str, models.Field[Any, Any]]]:
    return [
        ("requests", models.BigIntegerField()),
        ("images", models.BigIntegerField()),
        ("flagged", models.BigIntegerField()),
        ("amount", models.DecimalField(decimal_places=9, max_digits=digits)),
        ("cost", models.DecimalField(decimal_places=9, max_digits=digits)),
    ]


class Migration(migrations.Migration):
    """What the operator's page shows, in a few thousand rows however many tenants and days there are."""

    dependencies = (("billing", "0013_month_dates"), ("accounts", "0003_key_member"))
    operations = (
        migrations.CreateModel(
            "PlatformMonth",
            fields=[
                ("pk", key("month", "livemode", "tenant_id", "model")),
                ("month", models.DateField(help_text="Its first day.")),
                ("livemode", models.BooleanField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
                ("model", models.CharField(max_length=100)),
                *sums(20),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            "PlatformTotal",
            fields=[
                ("pk", key("billing_date", "livemode", "currency", "model")),
                ("billing_date", models.DateField()),
                ("livemode", models.BooleanField()),
                ("currency", models.CharField(max_length=3)),
                ("model", models.CharField(max_length=100)),
                *sums(26),
            ],
        ),
        tenant_table("billing_platformmonth", grants="SELECT"),
        shared_table("billing_platformtotal", app=""),
        # Days that were summed before are summed into these with the next refresh, which begins anew without them.
        migrations.RunSQL("DELETE FROM billing_platformday", reverse_sql=migrations.RunSQL.noop),
    )
