"""`bench_seed`: right books, the same for the same seed, and never where real tenants are unless that is said."""

from __future__ import annotations

import random
from datetime import date
from io import StringIO
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from billing.charges import schema
from cavendish.above.seeding.rows import RowFactory, Size, Tenant
from tests.factories import make_tenant
from tests.generations.helpers import one, rows

# A condition of an index comes back from PostgreSQL in other words of the same meaning.
SHAPE = """SELECT conrelid::regclass::text AS of, conname AS name, pg_get_constraintdef(oid) AS definition
           FROM pg_constraint
           WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text !~ '^billing_usagerecord_'
           UNION ALL SELECT tablename, indexname, regexp_replace(indexdef, ' WHERE .*', ' WHERE …')
           FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '^billing_usagerecord_'
           UNION ALL SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
           ORDER BY 1, 2, 3"""


def run(*arguments: str) -> str:
    written = StringIO()
    call_command("bench_seed", *arguments, stdout=written)
    return written.getvalue()


def test_the_books_are_right_and_the_tables_as_before() -> None:
    make_tenant()
    arguments = ("--records", "1500", "--tenants", "4", "--months", "2", "--until", "2026-10")
    with pytest.raises(CommandError, match=r"The database has \d+ tenants.*--beside-real-tenants"):
        run(*arguments)
    before = rows("owner", SHAPE)

    said = run(*arguments, "--beside-real-tenants")

    assert "1500 usage records of 4 tenants, 2026-09 to 2026-10." in said
    assert rows("owner", SHAPE) == before
    mine = "FROM billing_usagerecord WHERE tenant_id IN (SELECT id FROM accounts_tenant WHERE slug LIKE 'bench-%%')"
    assert one("owner", f"SELECT count(*) {mine}") == 1500
    assert rows("owner", f"SELECT min(billing_date)::text AS first, max(billing_date)::text AS last {mine}") == [
        {"first": "2026-09-01", "last": "2026-10-31"}
    ]
    charges = """SELECT usage FROM billing_charge c JOIN accounts_tenant t ON t.id = c.tenant_id
                 WHERE t.slug LIKE 'bench-%%'"""
    for charge in rows("owner", charges):
        shape = schema.Usage(data=charge["usage"])
        assert shape.is_valid(), shape.errors
    for number in range(4):
        call_command("reconcile", "--tenant", f"bench-0000{number}", stdout=StringIO())  # exits when anything differs
    with pytest.raises(CommandError, match="seeded already"):
        run(*arguments, "--beside-real-tenants")


def test_a_seed_gives_the_same_rows_again_and_another_gives_others() -> None:
    def lines(seed: int) -> list[dict[str, list[str]]]:
        size = Size(records=400, tenants=2, months=1, until=date(2026, 10, 1), seed=seed)
        tenants = [Tenant(UUID(int=n), ZoneInfo("Asia/Tokyo"), (UUID(int=9),), (None,)) for n in range(2)]
        return [chunk.lines for chunk in RowFactory(tenants, random.Random(seed)).chunks(size)]

    first = lines(1)
    assert first == lines(1)
    assert first != lines(2)
    assert sum(len(chunk["billing_usagerecord"]) for chunk in first) == 400


@pytest.mark.parametrize(
    "arguments", [("--records", "99"), ("--tenants", "0"), ("--months", "200"), ("--until", "May")]
)
def test_impossible_sizes_are_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
