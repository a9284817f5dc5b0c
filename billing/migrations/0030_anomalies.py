from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import tenant_table


class Migration(migrations.Migration):
    """Days on which a tenant or a key spent more than it usually does."""

    dependencies = (("billing", "0029_dunning"),)
    operations = (
        migrations.CreateModel(
            name="UsageAnomaly",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("billing_date", models.DateField()),
                ("api_key_id", models.UUIDField(help_text="Empty: the tenant as a whole.", null=True)),
                (
                    "used",
                    models.DecimalField(decimal_places=9, help_text="By the time it was noticed.", max_digits=20),
                ),
                (
                    "usual",
                    models.DecimalField(decimal_places=9, help_text="What such a day comes to.", max_digits=20),
                ),
                ("limit", models.DecimalField(decimal_places=9, help_text="What it had to pass.", max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("mailed_to", models.JSONField(default=list)),
                ("noticed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
            options={"indexes": [models.Index(fields=["billing_date"], name="anomalies_of_a_day")]},
        ),
        migrations.AddConstraint(
            model_name="usageanomaly",
            constraint=models.UniqueConstraint(
                fields=("tenant", "billing_date", "api_key_id"), name="anomaly_once", nulls_distinct=False
            ),
        ),
        tenant_table("billing_usageanomaly", grants="SELECT"),
    )
