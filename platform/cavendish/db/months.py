"""Migration operations for tables that are partitioned by month: by the time in a UUIDv7 (decision 0038).

A plain table becomes the first partition of one with its name, in two migrations: `months_bound` promises, without a
lock that anybody waits for, that all its rows lie before a month that has not begun; the second one attaches it by that
promise alone, without reading it. From then on `generation_months_create` makes the months.
"""

from __future__ import annotations

from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import RunSQL

from cavendish.db.patience import patiently

AHEAD = 4
"""Months that a migration makes to begin with; then the scheduler does (`generations.upkeep.months`)."""

# The smallest id that can be made in the month of {0}; milliseconds of a UUIDv7 are its first twelve digits.
_FIRST_ID = "(lpad(to_hex((extract(epoch FROM {0}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid"


def months_bound(table: str, column: str) -> list[Operation]:
    """All rows that there are and that come in the next weeks are below a bound, as a constraint that is validated.

    For a migration that is no transaction: what comes first locks for a moment, what reads the table locks nobody out.
    """
    name = f"{table}_before_months"
    return [
        RunSQL(
            patiently(
                table,
                f"""
                DECLARE
                    latest text := (SELECT replace({column}::text, '-', '') FROM {table}
                                    ORDER BY {column} DESC LIMIT 1);
                    month timestamptz := date_trunc('month', greatest(now(),
                        to_timestamp(('x' || left(latest, 12))::bit(48)::bigint / 1000.0)), 'UTC')
                        + interval '2 months';
                BEGIN
                    ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name};
                    EXECUTE format('ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} < %L) NOT VALID',
                        {_FIRST_ID.format("month")});
                END
                """,  # noqa: S608 (names of ours)
            ),
            reverse_sql=RunSQL.noop,
        ),
        RunSQL(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}", reverse_sql=RunSQL.noop),
    ]


def months_attach(table: str, column: str) -> Operation:
    """Makes `{table}_past` the partition of all that was before the months, and adds one for what no month takes.

    Roles have rights on the whole table only: what is asked of a partition goes around the whole's policies. So there
    is row-level security without a policy on each, too.
    """
    past, default, name = f"{table}_past", f"{table}_default", f"{table}_before_months"
    return RunSQL(
        f"""
        DO $$
        DECLARE
            bound text := (SELECT (regexp_match(pg_get_constraintdef(oid), '''([0-9a-f-]+)'''))[1] FROM pg_constraint
                           WHERE conrelid = '{past}'::regclass AND conname = '{name}');
            month timestamp;
            following timestamp;
        BEGIN
            -- A new platform begins with this month.
            IF NOT EXISTS (SELECT FROM {past}) THEN
                bound := {_FIRST_ID.format("date_trunc('month', now(), 'UTC')")};
            END IF;
            EXECUTE format('ALTER TABLE {table} ATTACH PARTITION {past} FOR VALUES FROM (MINVALUE) TO (%L)', bound);
            month := to_timestamp(('x' || left(replace(bound, '-', ''), 12))::bit(48)::bigint / 1000.0)
                AT TIME ZONE 'UTC';
            FOR n IN 1 .. {AHEAD} LOOP
                following := month + interval '1 month';
                EXECUTE format('CREATE TABLE {table}_%s PARTITION OF {table} FOR VALUES FROM (%L) TO (%L)',
                    to_char(month, 'YYYYMM'), {_FIRST_ID.format("month AT TIME ZONE 'UTC'")},
                    {_FIRST_ID.format("following AT TIME ZONE 'UTC'")});
                EXECUTE format('ALTER TABLE {table}_%s ENABLE ROW LEVEL SECURITY', to_char(month, 'YYYYMM'));
                month := following;
            END LOOP;
        END $$;
        ALTER TABLE {past} DROP CONSTRAINT {name};
        CREATE TABLE {default} PARTITION OF {table} DEFAULT;
        REVOKE ALL ON {past} FROM cavendish_app, cavendish_operator;
        DROP POLICY tenant_rows ON {past};
        DROP POLICY operator_rows ON {past};
        ALTER TABLE {default} ENABLE ROW LEVEL SECURITY;
        """,  # noqa: S608 (names of ours)
        reverse_sql=RunSQL.noop,
    )
