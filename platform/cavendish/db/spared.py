"""Migration operations that drop what says the same as something else. For migrations that are no transaction:
each statement holds its locks alone, and for moments."""

from __future__ import annotations

from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import RunSQL

from cavendish.db.patience import patiently


def spare_index(table: str, name: str, column: str) -> Operation:
    """An index that is the beginning of another one: every row wrote an entry in both."""
    return RunSQL(
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        reverse_sql=f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({column})",
    )


def spare_tenant_key(table: str, name: str) -> Operation:
    """A foreign key to the tenant, where a composite one of the same row leads to it anyway.

    Both tables are locked: PostgreSQL takes triggers away from both.
    """
    return RunSQL(
        patiently(f"accounts_tenant, {table}", f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"),
        reverse_sql=f"""ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id)
            REFERENCES accounts_tenant (id) DEFERRABLE INITIALLY DEFERRED NOT VALID""",
    )
