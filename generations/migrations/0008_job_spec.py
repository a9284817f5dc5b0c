from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """The attribute has a new name, the column keeps its own: nothing happens in the database."""

    dependencies = (("generations", "0007_batch_inputs"),)
    operations = (
        migrations.AlterField(model_name="generationcontent", name="plan", field=models.JSONField(db_column="plan")),
        migrations.RenameField(model_name="generationcontent", old_name="plan", new_name="job_spec"),
    )
