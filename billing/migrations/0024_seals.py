from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from cavendish.db.rls import sql_file

SQL = Path(__file__).parent.parent / "sql"
HELP = "Of what was written once; set by a trigger."


class Migration(migrations.Migration):
    """What is written once keeps a seal of what it said, so that reconcile finds a row that was changed."""

    dependencies = (("billing", "0023_rollups_priced"),)
    operations = (
        *(
            migrations.AddField(
                model_name=model, name="seal", field=models.UUIDField(editable=False, help_text=HELP, null=True)
            )
            for model in ("hold", "price", "invoice", "creditnote")
        ),
        sql_file(SQL / "0024_seals.sql"),
    )
