from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A batch none of whose items went well ends as failed. Nothing changes in the database."""

    dependencies = (("generations", "0021_finding_indexes"),)
    operations = (
        migrations.AlterField(
            model_name="batch",
            name="status",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("running", "Running"),
                    ("canceling", "Canceling"),
                    ("completed", "Completed"),
                    ("failed", "Failed"),
                    ("canceled", "Canceled"),
                    ("expired", "Expired"),
                ],
                default="queued",
                max_length=12,
            ),
        ),
    )
