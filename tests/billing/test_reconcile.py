"""`manage.py reconcile` finds nothing in right books, also beside running jobs, and names each thing that is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.charges.services import charge_refund
from billing.credits.services import credit_grant
from billing.models import Allowance, AllowanceUse, Budget, UsageTag
from billing.reconcile import Scope, books_checks, snapshot
from billing.usage.services import usage_platform_refresh
from billing.wallets.services import top_up_reverse, wallet_top_up
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from generations.reconcile import jobs_checks
from tests.billing.falsified import OF, PLANTS, UNDO
from tests.factories import make_batch, make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim, finish, one, register, succeeded

Json = dict[str, Any]


def reconcile(*arguments: str) -> Json:
    written = StringIO()
    try:
        call_command("reconcile", "--json", *arguments, stdout=written)
        code = 0
    except SystemExit as end:
        code = int(str(end.code))
    found: Json = json.loads(written.getvalue())
    assert code == (0 if found["ok"] else 1)
    return found


def found_in(tenant: Tenant, *arguments: str) -> dict[str, list[Json]]:
    """The differing rows by check."""
    report = reconcile("--tenant", tenant.slug, *arguments)
    return {check["check"]: check["rows"] for check in report["checks"] if check["count"]}


def work(tenant: Tenant, count: int = 1, **body: Any) -> list[UUID]:
    made = [submit_generation(tenant, **body) for _ in range(count)]
    for job in claim(register(), count):
        assert finish(job, succeeded(job)) == "ended"
    return made


def busy() -> Tenant:
    """With one of everything that the checks compare: jobs of every kind, budget, tag, credit, refund, batch, days."""
    tenant = make_tenant()
    with acting_as("operator"):
        Budget.objects.create(
            tenant=tenant, scope="tenant", scope_id=tenant.id, period="month", metric="money", limit=50
        )
        UsageTag.objects.create(tenant=tenant, key="team")
    queue_clear()
    submit_generation(tenant)
    queue_clear()
    [ended] = work(tenant, metadata={"team": "red"})
    with acting_as("operator"):
        given: Any = {"tenant_id": tenant.id, "reason": "Test", "actor": SYSTEM}
        credit_grant(amount=Decimal(2), expires_at=None, **given)
        charge_refund(generation_id=ended, amount=Decimal("0.001"), **given)
        paid = wallet_top_up(amount=Decimal(3), **given)
        top_up_reverse(transaction_id=paid.id, amount=Decimal("0.01"), **given)
        month = Allowance.objects.create(tenant=tenant, month="2026-11-01", included=5, used=1)
        AllowanceUse.objects.create(tenant=tenant, allowance=month, generation_id=ended, held=1, used=1)
    submit_generation(tenant)
    make_batch(tenant, "a cat")
    usage_platform_refresh()
    return tenant


def plant(tenant: Tenant, *statements: str) -> None:
    """Falsifies the books as their owner could, past all triggers."""
    guarded = ("billing_ledgerentry", "billing_ledgertransaction", "generations_generation")
    with psycopg.connect(conninfo("owner")) as owner:
        for table in guarded:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            assert owner.execute(statement, {"tenant": tenant.id}).rowcount > 0, statement
        for table in guarded:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.parametrize("what", PLANTS)
def test_what_was_falsified_is_named(what: str) -> None:
    tenant = busy()
    assert found_in(tenant) == {}
    names, statements = PLANTS[what][0], [str(one) for one in PLANTS[what][1:]]

    plant(tenant, *statements)

    found = found_in(tenant)
    if what in UNDO:
        plant(tenant, UNDO[what])
    assert found.keys() == names
    assert all(row["tenant_id"] == str(tenant.id) for rows in found.values() for row in rows)


def test_every_check_is_proven_to_find_something() -> None:
    known = {check.name for check in (*books_checks(), *jobs_checks())}
    assert known - set().union(*(names for names, *_ in PLANTS.values())) == UNPROVEN


UNPROVEN = {
    "invoices",
    "invoice_bookings",
    "invoice_lines",
    "invoice_numbers",
    "invoices_failed",
    "credit_notes",
    "given_back",
    "seals",
}
"""Checks whose proof is with the tests of what they compare."""


def test_jobs_that_run_meanwhile_are_no_difference() -> None:
    """Without the snapshot a job that ends between two queries would be one."""
    tenant = busy()
    stop, failed = threading.Event(), []

    def generate() -> None:
        try:
            while not stop.is_set():
                work(tenant, 3, metadata={"team": "red"})
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=generate)
    thread.start()
    try:
        for _ in range(4):
            assert found_in(tenant, "--no-objects") == {}
    finally:
        stop.set()
        thread.join()
    assert failed == []
    with snapshot() as books:
        before = books.connection.execute("SELECT count(*) AS n FROM billing_charge").fetchone()
        work(tenant)
        assert books.connection.execute("SELECT count(*) AS n FROM billing_charge").fetchone() == before


def test_objects_and_rows_are_compared_both_ways() -> None:
    tenant = busy()
    root = Path(settings.DATA_DIR) / "objects" / "tenants" / tenant.id.hex
    [generation] = work(tenant)
    for name, content in (("kept", b"12345"), ("short", b"123"), ("lost", None), ("none", b"1")):
        key = f"tenants/{tenant.id.hex}/outputs/{generation.hex}/{name}"
        path = root / "outputs" / generation.hex / name
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if name != "none":
            with connections["owner"].cursor() as cursor:
                cursor.execute(
                    """INSERT INTO generations_output (id, tenant_id, generation_id, part, index, mime_type, width,
                           height, bytes, sha256, tokens, c2pa, sandbox, storage_key)
                       VALUES (gen_random_uuid(), %s, %s, 'output', %s, 'image/png', 1, 1, 5, '', 1, false, true,
                               %s)""",
                    [tenant.id, generation, ord(name[0]), key],
                )
    assert {row["subject"].rpartition("/")[2]: row["problem"] for row in found_in(tenant)["objects"]} == {
        "lost": "the object is missing",
        "short": "the sizes differ",
    }  # a young object may be one of a job that is ending
    os.utime(root / "outputs" / generation.hex / "none", (0, 0))
    assert "no row names the object" in {row["problem"] for row in found_in(tenant)["objects"]}
    assert "objects" not in found_in(tenant, "--no-objects")


def test_bytes_that_changed_are_found_by_their_hash() -> None:
    tenant = busy()
    [generation] = work(tenant)
    for name, content, digest in (("right", b"12345", b"12345"), ("wrong", b"12346", b"12345"), ("gone", None, b"1")):
        key = f"tenants/{tenant.id.hex}/outputs/{generation.hex}/{name}"
        path = Path(settings.DATA_DIR) / "objects" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                """INSERT INTO generations_output (id, tenant_id, generation_id, part, index, mime_type, width, height,
                       bytes, sha256, tokens, c2pa, sandbox, storage_key)
                   VALUES (gen_random_uuid(), %s, %s, 'output', %s, 'image/png', 1, 1, 5, %s, 1, false, true, %s)""",
                [tenant.id, generation, ord(name[0]), hashlib.sha256(digest).hexdigest(), key],
            )
    assert "hashes" not in found_in(tenant)
    for arguments in (["--hashes"], ["--hashes", "all"], ["--hashes", "all", "--since", "2026-01-01T00:00:00Z"]):
        found = found_in(tenant, *arguments)
        assert {row["subject"].rpartition("/")[2]: row["problem"] for row in found["hashes"]} == {
            "gone": "the object is missing",
            "wrong": "the bytes differ",
        }, arguments
        assert [row["problem"] for row in found["objects"]] == ["the object is missing"]


def test_what_was_written_since_is_compared_and_nothing_older() -> None:
    tenant = busy()
    moment = one("owner", "SELECT now()")
    work(tenant, metadata={"team": "red"})
    assert found_in(tenant, "--since", moment.isoformat()) == {}
    plant(tenant, f"UPDATE billing_charge SET cost = cost + 1 {OF} AND amount > 0")
    # of a day, as roll-ups are
    assert found_in(tenant, "--since", moment.isoformat()).keys() == {"charges_usage", "rollups_charges"}
    tomorrow = (moment + timedelta(days=3)).isoformat()
    assert found_in(tenant, "--since", tomorrow) == {}


def test_a_row_that_cannot_be_read_stops_a_check_for_no_other_tenant() -> None:
    broken, wrong = make_tenant(), make_tenant()
    queue_clear()
    for tenant in (broken, wrong):
        work(tenant)
    plant(broken, f"""UPDATE billing_charge SET usage = '{{"thought": "no number"}}' {OF}""")
    plant(wrong, f"UPDATE billing_charge SET cost = cost + 1 {OF}")
    [check] = reconcile("--checks", "charges_usage", "--no-objects", "--rows", "1000")["checks"]
    plant(broken, f"UPDATE billing_charge SET usage = '{{}}' {OF}")
    plant(wrong, f"UPDATE billing_charge SET cost = cost - 1 {OF}")
    found = {row["tenant_id"]: row for row in check["rows"]}
    assert check["error"] == "InvalidTextRepresentation"
    assert found[str(broken.id)]["subject"] == "a row that cannot be read"
    assert Decimal(found[str(wrong.id)]["charge_cost"]) == Decimal(found[str(wrong.id)]["recorded_cost"]) + 1


def test_rows_are_bounded_and_counted() -> None:
    tenant = make_tenant()
    queue_clear()
    work(tenant, 3)
    plant(tenant, f"UPDATE billing_charge SET cost = cost + 1 {OF}")
    report = reconcile("--tenant", tenant.slug, "--checks", "charges_usage", "--rows", "2")
    [check] = report["checks"]
    assert (check["count"], len(check["rows"]), report["ok"]) == (3, 2, False)
    written = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("reconcile", "--tenant", tenant.slug, "--checks", "charges_usage", "--rows", "2", stdout=written)
    said = written.getvalue()
    assert "DIFFERS charges_usage" in said
    assert "… and 1 more rows" in said
    assert "3 rows differ in 1 of 1 checks." in said


def test_a_month_looks_at_that_month_only() -> None:
    tenant = make_tenant()
    queue_clear()
    work(tenant)
    plant(tenant, f"UPDATE billing_charge SET cost = cost + 1 {OF}")
    today = one("owner", "SELECT to_char(now(), 'YYYY-MM')")
    assert "charges_usage" in found_in(tenant, "--month", today)
    assert found_in(tenant, "--month", "2001-02") == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tenant", "nobody-of-that-name"], "There is no tenant"),
        (["--tenant", "ten_" + "0" * 32], "There is no tenant"),
        (["--month", "November"], "for example 2026-11"),
        (["--since", "yesterday"], "use last, or a moment with its zone"),
        (["--since", "last", "--month", "2026-11"], "not both"),
        (["--hashes", "some"], "invalid choice"),
        (["--service", "Gemini API"], "Without --upstream there is no use for --service"),
        (["--tolerance", "1", "--skus", "/skus.csv"], "Without --upstream there is no use for --tolerance, --skus"),
        (["--upstream", "/a.csv", "--month", "2026-11", "--hashes"], "With --upstream .* for --month, --hashes"),
        (["--no-objects", "--checks", "wallets,objects"], "not both"),
        (["--checks", "wallet"], "There is no check wallet; there are allowances, "),
        (["--upstream", "/nowhere.csv"], "cannot be read as a billing export"),
        (["--tolerance", "NaN"], "a percentage from 0 to 100"),
        (["--upstream-zone", "Mars"], "name of a time zone"),
    ],
)
def test_wrong_arguments_are_told(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("reconcile", *arguments)


def test_a_scope_of_a_month_ends_with_it() -> None:
    assert Scope(month=date(2026, 12, 1)).values()["end"] == date(2027, 1, 1)
