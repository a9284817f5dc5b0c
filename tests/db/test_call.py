"""SQL functions are called by name, with values of the right number, and what comes back is of the right shape."""

from __future__ import annotations

import ast
import re
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError

from cavendish.db.call import Jsonb, acall, acall_rows, acall_values, call, call_row, call_rows, call_values, statement
from cavendish.db.pool import open_pool
from cavendish.db.router import acting_as
from tests.db.calls import ROOT, SQL, Call, calls, calls_in, sources
from tests.db.sql_text import functions
from tests.factories import key_of, make_tenant
from tests.generations.helpers import rows

# Connections of their own, which are none of Django's and no pool's; and functions as a part of a larger query.
BY_HAND = {
    "accounts/authentication/key_changes.py": {"access_changes", "api_keys_used"},
    "billing/budgets/selectors.py": {"budget_period_bounds"},
    "billing/credits/services.py": {"budget_period_bounds"},
    "billing/months.py": {"budget_period_bounds"},
    "generations/selectors.py": {"generation_content"},
    "platform/cavendish/above/demo/budgets.py": {"budget_use"},
    "platform/cavendish/above/demo/seed.py": {"activity_hour_refresh"},
}


def problems(found: list[Call]) -> list[str]:
    """What is wrong with calls: names that are no literal or no function, and numbers of values that do not fit."""
    wrong = []
    for one in found:
        function = functions().get(one.function or "")
        if function is None:
            wrong.append(f"{one.place}: {one.function} is no SQL function")
        elif one.count is not None:
            most = len(function.parameters)
            if not most - function.defaults <= one.count <= most:
                wrong.append(f"{one.place}: {one.function} takes {most} values, not {one.count}")
    return wrong


def test_every_call_names_a_function_and_gives_it_what_it_takes() -> None:
    assert problems(calls()) == []
    assert len(calls()) > 30


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('call("hold_take", 1)', "hold_take is no SQL function"),
        ("call(name, 1)", "None is no SQL function"),
        ('call_row("number_assign", entity, "invoices")', "number_assign takes 3 values, not 2"),
        ('await acall(pool, "worker_leave", worker)', "worker_leave takes 3 values, not 1"),
        ('statement("api_keys_used", 2)', "api_keys_used takes 1 values, not 2"),
        ('call("worker_release", worker, "lost")', ""),
        ('call("worker_release", *values)', ""),
    ],
)
def test_a_wrong_call_is_seen(line: str, message: str) -> None:
    text = f"from cavendish.db.call import call\n\nasync def caller():\n    {line}\n"
    found = problems(list(calls_in(ROOT / "accounts" / "x.py", text)))
    assert [line.partition(": ")[2] for line in found] == ([message] if message else [])


def test_nobody_writes_such_a_statement_by_hand() -> None:
    found: dict[str, set[str]] = {}
    for path in sources():
        if path.match("cavendish/db/*.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
                names = set(re.findall(r"\b(\w+)\(", node.value)) & set(functions())
                if names:
                    found.setdefault(path.relative_to(ROOT).as_posix(), set()).update(names)
    assert found == BY_HAND


def test_one_value_one_row_rows_and_values() -> None:
    tenant = make_tenant()
    key = key_of(tenant.id, True)
    assert call("worker_heartbeat", uuid4(), 60.0, using="system") is None
    assert call("budget_limit", Decimal(5), Decimal(7), None, None) == Decimal(5)
    [row] = call_rows("access_changes", None, [key])
    assert row["changed"] == []
    later = call_row("access_changes", row["snapshot"], [key])
    assert later is not None
    assert (later["changed"], row["snapshot"].count(":")) == ([], 2)
    assert call_rows("person_tenants", uuid4()) == []
    assert call_row("invitation_find", b"x" * 32) is None
    assert call_values("generations_finished", [uuid4()]) == []
    assert call("month_bounds", date(2026, 2, 1), "UTC").isoformat() == "2026-03-01T00:00:00+00:00"


def test_jsonb_goes_in_and_comes_out_as_it_is() -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        parties = call_row("invoice_parties", tenant.id)
        assert parties is not None
        assert parties["customer"]["name"] == tenant.name
    day = call("sandbox_day_reserve", tenant.id, 0, 1 << 50, using="owner")
    assert (day["code"], day["metric"]) == ("test_limit_reached", "bytes")
    assert not call("api_keys_used", Jsonb([{"id": str(uuid4()), "at": 1.5, "address": None}]))
    rows("owner", "DELETE FROM accounts_sandboxday WHERE tenant_id = %s", tenant.id)


def test_a_call_runs_as_the_role_that_acts() -> None:
    with pytest.raises(DatabaseError, match="permission denied"):
        call("mails_due", 1)
    assert call_values("mails_due", 0, using="system") == []
    with acting_as("system"):
        assert call_values("mails_due", 0) == []


def test_a_name_without_a_file_never_reaches_the_database() -> None:
    for name in ("pg_sleep", "hold_take", "now() --"):
        with pytest.raises(LookupError, match="There is no SQL function"):
            call(name, 1)
    assert statement("number_assign", 3) == "SELECT * FROM number_assign(%s, %s, %s)"


async def test_the_twins_for_pools() -> None:
    pool = open_pool("system", max_size=1)
    await pool.open()
    try:
        assert await acall(pool, "worker_heartbeat", uuid4(), 60.0) is None
        assert await acall_rows(pool, "generation_claim", uuid4(), 0, 0, False, 0, 1.0) == []
        assert await acall_values(pool, "mails_due", 0) == []
        with pytest.raises(LookupError):
            await acall(pool, "worker_beat", uuid4())
    finally:
        await pool.close()
