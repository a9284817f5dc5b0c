"""The order in which everything locks, and what the functions make of it.

A lock that is waited for while another is held must stand below that one here. Then no two transactions wait in a ring,
whichever functions they call. `edges` reads who waits for what from the functions' texts, through all their calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.db.calls import calls, named_in_sql, sources
from tests.db.sql_text import Call, Function, Lock, functions, triggers

ITEM = "generations_batchitem"
WAITING, IN_PROGRESS = f"{ITEM} (waiting)", f"{ITEM} (in progress)"

ORDER: Mapping[str, str] = {
    "accounts_idempotencykey": "of one request; who repeats it waits for that row alone, and holds nothing",
    "accounts_user": "a person who opens a tenant",
    "accounts_tenant": "in the order of ids; a claim, a change of its settings",
    "closing_erasure": "an erasure that begins, is moved or canceled",
    "accounts_membership": "in the order of ids",
    "accounts_invitation": "by whoever opens it or takes it back",
    "accounts_apikey": "in the order of ids; a submit counts the key's jobs under it",
    "billing_plan": "a plan that gets a new version",
    "billing_subscription": "by whoever begins it, passed over by others",
    "generations_worker": "a lease",
    "advisory lock invoice_draft": "one drafts a month at a time; another has nothing to do",
    "billing_providercustomer": "by whoever makes it at the provider",
    "billing_providerpayment": "a payment of which the provider says something",
    "billing_invoice": "in the order of ids",
    WAITING: "by whoever makes a job of it, fails it or ends the batch",
    "generations_output": "of a generation that is deleted; a smaller picture that is stored waits, and holds nothing",
    "generations_collection": "one that an output is put into",
    "generations_generation": "the job, before anything of its money",
    "generations_upstreamcall": "of one claim of a job; who notes it twice is the same worker",
    "generations_generationcontent": "of the job that is locked",
    "accounts_sandboxday": "a tenant's day of test jobs",
    "billing_billingperiod": "shared by whoever settles, alone by whoever closes the month",
    "advisory lock usage_tags": "one adds a value of a tag at a time",
    "billing_usagetagvalue": "a tag's value in a month",
    "billing_usagerollup": "in the order of their key",
    "billing_usagetagrollup": "in the order of their key",
    "advisory lock tenant, 20": "shared by jobs, alone by whoever changes the tenant's budgets (`budgets_lock`)",
    "billing_hold": "of the job that ends",
    "billing_allowanceuse": "of the job that ends",
    "billing_allowance": "a tenant's month of included pictures",
    "billing_budgetperiod": "in the order of ids",
    "billing_budgetalert": "by whoever mails it, passed over by others",
    "billing_wallet": "the hottest row of a tenant",
    "billing_autotopup": "a change of its terms, and what its last payment says of it",
    "billing_credit": "the soonest to expire first",
    IN_PROGRESS: "of the job that ends",
    "generations_batch": "its counts; after the wallet, so it is no hotter than that one",
    "billing_invoiceline": "of drafts that are locked",
    "billing_legalentity": "last: it numbers invoices and credit notes without gaps",
    "billing_numberseries": "under the company's lock",
    "advisory lock usage_platform_refresh": "one sums up the platform's days at a time; another has nothing to do",
    "billing_platformday": "by whoever sums up",
    "billing_platformmonth": "by whoever sums up",
    "billing_platformtotal": "by whoever sums up",
    "advisory lock activity_refresh": "one counts an hour of jobs at a time; another has nothing to do",
    "generations_activityhour": "by whoever counts",
    "generations_activitylatest": "by whoever counts",
    "generations_activitytotal": "by whoever counts",
    "generations_activitylatesttotal": "by whoever counts",
    "generations_activitymoney": "by whoever counts",
    "generations_tenantmove": "by whoever counts",
    "generations_platformgauge": "one of an hour, alone in its transaction",
    "the table generations_generation": "while a month of contents or calls is attached; gives up after half a second",
    "the table billing_usagerecord_default": "while a partition is made; gives up after two seconds",
    "billing_usagerecord_default": "rows that move into their partition",
    "the table billing_usagerecord": "while a partition is attached",
    "mail_mail": "by whoever sends it",
    "accounts_storageuse": "what a tenant stores; last of all, since its triggers run at the commit",
    "accounts_webhookendpoint": "a change of it, and what its deliveries say of it",
    "accounts_webhooksecret": "a new one",
    "accounts_webhookdelivery": "by whoever sends it, passed over by others",
    "generations_platformguardrule": "a change of it",
    "generations_guardrule": "a change of it",
}

LOCKS_NOTHING: Mapping[tuple[str, str, int], str] = {
    ("charge_settle", "charge_book", 0): "books without credits, so it locks none of them",
}
"""Calls (caller, callee, which of them) in which the callee locks nothing, and why."""

STATES: Mapping[tuple[str, str], str] = {
    ("generation_submit", ITEM): WAITING,
    ("batch_items_finish", ITEM): WAITING,
    ("batch_item_finish", ITEM): IN_PROGRESS,
}
"""An item is waited for by others only while it waits; in progress it is its own job's alone."""

