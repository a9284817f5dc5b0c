from __future__ import annotations

from pathlib import Path

from django.db import migrations

from cavendish.db.rls import composite_key, shared_table, sql_file, tenant_table, tenant_unique

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Row-level security and keys of the invoices' tables, and the triggers that keep what is issued as it is."""

    dependencies = (("billing", "0007_invoices"),)
    operations = (
        shared_table("billing_legalentity"),
        *(
            tenant_table(table, grants="SELECT")
            for table in (
                "billing_billingprofile",
                "billing_invoice",
                "billing_invoiceline",
                "billing_payment",
                "billing_creditnote",
                "billing_creditnoteline",
            )
        ),
        tenant_table("billing_invoicedocument", grants="SELECT, INSERT"),
        *(tenant_unique(table) for table in ("billing_invoice", "billing_invoiceline", "billing_creditnote")),
        composite_key("billing_invoice", "replaces_id", "billing_invoice"),
        composite_key("billing_invoiceline", "invoice_id", "billing_invoice"),
        composite_key("billing_invoiceline", "ledger_transaction_id", "billing_ledgertransaction"),
        composite_key("billing_payment", "invoice_id", "billing_invoice"),
        composite_key("billing_creditnote", "invoice_id", "billing_invoice"),
        composite_key("billing_creditnoteline", "credit_note_id", "billing_creditnote"),
        composite_key("billing_creditnoteline", "invoice_line_id", "billing_invoiceline"),
        sql_file(SQL / "0008_invoices.sql"),
    )
