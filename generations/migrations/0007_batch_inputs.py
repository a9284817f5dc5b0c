from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """What was sent inline is erased when a batch has ended; the index finds it."""

    dependencies = (("generations", "0006_file_names"),)

    operations = [
        migrations.AlterField(
            model_name="batch",
            name="input_key",
            field=models.CharField(
                blank=True,
                help_text="The object that its items' places refer to; gone once nothing is read.",
                max_length=300,
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(
                    ("finished_at__isnull", False),
                    ("input_file__isnull", True),
                    models.Q(("input_key", ""), _negated=True),
                ),
                fields=["finished_at"],
                name="batches_to_erase",
            ),
        ),
    ]
