"""Everything locks in one order, and the page of locks shows it (docs/decisions/0016-locks.md)."""

from __future__ import annotations

import threading
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from django.db import connections

from tests.db.calls import calls
from tests.db.lock_page import PAGE, PARTS, callers, written
from tests.db.locks import (
    LOCKS_NOTHING,
    ONE_AT_A_TIME,
    ORDER,
    STATES,
    edges,
    locks_of,
    out_of_order,
    python_locks,
)
from tests.db.sql_text import Call, functions, triggers
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim_one, register, rows
from tests.races import function_without, until, waited_for
from tests.walls.catalog import connected


def test_no_function_waits_for_a_lock_that_stands_above_one_it_holds() -> None:
    found = list(edges())
    assert out_of_order(iter(found)) == []
    assert len(found) > 100
    pairs = {(edge.held, edge.awaited) for edge in found}
    assert ("billing_budgetperiod", "billing_wallet") in pairs
    assert ("billing_wallet", "billing_legalentity") in pairs
    assert ("accounts_tenant", "advisory lock tenant, 20") in pairs  # the trigger of a tenant's time zone


@pytest.mark.parametrize(
    ("name", "was", "becomes", "message"),
    [
        ("hold_reserve", "PERFORM budgets_lock(p_tenant, false);", "PERFORM 1 FROM billing_wallet FOR UPDATE;",
         "waits for billing_budgetperiod and holds billing_wallet"),
        ("allowance_reserve", "PERFORM budgets_lock(p_tenant, false);", "",
         "waits for advisory lock tenant, 20 and holds billing_allowance"),
        ("invoice_finalise", "PERFORM invoice_fill(ARRAY[p_invoice]);",
         "PERFORM number_assign(NULL, '', NULL); PERFORM invoice_fill(ARRAY[p_invoice]);",
         "waits for billing_invoiceline and holds billing_legalentity"),
        ("batch_count", "UPDATE generations_batch", "UPDATE generations_batch SET fed = 0; UPDATE billing_wallet",
         "waits for billing_wallet and holds generations_batch"),
        ("worker_register", "INSERT INTO generations_worker",
         "UPDATE generations_generation SET worker = NULL; INSERT INTO generations_worker", ""),
        ("generation_cancel", "SELECT status INTO status_before",
         "PERFORM pg_advisory_xact_lock(hashtext('new')); SELECT 1",
         "advisory lock new has no place in the order"),
        ("charge_settle", "charged, held.currency, false)", "charged, held.currency, true)", ""),
    ],
)  # fmt: skip
def test_a_function_that_locks_out_of_order_is_seen(name: str, was: str, becomes: str, message: str) -> None:
    function = functions()[name]
    assert was in function.text
    changed = replace(function, text=function.text.replace(was, becomes))
    found = out_of_order(edges({**functions(), name: changed}))
    if message:
        assert any(message in line for line in found), found
    else:
        assert found == []  # a lock that is held already, or what is left to the exceptions


def test_the_exceptions_are_of_calls_that_exist() -> None:
    for caller, callee, place in LOCKS_NOTHING:
        found = [step for step in functions()[caller].steps if step == Call(callee)]
        assert len(found) > place
    assert "charged, held.currency, false)" in functions()["charge_settle"].text
    assert "WHERE p_credits AND" in functions()["charge_book"].text
    for name, table in STATES:
        assert table in {step.name for step in functions()[name].steps}
    assert set(ONE_AT_A_TIME) <= set(functions())


def test_the_order_has_nothing_that_nobody_locks() -> None:
    everyone = {lock for name in [*functions(), *triggers()] for lock in locks_of(name)}
    everyone |= {lock for row in python_locks() for lock in row.locks}
    assert set(ORDER) == everyone


def test_python_locks_in_the_same_order() -> None:
    places = list(ORDER)
    found = python_locks()
    assert len(found) > 20
    for row in found:
        assert list(row.locks) == sorted(row.locks, key=places.index), f"{row.path}: {row.name}"


@pytest.mark.parametrize("name", [*functions(), *triggers()])
def test_every_function_is_called_by_somebody(name: str) -> None:
    by_functions = {callee for function in functions().values() for callee in function.calls}
    by_triggers = {callee for function, _ in triggers().values() for callee in function.calls}
    assert name in by_functions | by_triggers | set(triggers()) or callers(name)


def test_the_page_says_what_the_code_does() -> None:
    text = PAGE.read_text()
    assert written(text) == text, "run: python -m tests.db.lock_page"
    for part in PARTS:
        assert f"<!-- {part}: written" in text
    for name in [*functions(), *triggers()]:
        assert f"| `{name}` |" in text
    assert len(calls()) > 5


# The rings that the order prevents, where it once did not.


def leave(worker: UUID, errors: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            rows("system", "SELECT worker_leave(%s, '{}')", worker)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def ring(worker: UUID) -> list[BaseException]:
    """A worker leaves while the sweeper, which has its lease already, comes for its jobs."""
    errors: list[BaseException] = []
    with connected("owner") as sweeper:
        sweeper.execute("DELETE FROM generations_worker WHERE id = %s", [worker])
        thread = leave(worker, errors)
        until(lambda: waited_for(sweeper))
        try:
            sweeper.execute("SELECT worker_release(%s, 'worker lost')", [worker])
            sweeper.commit()
        except psycopg.errors.DeadlockDetected as error:
            errors.append(error)
            sweeper.rollback()
        thread.join()
    return errors


def test_a_worker_that_leaves_and_the_sweeper_do_not_wait_for_each_other() -> None:
    queue_clear()
    submit_generation(make_tenant())
    worker = register()
    claim_one(worker)
    assert ring(worker) == []
    # the twin: the jobs first, as it was
    jobs_first = ("\nBEGIN\n", "\nBEGIN\n    PERFORM worker_release(p_worker, 'worker stopped', p_keep);\n")
    worker = register()
    claim_one(worker)
    with function_without("worker_leave", jobs_first):
        [error] = ring(worker)
    assert "deadlock" in str(error)
    queue_clear()
