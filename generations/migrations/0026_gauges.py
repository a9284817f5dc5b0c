from __future__ import annotations

from django.db import migrations, models

from cavendish.db.rls import shared_table


def key(*columns: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    """What the jobs of an hour were charged and cost, and how the platform stood in it."""

    dependencies = (("generations", "0025_activity_index"),)
    operations = (
        migrations.CreateModel(
            "ActivityMoney",
            fields=[
                ("pk", key("hour", "livemode", "currency")),
                ("hour", models.DateTimeField()),
                ("livemode", models.BooleanField()),
                ("currency", models.CharField(max_length=3)),
                ("jobs", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=9, max_digits=26)),
                (
                    "cost",
                    models.DecimalField(
                        decimal_places=9, help_text="The upstream's, in its own currency.", max_digits=26
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "PlatformGauge",
            fields=[
                ("pk", key("name", "hour")),
                ("name", models.CharField(max_length=40)),
                ("hour", models.DateTimeField()),
                (
                    "last",
                    models.DecimalField(
                        decimal_places=9, help_text="The newest value, or the sum of the hour.", max_digits=26
                    ),
                ),
                ("peak", models.DecimalField(decimal_places=9, max_digits=26)),
            ],
        ),
        shared_table("generations_activitymoney", app=""),
        shared_table("generations_platformgauge", app=""),
    )
