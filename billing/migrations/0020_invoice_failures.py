from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A draft that cannot be made keeps why; and invoices may have a line of rounding."""

    dependencies = (("billing", "0019_ledger_movements"),)
    operations = (
        migrations.AddField(
            model_name="invoice",
            name="failure",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Why the draft could not be summed up or finalised.",
                max_length=300,
            ),
        ),
        migrations.AddField(model_name="invoice", name="failed_at", field=models.DateTimeField(null=True)),
        migrations.AlterField(
            model_name="invoiceline",
            name="type",
            field=models.CharField(
                choices=[
                    ("usage", "Usage"),
                    ("credit", "Credit used"),
                    ("adjustment", "Adjustment"),
                    ("refund", "Refund"),
                    ("rounding", "Rounding"),
                ],
                max_length=12,
            ),
        ),
    )
