from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids


class Migration(migrations.Migration):
    """Legal entities, invoices, payments, credit notes; what 0008 puts under row-level security and triggers."""

    dependencies = [
        ("accounts", "0003_key_member"),
        ("billing", "0006_price_book"),
    ]

    operations = [
        migrations.CreateModel(
            name="BillingProfile",
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
                ("name", models.CharField(blank=True, help_text="Empty means the tenant's name.", max_length=200)),
                ("address", models.TextField(blank=True, max_length=1000)),
                ("tax_id", models.CharField(blank=True, max_length=64)),
                (
                    "reference",
                    models.CharField(
                        blank=True, help_text="For example a purchase order; on each invoice.", max_length=100
                    ),
                ),
                (
                    "emails",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        help_text="Empty means owners and billing members.",
                        size=None,
                    ),
                ),
                (
                    "tax_rate",
                    models.DecimalField(blank=True, decimal_places=4, help_text="Percent.", max_digits=7, null=True),
                ),
                ("tax_label", models.CharField(blank=True, help_text='For example "VAT".', max_length=40)),
                (
                    "tax_note",
                    models.CharField(blank=True, help_text="For example of a reverse charge.", max_length=300),
                ),
                ("payment_terms_days", models.PositiveSmallIntegerField(default=14)),
                ("send_by_email", models.BooleanField(default=True)),
                ("invoiced", models.BooleanField(default=True, help_text="Off: this tenant gets no invoices.")),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("series_number", models.BigIntegerField()),
                ("number", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=300)),
                ("net", models.DecimalField(decimal_places=9, max_digits=20)),
                ("tax", models.DecimalField(decimal_places=9, max_digits=20)),
                ("total", models.DecimalField(decimal_places=9, max_digits=20)),
                ("to_due", models.DecimalField(decimal_places=9, max_digits=20)),
                ("to_balance", models.DecimalField(decimal_places=9, max_digits=20)),
                ("issued_on", models.DateField()),
                ("issuer", models.JSONField()),
                ("customer", models.JSONField()),
                ("actor", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="CreditNoteLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("amount", models.DecimalField(decimal_places=9, max_digits=20)),
            ],
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField(help_text="Its first day.")),
                ("timezone", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("finalised", "Finalised"), ("paid", "Paid"), ("void", "Void")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("series_number", models.BigIntegerField(null=True)),
                ("number", models.CharField(max_length=64, null=True)),
                ("currency", models.CharField(max_length=3)),
                ("digits", models.PositiveSmallIntegerField(help_text="Places of the currency's minor unit.")),
                ("exact", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("net", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("tax_rate", models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                ("tax_label", models.CharField(blank=True, max_length=40)),
                ("tax_note", models.CharField(blank=True, max_length=300)),
                ("tax", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("total", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("paid_from_balance", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("amount_due", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("receivable", models.DecimalField(decimal_places=9, default=0, max_digits=20)),
                ("issued_on", models.DateField(help_text="In the tenant's time zone.", null=True)),
                ("due_on", models.DateField(null=True)),
                ("issuer", models.JSONField(default=dict, help_text="The legal entity as it was.")),
                ("customer", models.JSONField(default=dict, help_text="The tenant's billing profile as it was.")),
                ("drafted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "refreshed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When the lines of the draft were summed up last.",
                    ),
                ),
                ("finalised_at", models.DateTimeField(null=True)),
                ("paid_at", models.DateTimeField(null=True)),
                ("voided_at", models.DateTimeField(null=True)),
                ("void_reason", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="InvoiceDocument",
            fields=[
                (
                    "subject_id",
                    models.UUIDField(help_text="The invoice or credit note.", primary_key=True, serialize=False),
                ),
                ("storage_key", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("bytes", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(help_text="From 1.")),
                (
                    "type",
                    models.CharField(
                        choices=[("usage", "Usage"), ("adjustment", "Adjustment"), ("refund", "Refund")], max_length=12
                    ),
                ),
                ("model", models.CharField(blank=True, max_length=100)),
                ("image_size", models.CharField(blank=True, max_length=8)),
                ("kind", models.CharField(blank=True, max_length=16)),
                (
                    "description",
                    models.CharField(blank=True, help_text="The reason of a ledger entry.", max_length=300),
                ),
                ("records", models.BigIntegerField(default=0, help_text="How many usage records it sums up.")),
                ("quantity", models.BigIntegerField(default=0)),
                ("images", models.BigIntegerField(default=0, help_text="How many pictures came with it.")),
                ("exact", models.DecimalField(decimal_places=9, max_digits=20)),
                ("amount", models.DecimalField(decimal_places=9, max_digits=20)),
                ("ledger_transaction_id", models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="LegalEntity",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("address", models.TextField(help_text="As it stands on the paper, with its lines.", max_length=1000)),
                ("tax_id", models.CharField(blank=True, max_length=64)),
                ("email", models.EmailField(blank=True, max_length=254)),
                (
                    "currency",
                    models.CharField(default="USD", help_text="Of the tenants that get no other.", max_length=3),
                ),
                (
                    "bank_details",
                    models.TextField(
                        blank=True, help_text="Where to pay to; at the end of an invoice.", max_length=1000
                    ),
                ),
                (
                    "footer",
                    models.CharField(
                        blank=True, help_text="Register, directors: at the foot of each page.", max_length=300
                    ),
                ),
                ("logo", models.BinaryField(blank=True, help_text="PNG or JPEG.", null=True)),
                (
                    "invoice_prefix",
                    models.CharField(default="INV-", help_text="May hold {year} and {month}.", max_length=24),
                ),
                (
                    "credit_note_prefix",
                    models.CharField(default="CN-", help_text="May hold {year} and {month}.", max_length=24),
                ),
                ("number_digits", models.PositiveSmallIntegerField(default=6)),
                ("invoices_issued", models.BigIntegerField(default=0, editable=False)),
                ("credit_notes_issued", models.BigIntegerField(default=0, editable=False)),
                ("is_default", models.BooleanField(default=False, help_text="Issues for tenants that name no other.")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name_plural": "legal entities",
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("method", models.CharField(default="manual", max_length=32)),
                (
                    "reference",
                    models.CharField(help_text="Of the bank statement, or the provider's id.", max_length=200),
                ),
                ("amount", models.DecimalField(decimal_places=9, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("received_on", models.DateField()),
                ("actor", models.CharField(max_length=300)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name="ledgertransaction",
            name="invoice_id",
            field=models.UUIDField(
                help_text="Of what belongs to an invoice: its payments, its credit notes.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="account",
            field=models.CharField(
                choices=[
                    ("wallet", "Wallet"),
                    ("revenue", "Revenue"),
                    ("funding", "Funding"),
                    ("adjustments", "Adjustments"),
                    ("tax", "Tax"),
                    ("rounding", "Rounding"),
                    ("receivable", "Receivable"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="ledgertransaction",
            name="kind",
            field=models.CharField(
                choices=[
                    ("top_up", "Top-up"),
                    ("charge", "Charge"),
                    ("adjustment", "Adjustment"),
                    ("refund", "Refund"),
                    ("invoice", "Invoice"),
                    ("payment", "Payment"),
                    ("credit_note", "Credit note"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="creditnote",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
            ),
        ),
        migrations.AddField(
            model_name="creditnoteline",
            name="credit_note",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="billing.creditnote",
            ),
        ),
        migrations.AddField(
            model_name="creditnoteline",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="replaces",
            field=models.ForeignKey(
                db_constraint=False,
                help_text="A void one.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.invoice",
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
            ),
        ),
        migrations.AddField(
            model_name="creditnote",
            name="invoice",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credit_notes",
                to="billing.invoice",
            ),
        ),
        migrations.AddField(
            model_name="invoicedocument",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
            ),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="invoice",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="billing.invoice",
            ),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
            ),
        ),
        migrations.AddField(
            model_name="creditnoteline",
            name="invoice_line",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.invoiceline",
            ),
        ),
        migrations.AddConstraint(
            model_name="legalentity",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("is_default",), name="legal_entity_default_once"
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="legal_entity",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.legalentity"
            ),
        ),
        migrations.AddField(
            model_name="creditnote",
            name="legal_entity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.legalentity"
            ),
        ),
        migrations.AddField(
            model_name="billingprofile",
            name="legal_entity",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.legalentity",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="invoice",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="billing.invoice",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
            ),
        ),
        migrations.AddIndex(
            model_name="invoiceline",
            index=models.Index(
                condition=models.Q(("ledger_transaction_id__isnull", False)),
                fields=["ledger_transaction_id"],
                name="invoice_lines_of_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(fields=("invoice", "number"), name="invoice_line_once"),
        ),
        migrations.AddConstraint(
            model_name="creditnoteline",
            constraint=models.UniqueConstraint(fields=("credit_note", "invoice_line"), name="credit_note_line_once"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["tenant", "id"], name="invoices_of_tenant"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("status", "draft")), fields=["month", "tenant"], name="invoices_draft"
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(condition=models.Q(("status", "finalised")), fields=["tenant"], name="invoices_unpaid"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "void"), _negated=True), fields=("tenant", "month"), name="invoice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("legal_entity", "series_number"), name="invoice_number_once"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("legal_entity", "number"), name="invoice_number_text_once"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "draft"),
                    models.Q(("finalised_at__isnull", False), ("issued_on__isnull", False), ("number__isnull", False)),
                    _connector="OR",
                ),
                name="issued_invoice_has_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("total", django.db.models.expressions.CombinedExpression(models.F("net"), "+", models.F("tax"))),
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            models.F("paid_from_balance"), "+", models.F("amount_due")
                        ),
                    ),
                ),
                name="invoice_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_due__gte", 0), ("total__gte", 0)), name="invoice_not_negative"
            ),
        ),
        migrations.AddIndex(
            model_name="creditnote",
            index=models.Index(fields=["tenant", "id"], name="credit_notes_of_tenant"),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.UniqueConstraint(
                fields=("legal_entity", "series_number"), name="credit_note_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.UniqueConstraint(fields=("legal_entity", "number"), name="credit_note_number_text_once"),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("total", django.db.models.expressions.CombinedExpression(models.F("net"), "+", models.F("tax"))),
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            models.F("to_due"), "+", models.F("to_balance")
                        ),
                    ),
                ),
                name="credit_note_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("to_balance__gte", 0), ("to_due__gte", 0), ("total__gt", 0)),
                name="credit_note_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tax_rate__isnull", True), models.Q(("tax_rate__gte", 0), ("tax_rate__lte", 100)), _connector="OR"
                ),
                name="tax_rate_is_a_percentage",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("invoice", "method", "reference"), name="payment_once"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("method", "manual"), _negated=True),
                fields=("method", "reference"),
                name="provider_payment_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="payment_positive"),
        ),
    ]
