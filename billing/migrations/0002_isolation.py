from __future__ import annotations

from pathlib import Path

from django.db import migrations

from cavendish.db.rls import composite_key, shared_table, sql_file, tenant_table, tenant_unique

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Row-level security, keys that carry the tenant, the partitioned usage table, the guards of the ledger."""

    dependencies = (("billing", "0001_initial"), ("accounts", "0002_isolation"), ("events", "0002_isolation"))
    operations = (
        sql_file(SQL / "0001_tables.sql"),
        *(shared_table(table) for table in ("billing_plan", "billing_price")),
        tenant_table("billing_subscription", grants="SELECT"),
        *(
            tenant_table(table, grants="SELECT, INSERT, UPDATE")
            for table in (
                "billing_wallet",
                "billing_budget",
                "billing_budgetperiod",
                "billing_hold",
                "billing_usagerollup",
                "billing_billingperiod",
            )
        ),
        *(
            tenant_table(table, grants="SELECT, INSERT")
            for table in (
                "billing_holdline",
                "billing_charge",
                "billing_usagerecord",
                "billing_ledgertransaction",
                "billing_ledgerentry",
            )
        ),
        tenant_unique("billing_budget"),
        tenant_unique("billing_budgetperiod"),
        tenant_unique("billing_hold", "generation_id"),
        tenant_unique("billing_charge", "generation_id"),
        tenant_unique("billing_ledgertransaction"),
        composite_key("billing_budgetperiod", "budget_id", "billing_budget"),
        composite_key("billing_holdline", "hold_id", "billing_hold", target_column="generation_id"),
        composite_key("billing_holdline", "budget_period_id", "billing_budgetperiod"),
        composite_key("billing_charge", "generation_id", "billing_hold", target_column="generation_id"),
        composite_key("billing_usagerecord", "generation_id", "billing_charge", target_column="generation_id"),
        composite_key("billing_ledgerentry", "transaction_id", "billing_ledgertransaction"),
    )
