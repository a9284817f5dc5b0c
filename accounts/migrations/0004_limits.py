from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from cavendish.db.rls import sql_file

SQL = Path(__file__).parent.parent / "sql"
OF_THE_TENANT = "Of all its keys of one mode; empty means {}, 0 no limit."
OF_THE_KEY = "Empty means {}, 0 no limit beside the tenant's."


def number(help_text: str) -> models.PositiveIntegerField[int | None, int | None]:
    return models.PositiveIntegerField(null=True, blank=True, help_text=help_text)


class Migration(migrations.Migration):
    """Rate limits of tenants and keys, where a key was used last, and a mark on rows that have changed."""

    dependencies = (("accounts", "0003_key_member"),)
    operations = (
        migrations.AddField("tenant", "requests_per_minute", number(OF_THE_TENANT.format("REQUESTS_PER_MINUTE"))),
        migrations.AddField("tenant", "images_per_minute", number(OF_THE_TENANT.format("IMAGES_PER_MINUTE"))),
        migrations.AddField("apikey", "requests_per_minute", number(OF_THE_KEY.format("KEY_REQUESTS_PER_MINUTE"))),
        migrations.AddField("apikey", "images_per_minute", number(OF_THE_KEY.format("KEY_IMAGES_PER_MINUTE"))),
        migrations.AddField(
            "apikey",
            "jobs_in_flight",
            number("Interactive jobs queued and running at once; empty means no limit."),
        ),
        migrations.AddField("apikey", "last_used_address", models.GenericIPAddressField(null=True, blank=True)),
        migrations.AlterField(
            "apikey",
            "last_used_at",
            models.DateTimeField(null=True, blank=True, help_text="Within a minute or so."),
        ),
        sql_file(SQL / "0004_changes.sql"),
    )
