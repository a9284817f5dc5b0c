from __future__ import annotations

from django.db import migrations

DROP = "DROP INDEX CONCURRENTLY IF EXISTS generations_output_tenant_key"
BUILD = "CREATE UNIQUE INDEX CONCURRENTLY generations_output_tenant_key ON generations_output (tenant_id, id)"
TAKE = """
    ALTER TABLE generations_output
    ADD CONSTRAINT generations_output_tenant_key UNIQUE USING INDEX generations_output_tenant_key
"""
LET_GO = "ALTER TABLE generations_output DROP CONSTRAINT generations_output_tenant_key"


class Migration(migrations.Migration):
    """The key of outputs that rows of the same tenant point at. Not atomic: it is built beside running jobs."""

    atomic = False
    dependencies = (("generations", "0017_guard_rules"),)
    operations = (
        # An index that a broken-off attempt left is invalid.
        migrations.RunSQL(DROP, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(BUILD, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(TAKE, reverse_sql=LET_GO),
    )
