from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Refunds of charges and credit notes of their invoices share what is left; each says how much it leaves."""

    dependencies = (("billing", "0032_settling"),)
    operations = (
        migrations.AddField(
            model_name="ledgertransaction",
            name="kept",
            field=models.DecimalField(
                decimal_places=20,
                help_text="Of a refund: how much of its charge is left, from 1 to 0, where credit notes count too.",
                max_digits=21,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="creditnoteline",
            name="kept",
            field=models.DecimalField(
                decimal_places=20,
                help_text="How much of the line credit notes have left, from 1 to 0, with this one.",
                max_digits=21,
                null=True,
            ),
        ),
    )
