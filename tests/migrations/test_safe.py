"""Migrations since the last release, held against what is safe on a live database. docs/upgrades.md has the rules.

Squawk knows PostgreSQL's locks and scans. What a migration does to a table that it makes itself harms nobody.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Set
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import connections
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

RELEASED = {"accounts": 23, "billing": 22, "events": 4, "generations": 31, "mail": 2, "reconcile": 1}
"""The number of each app's last migration in the last release: raised with each (docs/upgrades.md)."""
SQUAWK = str(Path(sys.executable).parent / "squawk")
STYLE = (
    # Of new columns: text or varchar, int or bigint are ours to choose.
    "prefer-text-field", "prefer-bigint-over-int", "prefer-bigint-over-smallint", "prefer-identity",
    # Each migration is a transaction: it leaves nothing half done. Those that are none say IF NOT EXISTS.
    "prefer-robust-stmts",
    # `migrate` sets a lock_timeout for each transaction (tests/migrations/test_patience.py); an index may take its time.
    "require-lock-timeout", "require-statement-timeout",
)  # fmt: skip
_PAYMENTS = "billing_payment has a row for each payment of an invoice: what scans it takes milliseconds"
_MONTHS = "the table becomes a partition: its indexes give their names to those of the whole, which no code names"
_IMPLIED = "another key of the same rows leads to the same tenant, for old code as for new"
_BOUND = "what took its place is the partition's own bound"
ALLOWED = {
    "events.0006 require-concurrent-index-deletion": "the table is locked already, and no plan can use it meanwhile",
    "events.0006 renaming-object": _MONTHS,
    "events.0006 ban-drop-constraint": _BOUND,
    "generations.0033 renaming-object": _MONTHS,
    "generations.0033 ban-drop-constraint": _BOUND,
    **dict.fromkeys(
        (
            "billing.0032 ban-drop-constraint",
            "billing.0032 require-concurrent-index-creation",
            "billing.0032 constraint-missing-not-valid",
            "billing.0032 disallowed-unique-constraint",
            "billing.0032 adding-foreign-key-constraint",
        ),
        _PAYMENTS,
    ),
    "billing.0040 ban-drop-constraint": _IMPLIED,
    "generations.0034 ban-drop-constraint": _IMPLIED,
    "billing.0025 ban-drop-constraint": "the one that takes its place is made in the same statement, of a finished index",
}
"""What is safe all the same, by "app.number rule", and why."""


class Finding(NamedTuple):
    migration: str
    rule: str
    statement: str


@cache
def new_migrations() -> dict[str, tuple[bool, str]]:
    """Whether each is one transaction, and its SQL."""
    executor = MigrationExecutor(connections["owner"])
    found = {}
    for (app, name), migration in sorted(executor.loader.disk_migrations.items()):
        if app in RELEASED and int(name[:4]) > RELEASED[app]:
            found[f"{app}.{name}"] = (migration.atomic, sql_of(executor, migration))
    return found


def sql_of(executor: MigrationExecutor, migration: Migration) -> str:
    return "\n".join(executor.loader.collect_sql([(migration, False)]))


def tables_made(sql: str) -> set[str]:
    return set(re.findall(r'CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)', sql))


def findings(name: str, sql: str, folder: Path, *, atomic: bool, made: Set[str] = frozenset()) -> list[Finding]:
    """What Squawk says of a migration, without what concerns tables that it makes, or that no release has yet."""
    path = folder / f"{name}.sql"
    path.write_text(sql)
    command = [
        SQUAWK,
        "--reporter",
        "json",
        "--exclude",
        ",".join(STYLE),
        *(["--assume-in-transaction"] * atomic),
        str(path),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.stdout, said.stderr
    new = made | tables_made(sql)
    lines = sql.splitlines()
    found = []
    for problem in json.loads(said.stdout):
        statement = " ".join(lines[problem["line"] : problem.get("line_end", problem["line"]) + 1])
        table = re.search(r'(?:ALTER TABLE (?:ONLY )?|\bON )"?(\w+)', statement)
        if table is None or table[1] not in new:
            found.append(Finding(name, problem["rule_name"], statement))
    return found


def test_new_migrations_are_safe_on_a_live_database(django_db_setup: None, tmp_path: Path) -> None:
    made = {table for _, sql in new_migrations().values() for table in tables_made(sql)}
    found = [
        finding
        for name, (atomic, sql) in new_migrations().items()
        for finding in findings(name, sql, tmp_path, atomic=atomic, made=made)
        if f"{name[: name.index('.') + 5]} {finding.rule}" not in ALLOWED
    ]
    assert found == [], "docs/upgrades.md says how to do it in steps"


UNSAFE = {
    "ban-drop-column": 'ALTER TABLE "t" DROP COLUMN "a";',
    "renaming-column": 'ALTER TABLE "t" RENAME COLUMN "a" TO "b";',
    "changing-column-type": 'ALTER TABLE "t" ALTER COLUMN "a" TYPE text USING "a"::text;',
    "adding-required-field": 'ALTER TABLE "t" ADD COLUMN "a" int NOT NULL;',
    "require-concurrent-index-creation": 'CREATE INDEX "i" ON "t" ("a");',
    "constraint-missing-not-valid": 'ALTER TABLE "t" ADD CONSTRAINT "c" CHECK ("a" > 0);',
    "ban-drop-table": 'DROP TABLE "t";',
}


@pytest.mark.parametrize("rule", UNSAFE)
def test_what_is_not_safe_is_found(rule: str, tmp_path: Path) -> None:
    assert rule in {finding.rule for finding in findings("app.0001_x", UNSAFE[rule], tmp_path, atomic=False)}


def test_a_new_tables_own_constraints_and_indexes_are_safe(tmp_path: Path) -> None:
    sql = (
        'CREATE TABLE "t" ("a" int);\n'
        + UNSAFE["constraint-missing-not-valid"]
        + UNSAFE["require-concurrent-index-creation"]
    )
    assert findings("app.0001_x", sql, tmp_path, atomic=True) == []
