from __future__ import annotations

from django.db import migrations, models

CHOICES = [("full", "Full"), ("support", "Support"), ("finance", "Finance"), ("read_only", "Read-only")]


class Migration(migrations.Migration):
    """Roles of operators and of their keys. Who was an operator before, and every key, keeps all permissions."""

    dependencies = (("accounts", "0016_webhook_secrets"),)
    operations = (
        migrations.AddField(
            model_name="user",
            name="operator_role",
            field=models.CharField(
                blank=True, choices=CHOICES, db_default="", default="", help_text="Empty for others.", max_length=16
            ),
        ),
        migrations.AddField(
            model_name="operatorkey",
            name="role",
            field=models.CharField(choices=CHOICES, db_default="full", max_length=16),
        ),
        migrations.RunSQL(
            "UPDATE accounts_user SET operator_role = 'full' WHERE is_staff", reverse_sql=migrations.RunSQL.noop
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("operator_role", ""), ("is_staff", True), _connector="OR"),
                name="user_role_of_staff",
            ),
        ),
    )
