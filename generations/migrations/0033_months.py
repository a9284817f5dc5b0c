from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from cavendish.db.months import months_attach
from cavendish.db.rls import sql_file, tenant_table

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Contents and calls upstream are partitioned by the month in which their generation was made (decision 0038).

    What there is becomes the first partition, without being read: everything here is a change of the catalog. It asks
    for the tables a tenth of a second at a time, since jobs lock them in more than one order.
    """

    dependencies = (("events", "0006_months"), ("generations", "0032_months_bound"))
    operations = (
        sql_file(SQL / "0033_months.sql"),
        months_attach("generations_generationcontent", "generation_id"),
        tenant_table("generations_generationcontent", grants="SELECT, INSERT, UPDATE"),
        months_attach("generations_upstreamcall", "generation_id"),
        tenant_table("generations_upstreamcall", grants="SELECT, INSERT"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "generationcontent",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                )
            ]
        ),
    )
