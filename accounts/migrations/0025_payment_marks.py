from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Marks of tenants whose invoices are overdue. They are billing's to set, as the operator."""

    dependencies = (("accounts", "0024_webhooks_of_payments"),)
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
    )
