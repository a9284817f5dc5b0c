from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column without a default: the table is not rewritten."""

    dependencies = (("generations", "0008_job_spec"),)
    operations = (
        migrations.AddField(
            model_name="batch",
            name="aside_until",
            field=models.DateTimeField(
                null=True, help_text="Until when it is behind the tenant's others, since all of it waits for fetches."
            ),
        ),
    )
