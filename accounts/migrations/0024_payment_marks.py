from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from cavendish.db.rls import sql_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Marks of tenants whose invoices are overdue, which are billing's to set as the operator; and events of them."""

    dependencies = (("accounts", "0023_console"),)
    operations = (
        migrations.AddField(
            model_name="tenant",
            name="payment_reminded_at",
            field=models.DateTimeField(
                blank=True, help_text="Since when reminders of unpaid invoices are out.", null=True
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="payment_suspended_at",
            field=models.DateTimeField(
                blank=True, help_text="Since when live keys rest because invoices are overdue.", null=True
            ),
        ),
        sql_file(SQL / "0024_webhooks.sql"),
    )
