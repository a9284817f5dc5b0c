from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from cavendish.db.months import months_attach
from cavendish.db.rls import sql_file, tenant_table

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Events are partitioned by the month in which their subject was made (decision 0038).

    What there is becomes the first partition, without being read: everything here is a change of the catalog. It asks
    for the table a tenth of a second at a time.
    """

    dependencies = (("events", "0005_months_bound"),)
    operations = (
        sql_file(SQL / "0006_months.sql"),
        months_attach("events_event", "subject"),
        sql_file(SQL / "0006_triggers.sql"),
        tenant_table("events_event", grants="SELECT, INSERT"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(model_name="event", name="events_of_subject"),
                migrations.AddIndex(
                    model_name="event",
                    index=models.Index(
                        fields=["subject"],
                        name="events_of_others",
                        condition=~models.Q(type__startswith="generation."),
                    ),
                ),
            ]
        ),
    )
