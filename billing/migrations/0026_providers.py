from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids


class Migration(migrations.Migration):
    """Payment providers: methods, payments, automatic top-ups, and the provider's events; what 0025 guards."""

    dependencies = [
        ("accounts", "0023_console"),
        ("billing", "0025_number_series"),
    ]

    operations = [
        migrations.CreateModel(
            name="AutoTopUp",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.tenant",
                    ),
                ),
                ("enabled", models.BooleanField(default=False)),
                ("threshold", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("amount", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                (
                    "monthly_limit",
                    models.DecimalField(decimal_places=9, help_text="Empty is no limit.", max_digits=20, null=True),
                ),
                ("failures", models.PositiveSmallIntegerField(default=0, help_text="In a row.")),
                ("retry_at", models.DateTimeField(null=True)),
                (
                    "disabled_reason",
                    models.CharField(blank=True, help_text="Where the platform switched it off.", max_length=64),
                ),
                ("limit_told_on", models.DateField(help_text="The month of whose limit people were told.", null=True)),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("enabled", True)), fields=["tenant"], name="auto_top_ups_enabled")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("enabled", False), ("amount__gt", 0), _connector="OR"),
                        name="auto_top_up_adds",
                    ),
                    models.CheckConstraint(condition=models.Q(("threshold__gte", 0)), name="auto_top_up_threshold"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentMethod",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("provider", models.CharField(max_length=16)),
                ("reference", models.CharField(help_text="The provider's id.", max_length=100)),
                ("type", models.CharField(help_text="card, sepa_debit, us_bank_account and so on.", max_length=32)),
                ("brand", models.CharField(blank=True, max_length=32)),
                ("last4", models.CharField(blank=True, max_length=4)),
                ("exp_month", models.PositiveSmallIntegerField(null=True)),
                ("exp_year", models.PositiveSmallIntegerField(null=True)),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProviderCustomer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=16)),
                ("reference", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProviderEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=16)),
                ("reference", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=100)),
                ("about", models.CharField(help_text="payment, page, method.", max_length=16)),
                ("object_reference", models.CharField(max_length=100)),
                (
                    "order_id",
                    models.CharField(blank=True, help_text="Our id, which we gave the provider.", max_length=64),
                ),
                ("happened_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "source",
                    models.CharField(choices=[("webhook", "Webhook"), ("poll", "Found by asking")], max_length=8),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("received", "Received"), ("processed", "Processed"), ("ignored", "Not ours")],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("error", models.CharField(blank=True, max_length=100)),
                ("tenant_id", models.UUIDField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "received")), fields=["due_at"], name="provider_events_due"
                    ),
                    models.Index(fields=["provider", "happened_at"], name="provider_events_newest"),
                ],
                "constraints": [models.UniqueConstraint(fields=("provider", "reference"), name="provider_event_once")],
            },
        ),
        migrations.CreateModel(
            name="ProviderPayment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("provider", models.CharField(max_length=16)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("top_up", "Top-up"), ("auto_top_up", "Automatic top-up"), ("invoice", "Invoice")],
                        max_length=12,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=9, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("created", "Being sent"),
                            ("pending", "Pending"),
                            ("requires_action", "Needs the payer"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                        ],
                        default="created",
                        max_length=16,
                    ),
                ),
                (
                    "reference",
                    models.CharField(blank=True, help_text="The provider's id of the payment.", max_length=100),
                ),
                ("charge_reference", models.CharField(blank=True, help_text="What refunds name.", max_length=100)),
                (
                    "page_reference",
                    models.CharField(blank=True, help_text="Of the provider's page to pay on.", max_length=100),
                ),
                ("hosted_url", models.TextField(blank=True)),
                ("failure_code", models.CharField(blank=True, max_length=64)),
                ("failure_message", models.CharField(blank=True, max_length=300)),
                (
                    "tries",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How often the provider gave no clear answer."
                    ),
                ),
                (
                    "check_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When the provider is asked again.",
                    ),
                ),
                ("actor", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(null=True)),
                ("booked_at", models.DateTimeField(null=True)),
                ("received", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("ledger_transaction_id", models.UUIDField(help_text="The top-up that it was booked as.", null=True)),
                ("taken_back", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("reversed", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                (
                    "dispute",
                    models.CharField(blank=True, help_text="The provider's word for its state.", max_length=32),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoice",
                    ),
                ),
                (
                    "method",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="Empty where the payer chooses on the provider's page.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.paymentmethod",
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
        migrations.AddIndex(
            model_name="paymentmethod",
            index=models.Index(fields=["tenant", "id"], name="methods_of_tenant"),
        ),
        migrations.AddConstraint(
            model_name="paymentmethod",
            constraint=models.UniqueConstraint(fields=("provider", "reference"), name="method_reference_once"),
        ),
        migrations.AddConstraint(
            model_name="paymentmethod",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True), ("removed_at", None)),
                fields=("tenant",),
                name="method_default_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="providercustomer",
            constraint=models.UniqueConstraint(fields=("tenant", "provider"), name="customer_of_provider_once"),
        ),
        migrations.AddConstraint(
            model_name="providercustomer",
            constraint=models.UniqueConstraint(fields=("provider", "reference"), name="customer_reference_once"),
        ),
        migrations.AddIndex(
            model_name="providerpayment",
            index=models.Index(fields=["tenant", "id"], name="provider_payments_of_tenant"),
        ),
        migrations.AddIndex(
            model_name="providerpayment",
            index=models.Index(
                condition=models.Q(("status__in", ["created", "pending", "requires_action"])),
                fields=["check_at"],
                name="provider_payments_open",
            ),
        ),
        migrations.AddIndex(
            model_name="providerpayment",
            index=models.Index(
                condition=models.Q(
                    ("status", "succeeded"), models.Q(("taken_back", models.F("reversed")), _negated=True)
                ),
                fields=["id"],
                name="provider_payments_owed",
            ),
        ),
        migrations.AddIndex(
            model_name="providerpayment",
            index=models.Index(
                condition=models.Q(("invoice__isnull", False)), fields=["invoice"], name="provider_payments_invoice"
            ),
        ),
        migrations.AddIndex(
            model_name="providerpayment",
            index=models.Index(
                condition=models.Q(("page_reference", ""), _negated=True),
                fields=["page_reference"],
                name="provider_payments_page",
            ),
        ),
        migrations.AddIndex(
            model_name="providerpayment",
            index=models.Index(
                condition=models.Q(("charge_reference", ""), _negated=True),
                fields=["charge_reference"],
                name="provider_payments_charge",
            ),
        ),
        migrations.AddConstraint(
            model_name="providerpayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("purpose", "auto_top_up"), ("status__in", ["created", "pending", "requires_action"])
                ),
                fields=("tenant",),
                name="auto_top_up_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="providerpayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("purpose", "invoice"), ("status__in", ["created", "pending", "requires_action"])),
                fields=("invoice",),
                name="invoice_one_collection",
            ),
        ),
        migrations.AddConstraint(
            model_name="providerpayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("provider", "reference"),
                name="provider_reference_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="providerpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("taken_back__gte", 0)), name="provider_payment_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="providerpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("booked_at", None), ("status", "succeeded"), _connector="OR"),
                name="booked_only_what_succeeded",
            ),
        ),
    ]
