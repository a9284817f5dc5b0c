from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Prepaid wallets keep the tax of their next invoice back; companies from before only once they say so."""

    dependencies = (("billing", "0034_receipts"),)
    operations = (
        migrations.AddField(
            model_name="wallet",
            name="tax_rate",
            field=models.DecimalField(
                db_default=0,
                decimal_places=4,
                default=0,
                help_text="At which it keeps tax back; 0 keeps none.",
                max_digits=7,
            ),
        ),
        migrations.AddField(
            model_name="wallet",
            name="untaxed",
            field=models.DecimalField(
                db_default=0,
                decimal_places=9,
                default=0,
                help_text="Used, and on no invoice yet (unbilled_sum).",
                max_digits=20,
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="rounding_borne",
            field=models.DecimalField(
                db_default=0,
                decimal_places=9,
                default=0,
                help_text="Of the rounding, what no wallet paid.",
                max_digits=20,
            ),
        ),
        migrations.AddField(
            model_name="legalentity",
            name="keeps_tax_back",
            field=models.BooleanField(
                db_default=True, default=True, help_text="Prepaid wallets keep the tax of their next invoice back."
            ),
        ),
        migrations.RunSQL(
            """
            UPDATE billing_legalentity SET keeps_tax_back = false;
            GRANT UPDATE (untaxed) ON billing_wallet TO cavendish_app;
            """,
            "REVOKE UPDATE (untaxed) ON billing_wallet FROM cavendish_app",
        ),
    )
