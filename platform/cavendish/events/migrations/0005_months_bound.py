from __future__ import annotations

from django.db import migrations

from cavendish.db.months import months_bound


class Migration(migrations.Migration):
    """Events get ready to be partitioned by month: their key begins with the subject, whose id says when it was made.

    Not atomic: the index is built, and the constraint validated, beside running jobs.
    """

    atomic = False
    dependencies = (("events", "0004_of_tenant"),)
    operations = (
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS events_event_past_pkey", reverse_sql=migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX CONCURRENTLY events_event_past_pkey ON events_event (subject, id)",
            reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS events_event_past_pkey",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS events_event_past_others", reverse_sql=migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY events_event_past_others ON events_event (subject) WHERE type NOT LIKE 'generation.%'",
            reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS events_event_past_others",
        ),
        *months_bound("events_event", "subject"),
    )
