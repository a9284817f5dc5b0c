from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """The stream of a tenant's events. Not atomic: the index is built beside running jobs.

    `xid` is no field of the model, so neither is the index part of its state.
    """

    atomic = False
    dependencies = (("events", "0003_timeline"),)
    operations = (
        # One that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS events_of_tenant", reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY events_of_tenant ON events_event (tenant_id, xid, id)",
            reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS events_of_tenant",
        ),
    )
