from __future__ import annotations

from pathlib import Path

import django.utils.timezone
from django.db import migrations, models

from cavendish.db.rls import sql_file

SQL = Path(__file__).parent.parent / "sql"
PARTS = "Its parts, for e-invoices; empty where they are not known."
CATEGORIES = [
    ("S", "Standard or reduced rate"), ("Z", "Zero rate"), ("E", "Exempt"), ("AE", "Reverse charge"),
    ("K", "Exempt, within the EU"), ("G", "Free export"), ("O", "Outside the scope of VAT"),
]  # fmt: skip


def text(model: str, name: str, length: int, **options: object) -> migrations.AddField:
    field = models.CharField(blank=True, db_default="", default="", max_length=length, **options)  # type: ignore[arg-type]
    return migrations.AddField(model_name=model, name=name, field=field)


def parts(model: str) -> migrations.AddField:
    field = models.JSONField(blank=True, db_default={}, default=dict, help_text=PARTS)
    return migrations.AddField(model_name=model, name="postal_address", field=field)


class Migration(migrations.Migration):
    """Both sides of an invoice in parts, as e-invoices want them; and a company's series of receipts."""

    dependencies = (("billing", "0027_provider_walls"),)
    operations = (
        parts("legalentity"),
        text("legalentity", "contact_name", 100),
        text("legalentity", "phone", 40),
        text("legalentity", "tax_currency", 3, help_text="In which it owes VAT, where invoices have another one."),
        text("legalentity", "iban", 34),
        text("legalentity", "bic", 11),
        migrations.AddField(
            model_name="legalentity",
            name="receipt_prefix",
            field=models.CharField(
                db_default="RC-", default="RC-", help_text="May hold {year} and {month}.", max_length=24
            ),
        ),
        # Companies that exist get no receipts unaskedly: the column is empty for them.
        migrations.AddField(
            model_name="legalentity",
            name="receipts_from",
            field=models.DateTimeField(help_text="Top-ups since then get a receipt; empty: none.", null=True),
        ),
        migrations.AlterField(
            model_name="legalentity",
            name="receipts_from",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                help_text="Top-ups since then get a receipt; empty: none.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="legalentity",
            name="receipts_issued",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        parts("billingprofile"),
        text("billingprofile", "buyer_reference", 100, help_text="Leads an e-invoice on, for example a Leitweg-ID."),
        text("billingprofile", "tax_category", 2, choices=CATEGORIES, help_text="Of EN 16931, for e-invoices."),
        text("billingprofile", "tax_exemption_code", 30, help_text="Why no VAT is due, of the list VATEX."),
        migrations.AddField(
            model_name="invoicedocument",
            name="name",
            field=models.CharField(
                db_default="", default="", help_text="Of the file, as it is downloaded.", max_length=120
            ),
        ),
        migrations.AlterField(
            model_name="invoicedocument",
            name="subject_id",
            field=models.UUIDField(
                help_text="The invoice, note or receipt; of further ones derived.", primary_key=True, serialize=False
            ),
        ),
        sql_file(SQL / "0028_parties.sql"),
    )
