from __future__ import annotations

from django.db import migrations, models

from cavendish.db.spared import spare_index, spare_tenant_key


class Migration(migrations.Migration):
    """What each picture paid for and nothing needed: indexes that begin others, keys to the tenant that others imply."""

    atomic = False
    dependencies = (("billing", "0039_unbooked_found"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[
                spare_tenant_key(
                    "billing_allowanceuse", "billing_allowanceuse_tenant_id_4ab84970_fk_accounts_tenant_id"
                ),
                spare_tenant_key("billing_charge", "billing_charge_tenant_id_28deb22a_fk_accounts_tenant_id"),
                spare_tenant_key("billing_holdline", "billing_holdline_tenant_id_6de261e4_fk_accounts_tenant_id"),
                spare_tenant_key("billing_ledgerentry", "billing_ledgerentry_tenant_id_4acd7387_fk_accounts_tenant_id"),
                spare_tenant_key("billing_usagerecord", "billing_usagerecord_tenant_id_fkey"),
                spare_tenant_key(
                    "billing_budgetperiod", "billing_budgetperiod_tenant_id_8b4403be_fk_accounts_tenant_id"
                ),
                spare_index("billing_budgetperiod", "billing_budgetperiod_budget_id_a69bf332", "budget_id"),
                spare_index("billing_budgetperiod", "billing_budgetperiod_tenant_id_8b4403be", "tenant_id"),
                spare_index("billing_charge", "billing_charge_tenant_id_28deb22a", "tenant_id"),
                spare_index("billing_hold", "billing_hold_tenant_id_3c549986", "tenant_id"),
                spare_index("billing_ledgerentry", "billing_ledgerentry_tenant_id_4acd7387", "tenant_id"),
                spare_index("billing_ledgertransaction", "billing_ledgertransaction_tenant_id_237bffa6", "tenant_id"),
                spare_index("billing_usagetag", "billing_usagetag_tenant_id_7da9af3d", "tenant_id"),
                spare_index("billing_usagetagrollup", "billing_usagetagrollup_tenant_id_190677db", "tenant_id"),
                spare_index("billing_usagetagvalue", "billing_usagetagvalue_tenant_id_065101ed", "tenant_id"),
                spare_index("billing_wallet", "billing_wallet_tenant_id_7fee158c", "tenant_id"),
            ],
            state_operations=[
                migrations.AlterField(
                    "allowanceuse",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
                migrations.AlterField(
                    "budgetperiod",
                    "budget",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="periods",
                        to="billing.budget",
                    ),
                ),
                migrations.AlterField(
                    "budgetperiod",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
                migrations.AlterField(
                    "charge",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
                migrations.AlterField(
                    "hold",
                    "tenant",
                    models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"),
                ),
                migrations.AlterField(
                    "holdline",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
                migrations.AlterField(
                    "ledgerentry",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
                migrations.AlterField(
                    "ledgertransaction",
                    "tenant",
                    models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"),
                ),
                migrations.AlterField(
                    "usagerecord",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
                migrations.AlterField(
                    "usagetag",
                    "tenant",
                    models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"),
                ),
                migrations.AlterField(
                    "usagetagrollup",
                    "tenant",
                    models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"),
                ),
                migrations.AlterField(
                    "usagetagvalue",
                    "tenant",
                    models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"),
                ),
                migrations.AlterField(
                    "wallet",
                    "tenant",
                    models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="accounts.tenant"),
                ),
            ],
        ),
    )
