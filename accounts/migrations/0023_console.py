from __future__ import annotations

from django.db import migrations, models

OF_TENANT = "requires_two_factor"


class Migration(migrations.Migration):
    """What the console stands on: a key for it, a second factor for everybody, and each person's language."""

    dependencies = (("accounts", "0022_webhooks_failed"),)
    operations = (
        migrations.AddField(
            model_name="apikey",
            name="is_console",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="What people do in the console counts for it. It has no secret.",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_console", True)), fields=("tenant", "livemode"), name="console_key_once"
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="requires_two_factor",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Members enter the console with a second factor only.",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of pages and mails; empty: the browser's.",
                max_length=16,
            ),
        ),
        migrations.RunSQL(
            f"GRANT UPDATE ({OF_TENANT}) ON accounts_tenant TO cavendish_app;"
            "GRANT UPDATE (language) ON accounts_user TO cavendish_people",
            reverse_sql=f"REVOKE UPDATE ({OF_TENANT}) ON accounts_tenant FROM cavendish_app;"
            "REVOKE UPDATE (language) ON accounts_user FROM cavendish_people",
        ),
    )
