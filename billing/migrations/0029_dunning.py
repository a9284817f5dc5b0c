from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, tenant_table


class Migration(migrations.Migration):
    """What plans do about invoices that are not paid in time, and the steps that were taken."""

    dependencies = (("accounts", "0024_payment_marks"), ("billing", "0028_parties"))
    operations = (
        migrations.AddField(
            model_name="planversion",
            name="dunning",
            field=models.JSONField(
                db_default=models.Value({}, output_field=models.JSONField()),
                default=dict,
                help_text="What is done about invoices that are not paid in time; empty means nothing.",
            ),
        ),
        migrations.CreateModel(
            name="DunningStep",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("reminder", "Reminder"), ("suspension", "Suspension")], max_length=12),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(help_text="After the due date, as the plan's terms say it."),
                ),
                ("mailed_to", models.JSONField(default=list, help_text="The addresses that it was sent to.")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoice",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="dunningstep",
            constraint=models.UniqueConstraint(fields=("invoice", "kind", "days"), name="dunning_step_once"),
        ),
        tenant_table("billing_dunningstep", grants="SELECT"),
        composite_key("billing_dunningstep", "invoice_id", "billing_invoice"),
    )