ONE_AT_A_TIME: Mapping[str, str] = {
    "generation_sweep": "each call is for another tenant, and nobody else locks rows of two tenants",
}
"""Functions whose calls are looked at one by one, and why."""


@dataclass(frozen=True)
class Edge:
    held: str
    awaited: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' > '.join(self.path)} waits for {self.awaited} and holds {self.held}"


def roots() -> list[str]:
    """Functions with which a transaction may begin: those that Python calls."""
    called = {call.function for call in calls() if call.function} | set(named_in_sql())
    return sorted(called & set(functions()))


def edges(known: Mapping[str, Function] | None = None) -> Iterator[Edge]:
    """Every lock that is waited for while another is held, from every root."""
    known = known or functions()
    for root in roots():
        yield from _walk(known, root, [], (root,))
    for name, (function, event) in triggers().items():
        held = [event.split()[-1]] if "UPDATE" in event or "DELETE" in event else []
        yield from _walk({**known, name: function}, name, held, (name,))


def _walk(known: Mapping[str, Function], name: str, held: list[str], path: tuple[str, ...]) -> Iterator[Edge]:
    seen: dict[str, int] = {}
    for step in known[name].steps:
        if isinstance(step, Lock):
            lock = STATES.get((name, step.name), step.name)
            if lock not in held:
                if step.waits:
                    yield from (Edge(other, lock, path) for other in held)
                held.append(lock)
            continue
        place = seen[step.name] = seen.get(step.name, -1) + 1
        if (name, step.name, place) in LOCKS_NOTHING:
            continue
        inner = list(held) if name in ONE_AT_A_TIME else held
        yield from _walk(known, step.name, inner, (*path, step.name))


def out_of_order(found: Iterator[Edge]) -> list[str]:
    """The edges against the order, each once, and those of locks that have no place in it."""
    places = {name: place for place, name in enumerate(ORDER)}
    wrong: dict[object, str] = {}
    for edge in found:
        for name in (edge.held, edge.awaited):
            if name not in places:
                wrong[name] = f"{edge.path[-1]}: {name} has no place in the order"
        if places.get(edge.held, -1) >= places.get(edge.awaited, len(places)):
            wrong.setdefault((edge.held, edge.awaited), str(edge))
    return list(wrong.values())


def locks_of(name: str) -> list[str]:
    """What a call of a function locks, in that order, through all it calls."""
    result: list[str] = []
    _collect(name, result)
    return result


def _collect(name: str, result: list[str]) -> None:
    seen: dict[str, int] = {}
    known = {**functions(), **{name: function for name, (function, _) in triggers().items()}}
    for step in known[name].steps:
        if isinstance(step, Call):
            place = seen[step.name] = seen.get(step.name, -1) + 1
            if (name, step.name, place) not in LOCKS_NOTHING:
                _collect(step.name, result)
        else:
            lock = STATES.get((name, step.name), step.name)
            if lock not in result:
                result.append(lock)


@dataclass(frozen=True)
class PythonLocks:
    """What a function of Python locks itself, in the order of its text."""

    path: Path
    name: str
    locks: tuple[str, ...]


def python_locks() -> list[PythonLocks]:
    """Every function with a `select_for_update`, with the functions in SQL that it calls."""
    return [found for path in sources() for found in _in_file(path)]


def _in_file(path: Path) -> Iterator[PythonLocks]:
    text = path.read_text()
    if "select_for_update" not in text:
        return
    for scope in ast.walk(ast.parse(text)):
        if isinstance(scope, ast.FunctionDef):
            locks = tuple(dict.fromkeys(_in_function(scope)))
            if locks:
                yield PythonLocks(path, scope.name, locks)


def _in_function(scope: ast.FunctionDef) -> Iterator[str]:
    models: dict[str, str] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and (model := _model(node.value)):
            models[node.targets[0].id] = model
    found = sorted(
        (node for node in ast.walk(scope) if isinstance(node, ast.Call)),
        key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0),
    )
    for node in found:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "select_for_update":
            base = _base(node)
            yield table_of(models.get(base, base))


def _model(value: ast.AST) -> str | None:
    """The model whose rows an expression begins with."""
    base = _base(value)
    return base if base[:1].isupper() else None


def _base(node: ast.AST) -> str:
    while not isinstance(node, ast.Name):
        children = [node.func] if isinstance(node, ast.Call) else [getattr(node, "value", None)]
        if children[0] is None:
            return ""
        node = children[0]
    return node.id


def table_of(model: str) -> str:
    """The table of a model by its name in the order; the name itself where there is none."""
    ending = f"_{model.lower()}"
    return next((name for name in ORDER if name.endswith(ending)), model)
