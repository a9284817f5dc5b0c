from __future__ import annotations

from django.db import migrations, models

OWN_SETTINGS = ("allowed_origins", "frame_origins")


class Migration(migrations.Migration):
    """Which sites may use a tenant's keys from scripts, and which may embed its display pages."""

    dependencies = (("accounts", "0014_storage"),)
    operations = (
        migrations.AddField(
            model_name="tenant",
            name="allowed_origins",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], output_field=models.JSONField()),
                default=list,
                help_text="Origins whose scripts may use the API with its keys.",
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="frame_origins",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], output_field=models.JSONField()),
                default=list,
                help_text="Origins whose pages may embed display pages.",
            ),
        ),
        migrations.RunSQL(
            f"GRANT UPDATE ({', '.join(OWN_SETTINGS)}) ON accounts_tenant TO cavendish_app",
            reverse_sql=f"REVOKE UPDATE ({', '.join(OWN_SETTINGS)}) ON accounts_tenant FROM cavendish_app",
        ),
    )
