from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Included pictures and credits of plans are of a month by its date: another time zone gives none anew."""

    dependencies = (("billing", "0012_invoice_credits"),)
    operations = (
        migrations.AddField("allowance", "month", models.DateField(null=True)),
        migrations.RunSQL(
            """UPDATE billing_allowance a SET month = date_trunc('month', a.starts_at AT TIME ZONE t.billing_timezone)
               FROM accounts_tenant t WHERE t.id = a.tenant_id""",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint("allowance", "allowance_once"),
        migrations.RemoveField("allowance", "starts_at"),
        migrations.RemoveField("allowance", "ends_at"),
        migrations.AlterField(
            "allowance",
            "month",
            models.DateField(help_text="Its first day; a date, so that a change of the time zone gives none anew."),
        ),
        migrations.AddConstraint(
            "allowance", models.UniqueConstraint(fields=["tenant", "month"], name="allowance_once")
        ),
        migrations.AddField(
            "credit",
            "month",
            models.DateField(null=True, help_text="Of a plan's credit: the first day of its month."),
        ),
        migrations.RunSQL(
            """UPDATE billing_credit c SET month = date_trunc('month', c.period_starts_at AT TIME ZONE t.billing_timezone)
               FROM accounts_tenant t WHERE t.id = c.tenant_id AND c.period_starts_at IS NOT NULL""",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint("credit", "credit_of_plan_once"),
        migrations.RemoveField("credit", "period_starts_at"),
        migrations.AddConstraint(
            "credit",
            models.UniqueConstraint(
                fields=["tenant", "month"], name="credit_of_plan_once", condition=models.Q(source="plan")
            ),
        ),
        migrations.AlterField(
            "usagerecord",
            "unit",
            models.CharField(db_default="", help_text="Of the price; per_image bills `images`.", max_length=16),
        ),
    )
