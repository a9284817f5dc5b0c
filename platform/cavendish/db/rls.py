"""Migration operations: roles' grants, row-level security, composite foreign keys, SQL files.

The four roles (docs/decisions/0002-database-roles.md): `cavendish_owner` runs migrations and owns everything,
`cavendish_app` serves tenants behind row-level security, `cavendish_system` may only execute the functions that work
across tenants, `cavendish_operator` is the admin.
"""

from __future__ import annotations

from pathlib import Path

from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import RunSQL

# nullif: an unset or emptied setting must match no row instead of failing the cast.
TENANT_SETTING = "nullif(current_setting('app.tenant_id', true), '')::uuid"


def tenant_table(table: str, *, grants: str = "SELECT, INSERT, UPDATE, DELETE", column: str = "tenant_id") -> Operation:
    """Row-level security for the app role, everything for the operator's."""
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant_rows ON {table} TO cavendish_app
            USING ({column} = {TENANT_SETTING}) WITH CHECK ({column} = {TENANT_SETTING});
        CREATE POLICY operator_rows ON {table} TO cavendish_operator USING (true) WITH CHECK (true);
        GRANT {grants} ON {table} TO cavendish_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO cavendish_operator;
        """,
        reverse_sql=RunSQL.noop,
    )


def operators_table(table: str) -> Operation:
    """A table about tenants that is the operator's alone: the app's role has no grant and no policy."""
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY operator_rows ON {table} TO cavendish_operator USING (true) WITH CHECK (true);
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO cavendish_operator;
        """,
        reverse_sql=RunSQL.noop,
    )


def shared_table(table: str, *, app: str = "SELECT") -> Operation:
    """A table without a tenant: the operator writes it, the app role gets what is named."""
    app_grant = f"GRANT {app} ON {table} TO cavendish_app;" if app else ""
    return RunSQL(
        f"{app_grant} GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO cavendish_operator;", reverse_sql=RunSQL.noop
    )


def composite_key(table: str, column: str, target: str, *, target_column: str = "id", action: str = "") -> Operation:
    """A foreign key that carries the tenant: a plain one would accept another tenant's row."""
    name = f"{table}_{column}_tenant_fk"
    return RunSQL(
        f"""ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column})
            REFERENCES {target} (tenant_id, {target_column}) {action} DEFERRABLE INITIALLY IMMEDIATE""",
        reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def tenant_unique(table: str, column: str = "id") -> Operation:
    """The unique key that composite foreign keys point at."""
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_tenant_key UNIQUE (tenant_id, {column})",
        reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {table}_tenant_key",
    )


def sql_file(path: Path) -> Operation:
    """The statements of a file. An applied file is never edited: a change is a new file in a new migration."""
    return RunSQL(path.read_text(), reverse_sql=RunSQL.noop)
