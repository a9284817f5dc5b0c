from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from cavendish.db.rls import composite_key, sql_file, tenant_table

SQL = Path(__file__).parent.parent / "sql"


def amount(**options: object) -> models.DecimalField:  # type: ignore[type-arg]
    return models.DecimalField(decimal_places=9, max_digits=20, **options)  # type: ignore[arg-type]


class Migration(migrations.Migration):
    """Alerts and timed raises of budgets, what a hold has used, and periods that follow the tenant's time zone."""

    dependencies = (("accounts", "0003_key_member"), ("billing", "0002_isolation"))
    operations = (
        migrations.AddField(
            "budget",
            "alerts",
            ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                default=list,
                db_default=[],
                blank=True,
                help_text="Percentages of the limit, 1 to 100.",
                size=None,
            ),
        ),
        migrations.AddField(
            "budget", "raise_to", amount(blank=True, null=True, help_text="The limit until `raise_until`.")
        ),
        migrations.AddField("budget", "raise_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "budget",
            "plan",
            models.ForeignKey(
                blank=True,
                null=True,
                help_text="The plan it came with.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.plan",
            ),
        ),
        AddConstraintNotValid(
            "budget",
            models.CheckConstraint(
                condition=models.Q(raise_to__isnull=True, raise_until__isnull=True)
                | models.Q(raise_to__gt=models.F("limit"), raise_until__isnull=False),
                name="budget_raise_whole",
            ),
        ),
        migrations.AddField(
            "budgetperiod",
            "alerted",
            ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                db_default=[],
                help_text="Percentages that were told.",
                size=None,
            ),
        ),
        migrations.AddField("hold", "api_key_id", models.UUIDField(null=True)),
        migrations.AddField("hold", "member_id", models.UUIDField(null=True)),
        migrations.AddField("hold", "used_amount", amount(null=True)),
        migrations.AddField("hold", "used_images", models.PositiveIntegerField(null=True)),
        migrations.AddField("hold", "used_tokens", models.PositiveIntegerField(null=True)),
        migrations.AddField("hold", "used_requests", models.PositiveSmallIntegerField(null=True)),
        migrations.CreateModel(
            name="BudgetAlert",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("percent", models.PositiveSmallIntegerField()),
                ("limit", amount()),
                ("used", amount()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("mailed_at", models.DateTimeField(null=True)),
                (
                    "budget",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.budget",
                    ),
                ),
                (
                    "budget_period",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.budgetperiod",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["id"], name="budget_alerts_unmailed", condition=models.Q(mailed_at__isnull=True)
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=["budget_period", "percent"], name="budget_alert_once")],
            },
        ),
        tenant_table("billing_budgetalert", grants="SELECT, INSERT"),
        composite_key("billing_budgetalert", "budget_id", "billing_budget"),
        composite_key("billing_budgetalert", "budget_period_id", "billing_budgetperiod"),
        sql_file(SQL / "0003_time_zone.sql"),
    )
