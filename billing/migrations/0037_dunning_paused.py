from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Dunning can rest for a tenant: with a payment that is on its way, or while an invoice is disputed."""

    dependencies = (("billing", "0036_alerts_held"),)
    operations = (
        migrations.AddField(
            model_name="billingprofile",
            name="dunning_paused_until",
            field=models.DateField(
                blank=True, help_text="Until this day, included, nothing follows from what is overdue.", null=True
            ),
        ),
    )
