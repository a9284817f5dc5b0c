"""What Python and SQL pass each other as JSON has the same keys on both sides (the `contracts` of each app)."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from accounts.contracts import DayRefusal, KeyUse
from billing import contracts as billing
from cavendish.mail.contracts import ClaimedMail
from generations import contracts as generations
from tests.db.sql_json import Build, Tree, builds, reads
from tests.db.sql_text import Function, functions

READ: Mapping[tuple[str, str], Any] = {
    ("api_keys_used", "p_uses"): KeyUse,
    ("generation_submit", "p"): generations.Submission,
    ("generation_finish", "p"): generations.GenerationResult,
    ("generation_finish_unrun", "p_error"): generations.GenerationError,
    ("upstream_calls_add", "p_calls"): generations.UpstreamCalls,
    ("charge_settle", "p"): billing.SettlementOfJob,
}
"""Parameters of type jsonb, and what Python sends in them."""

NOT_READ: Mapping[tuple[str, str], str] = {
    ("idempotency_end", "p_answer"): "stored as it is",
    ("hold_reserve", "p_prices"): "stored as it is: KindPrice by kind",
    ("generation_requeue", "p_calls"): "handed on to upstream_calls_add",
    ("worker_leave", "p_calls"): "a list of what upstream_calls_add takes",
    ("worker_heartbeat", "p_state"): "stored as it is",
    ("generation_submit_alone", "p"): "handed on to generation_submit",
    ("generation_end", "p_result"): "handed on to generation_finish",
    ("batch_item_finish", "p_error"): "stored as it is",
    ("batch_items_finish", "p_error"): "stored as it is",
    ("event_add", "p_data"): "stored as it is",
    ("invoice_draft", "p_digits"): "keys are data: places of the minor unit by currency",
    ("invoice_open", "p_digits"): "handed on by invoice_draft",
    ("invoice_book", "p_entries"): "keys are data: amounts by account",
    ("usage_tags_reserve", "p_metadata"): "keys are data: a tenant's own",
}

REFUSALS: tuple[Any, ...] = (
    *get_args(generations.SubmitRefusal),
    *get_args(billing.HoldRefusal),
    *get_args(billing.Finalisation),
    DayRefusal,
    generations.GenerationError,
)
"""What has a `code` that says which of them it is."""

BUILT: Mapping[tuple[str, int], Any] = {
    ("generation_claim", 1): generations.ClaimedJob,
    ("generation_assign", 0): generations.Assigned,
    ("generation_submit", 11): generations.Handed,
    ("generation_submit", 12): generations.Queued,
    ("generation_sweep", 1): generations.Sweep,
    ("invoice_parties", 0): billing.Issuer,
    ("invoice_parties", 1): billing.Customer,
    ("mail_claim", 0): ClaimedMail,
}
"""What else is built for Python: the function, and which of its JSON objects."""

BUILT_FOR_SQL = {"event_add", "charge_settle", "invoice_book"}
"""Functions that take what is built: events are shown as they are, the others are looked at below."""


def keys(contract: Any) -> dict[str, Any]:
    """The keys of a TypedDict with their types, without what says whether they are required."""
    return {name: _bare(hint) for name, hint in get_type_hints(contract, include_extras=True).items()}


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint


def below(hint: Any) -> Any:
    """The TypedDict that a type holds, be it optional or in a list; None where there is none."""
    if is_typeddict(hint):
        return hint
    if get_origin(hint) in (Union, types.UnionType, list):
        return next((found for part in get_args(hint) if (found := below(part))), None)
    return None


def compare_read(contract: Any, tree: Tree, place: str) -> list[str]:
    """Where the keys that are read and those of a contract differ. What is stored as a whole may be read in part."""
    wrong = []
    hints = keys(contract)
    for name in sorted(set(hints) | set(tree.keys)):
        here = f"{place}.{name}"
        if name not in hints:
            wrong.append(f"{here} is read and never sent")
        elif name not in tree.keys:
            if not tree.whole:
                wrong.append(f"{here} is sent and never read")
        elif tree.keys[name].keys:
            inner = below(hints[name])
            wrong += compare_read(inner, tree.keys[name], here) if inner else [f"{here} has no contract"]
    return wrong


def compare_built(contract: Any, build: Build, place: str) -> list[str]:
    """Where the keys that are built and those of a contract differ."""
    wrong = []
    hints = keys(contract)
    for name in sorted(set(hints) | set(build.keys)):
        here = f"{place}.{name}"
        if name not in hints:
            wrong.append(f"{here} is returned and no contract has it")
        elif name not in build.keys:
            wrong.append(f"{here} is in the contract and never returned")
        elif (inner := build.keys[name]) is not None:
            wrong += compare_built(below(hints[name]), inner, here)
    return wrong


def differences(known: Mapping[str, Function]) -> list[str]:
    wrong = []
    for name, function in known.items():
        for parameter, tree in reads(function).items():
            if contract := READ.get((name, parameter)):
                wrong += compare_read(contract, tree, f"{name}({parameter})")
            elif (name, parameter) not in NOT_READ:
                wrong.append(f"{name}({parameter}) has no contract")
        for place, build in enumerate(builds(function)):
            if contract := BUILT.get((name, place)):
                wrong += compare_built(contract, build, name)
            elif build.code is not None:
                wrong += compare_refusal(build, name)
            elif not {"old", "new"} <= set(build.keys) and build.inside not in BUILT_FOR_SQL and build.keys:
                wrong.append(f"{name} builds {sorted(build.keys)} and no contract has it")
    return wrong


def compare_refusal(build: Build, name: str) -> list[str]:
    assert build.code is not None
    for contract in REFUSALS:
        codes = get_args(keys(contract)["code"]) if get_origin(keys(contract)["code"]) is Literal else ()
        # 'tenant_' || status
        begins = build.code.endswith("_") and any(code.startswith(build.code) for code in codes)
        if build.code in codes or begins or (not codes and "message" in build.keys):
            return compare_built(contract, build, f"{name} ({build.code})")
    return [f"{name} returns the code {build.code} and no contract has it"]


def test_both_sides_have_the_same_keys() -> None:
    assert differences(functions()) == []


@pytest.mark.parametrize(
    ("name", "was", "becomes", "message"),
    [
        ("generation_submit", "p->>'tier'", "p->>'teir'", "generation_submit(p).teir is read and never sent"),
        ("generation_submit", "p->>'tier'", "'standard'", "generation_submit(p).tier is sent and never read"),
        ("generation_submit", "p->'hold'->>'tokens'", "0", "generation_submit(p).hold.tokens is sent and never read"),
        ("generation_submit", "'limit', tenant.queue_limit", "'most', tenant.queue_limit",
         "generation_submit (queue_full).limit is in the contract and never returned"),
        ("generation_submit", "'item_taken'", "'gone'",
         "generation_submit returns the code gone and no contract has it"),
        ("generation_finish", "c2pa boolean", "c2 boolean", "generation_finish(p).outputs.c2 is read and never sent"),
        ("generation_finish", "p->'error'->>'code'", "p->'error'->>'kind'",
         "generation_finish(p).error.kind is read and never sent"),
        ("generation_claim", "'failures', c.failures,", "",
         "generation_claim.failures is in the contract and never returned"),
        ("generation_claim", "'images', h.images", "'images', h.images, 'tokens', h.tokens",
         "generation_claim.hold.tokens is returned and no contract has it"),
        ("charge_settle", "p->>'absorbed'", "p->>'lost'", "charge_settle(p).lost is read and never sent"),
        ("charge_settle", "unit_price numeric,", "", "charge_settle(p).records.unit_price is sent and never read"),
        ("hold_reserve", "'held', w.held::text, ", "",
         "hold_reserve (insufficient_balance).held is in the contract and never returned"),
        ("invoice_finalise", "'until', ends", "'wait', ends",
         "invoice_finalise (waiting).wait is returned and no contract has it"),
        ("mail_claim", "'html', html, ", "", "mail_claim.html is in the contract and never returned"),
        ("worker_leave", "p_keep uuid[], p_calls", "p_keep uuid[], p jsonb, p_calls",
         "worker_leave(p) has no contract"),
        ("worker_leave", "RETURN freed", "PERFORM jsonb_build_object('freed', 1); RETURN freed",
         "worker_leave builds ['freed'] and no contract has it"),
    ],
)  # fmt: skip
def test_a_key_on_one_side_only_is_seen(name: str, was: str, becomes: str, message: str) -> None:
    function = functions()[name]
    assert was in function.text
    changed = replace(function, text=function.text.replace(was, becomes))
    assert message in differences({**functions(), name: changed})


def test_what_ends_a_job_adds_what_a_settlement_needs_besides() -> None:
    """`generation_finish` takes Python's settlement and adds to it; `generation_finish_unrun` writes all of it."""
    added = set(keys(billing.SettlementOfJob)) - set(keys(billing.Settlement))
    [finished] = [build for build in builds(functions()["generation_finish"]) if build.inside == "charge_settle"]
    assert set(finished.keys) == added
    [unrun] = [build for build in builds(functions()["generation_finish_unrun"]) if build.inside == "charge_settle"]
    assert set(unrun.keys) == set(keys(billing.SettlementOfJob))


def test_every_contract_is_compared_with_something() -> None:
    compared = {*READ.values(), *BUILT.values(), *REFUSALS}
    inner = {found for contract in compared for hint in keys(contract).values() if (found := below(hint))}
    for module in (billing, generations):
        for name, contract in vars(module).items():
            if is_typeddict(contract) and contract.__module__ == module.__name__:
                known = contract in compared | inner or name in {"Claim", "KindPrice", "PreviousTurn", "PictureSize"}
                assert known or contract in {below(hint) for one in inner for hint in keys(one).values()}, name


def test_the_columns_of_a_claim_are_those_of_its_contract() -> None:
    text = functions()["generation_claim"].text
    columns = text.partition("RETURNS TABLE (")[2].partition(")")[0]
    assert [column.split()[0] for column in columns.split(",")] == list(keys(generations.Claim))
