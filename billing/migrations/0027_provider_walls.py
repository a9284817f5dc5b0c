from __future__ import annotations

from django.db import migrations

from cavendish.db.rls import composite_key, operators_table, tenant_table, tenant_unique


class Migration(migrations.Migration):
    """Walls of the provider's tables. Tenants' requests write what they ask for; what came of it, the operator's role."""

    dependencies = (("billing", "0026_providers"),)
    operations = (
        operators_table("billing_providerevent"),
        tenant_table("billing_providercustomer", grants="SELECT"),
        tenant_table("billing_paymentmethod", grants="SELECT"),
        tenant_table("billing_providerpayment", grants="SELECT"),
        tenant_table("billing_autotopup", grants="SELECT"),
        tenant_unique("billing_paymentmethod"),
        composite_key("billing_providerpayment", "method_id", "billing_paymentmethod"),
        composite_key("billing_providerpayment", "invoice_id", "billing_invoice"),
        composite_key("billing_providerpayment", "ledger_transaction_id", "billing_ledgertransaction"),
    )
