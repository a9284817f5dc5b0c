from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Lines for what credits paid; a change of names only."""

    dependencies = (("billing", "0011_wallets_valid"),)
    operations = (
        migrations.AlterField(
            "invoiceline",
            "type",
            models.CharField(
                choices=[
                    ("usage", "Usage"),
                    ("credit", "Credit used"),
                    ("adjustment", "Adjustment"),
                    ("refund", "Refund"),
                ],
                max_length=12,
            ),
        ),
    )
