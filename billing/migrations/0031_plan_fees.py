from __future__ import annotations

from typing import Any

from django.db import migrations, models


def amount(text: str) -> models.DecimalField[Any, Any]:
    return models.DecimalField(max_digits=20, decimal_places=9, default=0, db_default=0, help_text=text)


class Migration(migrations.Migration):
    """Base fee, minimum commitment and volume discounts of a plan, and the lines of an invoice that they make."""

    dependencies = (("billing", "0030_anomalies"),)
    operations = (
        migrations.AddField("planversion", "base_fee", amount("A month, by days where it begins within one.")),
        migrations.AddField("planversion", "minimum_commitment", amount("What a month comes to at least.")),
        migrations.AddField(
            "planversion",
            "volume_discounts",
            models.JSONField(
                default=list,
                db_default=models.Value([], models.JSONField()),
                help_text="Percent off what a month's usage comes to above a step.",
            ),
        ),
        migrations.AlterField(
            "invoiceline",
            "type",
            models.CharField(
                choices=[
                    ("usage", "Usage"), ("base_fee", "Base fee"), ("discount", "Volume discount"),
                    ("commitment", "Minimum commitment"), ("credit", "Credit used"), ("adjustment", "Adjustment"),
                    ("refund", "Refund"), ("rounding", "Rounding"),
                ],
                max_length=12,
            ),
        ),
    )  # fmt: skip
