from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """The app's role moves a wallet's money and notes alerts; how much credit a tenant gets is the operator's."""

    dependencies = (("billing", "0015_rollups_of_tenants"),)
    operations = (
        migrations.RunSQL(
            """
            REVOKE UPDATE ON billing_wallet FROM cavendish_app;
            GRANT UPDATE (balance, held, low_balance_threshold, low_balance_told_at) ON billing_wallet TO cavendish_app;
            """,
            "GRANT UPDATE ON billing_wallet TO cavendish_app",
        ),
    )
