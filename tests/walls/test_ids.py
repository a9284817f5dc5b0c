"""Another tenant's id answers 404 at every address, like one that does not exist, and nothing changes. Generated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from secrets import token_hex
from typing import Any

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.views import View

from accounts.actor import SYSTEM
from accounts.authentication.operators import OperatorView
from accounts.invitations.services import invitation_create
from accounts.members.services import membership_create
from accounts.models import OperatorRole, Role, User
from accounts.operators.services import operator_key_create
from billing.models import Payment
from cavendish.db.ids import (
    CREDIT_NOTE,
    INVITATION,
    INVOICE,
    PAYMENT,
    PAYMENT_METHOD,
    PROVIDER_PAYMENT,
    RECEIPT,
    TENANT,
    USER,
    encode,
)
from cavendish.db.router import current_alias
from tests.api.accounts import FLASH, SMALL, Account, Trace, image, open_account, text
from tests.api.accounts import Books as PlatformBooks
from tests.races import until
from tests.walls.conftest import paid_through_a_provider
from tests.walls.invoices import invoiced

# Pages of people, who sign in. Those that name something by id, and where that is tested with somebody else's.
SIGNED_IN = ("admin/", "account/", "console/", "invitations/")
PAGES = {
    "account/sessions/<int:session_id>/end/",  # tests/people/test_sessions.py, as the next two
    "account/2fa/webauthn/keys/<int:pk>/remove/",
    "account/2fa/webauthn/keys/<int:pk>/edit/",
    "account/oidc/<str:provider_id>/login/",  # a provider of the operator's, nobody's secret
    "account/oidc/^(?P<provider_id>[^/]+)/login/",
    "account/oidc/^(?P<provider_id>[^/]+)/login/callback/",
    "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",  # the key is the permission
    "invitations/<str:token>",  # likewise: tests/people and tests/accounts have the wrong, used and revoked ones
}
METHODS = ("get", "head", "post", "put", "patch", "delete")
# Addresses that belong to no tenant: they are walked, and must not answer with a tenant's data; but there is no 404.
# Models, names of Imagen models, payment providers: the same for all.
PUBLIC = {"model_id", "name", "provider_named"}
UNKNOWN = {"generation_id": "gen_" + "0" * 32, "output_id": "out_" + "0" * 32, "file_id": "file_" + "0" * 32}
UNKNOWN |= {"key_id": "key_" + "0" * 32, "member_id": "usr_" + "0" * 32, "invitation_id": "invite_" + "0" * 32}
# What a tenant has once, for both modes: test keys have no scope for it.
OF_BOTH_MODES = {"member_id", "invitation_id", "rule_id"}
UNKNOWN |= {"budget_id": "bud_" + "0" * 32, "tenant_id": "ten_" + "0" * 32, "plan_id": "plan_" + "0" * 32}
UNKNOWN["address"] = "x"
UNKNOWN["batch_id"] = "batch_" + "0" * 32
UNKNOWN["share_link_id"] = "share_" + "0" * 32
UNKNOWN["collection_id"] = "col_" + "0" * 32
UNKNOWN["hold_id"] = "hold_" + "0" * 32
UNKNOWN |= {"note_id": "note_" + "0" * 32, "operator_id": "usr_" + "0" * 32, "operator_key_id": "opk_" + "0" * 32}
UNKNOWN |= {"rule_id": "guard_" + "0" * 32, "token": "x"}
UNKNOWN["template_id"] = "tpl_" + "0" * 32
UNKNOWN["export_id"] = "exp_" + "0" * 32
UNKNOWN |= {"invoice_id": "inv_" + "0" * 32, "credit_note_id": "cn_" + "0" * 32, "line": "1"}
UNKNOWN |= {"receipt_id": "rcpt_" + "0" * 32}
UNKNOWN |= {"legal_entity_id": "le_" + "0" * 32}
UNKNOWN |= dict.fromkeys(("endpoint_id", "webhook_id"), "whe_" + "0" * 32) | {"delivery_id": "whd_" + "0" * 32}
UNKNOWN |= {"payment_method_id": "paym_" + "0" * 32, "top_up_id": "pay_" + "0" * 32, "signature": "x"}
UNKNOWN |= {"event_id": "evt_" + "0" * 24, "transaction_id": "txn_" + "0" * 32, "payment_id": "pmt_" + "0" * 32}
UNKNOWN["interaction_id"] = UNKNOWN["generation_id"]
BUDGET = {"scope": "tenant", "period": "month", "metric": "images", "limit": 1000}


def ids_of(account: Account) -> dict[str, str]:
    """One of everything that an address can name, by the name of the path's parameter."""
    made = account.make(input=[text(), image()])
    with account.books.open():
        user = User.objects.db_manager(current_alias()).create_user(f"{token_hex(6)}@example.com")
        membership_create(tenant=account.tenant, user=user, role=Role.VIEWER)
        email = f"{token_hex(6)}@example.com"
        invited = invitation_create(tenant_id=account.tenant.id, email=email, role=Role.VIEWER, actor=SYSTEM)
    return {
        "key_id": account.post("/api/v1/keys", json={"name": "k"}).json()["id"],
        "member_id": encode(USER, user.id),
        "invitation_id": encode(INVITATION, invited.id),
        "generation_id": made["id"],
        "interaction_id": made["id"],
        "output_id": made["outputs"][0]["id"],
        "file_id": account.file()["id"],
        "budget_id": account.post("/api/v1/budgets", json=BUDGET).json()["id"],
        "tenant_id": encode(TENANT, account.tenant.id),
        "export_id": UNKNOWN["export_id"],  # likewise, but for its signed address
        "hold_id": UNKNOWN["hold_id"],  # likewise
        "plan_id": UNKNOWN["plan_id"],  # nobody's but the operator's
        **{name: UNKNOWN[name] for name in ("note_id", "operator_id", "operator_key_id", "transaction_id")},  # likewise
        "event_id": UNKNOWN["event_id"],  # of the payment provider, and likewise
        "batch_id": ended_batch(account),
        "share_link_id": account.post(f"/api/v1/generations/{made['id']}/share-links", json={}).json()["id"],
        "template_id": account.post("/api/v1/templates", json={"name": "t", "prompt": "A cat"}).json()["id"],
        "rule_id": rule_of(account),
        "token": "x",  # of an address whose signature is the permission
        "address": "x",  # what stands before the file's name in its whole address
        "collection_id": collection_of(account, made["outputs"][0]["id"]),
        "line": "1",
        "legal_entity_id": UNKNOWN["legal_entity_id"],  # the operator's
        "signature": "x",  # of an address whose signature is the permission
        **invoices_of(account),
        **payments_of(account),
        **webhooks_of(account),
    }


def ended_batch(account: Account) -> str:
    """A batch whose one item was refused, so that no progress of its own changes what is seen of it."""
    made: str = account.post("/api/v1/batches", json={"items": [{}]}).json()["id"]
    until(lambda: account.get(f"/api/v1/batches/{made}").json()["finished_at"] is not None)
    return made


def rule_of(account: Account) -> str:
    """A guard rule, which test keys make none of."""
    if not account.livemode:
        return UNKNOWN["rule_id"]
    made: str = account.post("/api/v1/guard-rules", json={"type": "words", "words": ["zzyzx"]}).json()["id"]
    return made


def collection_of(account: Account, output_id: str) -> str:
    """A collection with that output in it."""
    made: str = account.post("/api/v1/collections", json={"name": "Best"}).json()["id"]
    assert account.post(f"/api/v1/collections/{made}/outputs", json={"output_id": output_id}).status_code == 201
    return made


def webhooks_of(account: Account) -> dict[str, str]:
    """An endpoint of each dialect and a delivery, which no receiver waits for."""
    url = "https://203.0.114.1/hook"
    endpoint = account.post("/api/v1/webhook-endpoints", json={"url": url, "events": ["invoice.paid"]}).json()["id"]
    body = {"uri": url, "subscribed_events": ["batch.failed"]}
    return {
        "endpoint_id": endpoint,
        "delivery_id": account.post(f"/api/v1/webhook-endpoints/{endpoint}/test").json()["id"],
        "webhook_id": account.post("/v1beta/webhooks", json=body).json()["id"],
    }


def invoices_of(account: Account) -> dict[str, str]:
    if not account.livemode:  # it has none
        return {name: UNKNOWN[name] for name in ("invoice_id", "credit_note_id", "payment_id", "receipt_id")}
    with account.books.open():
        invoice, note, receipt = invoiced(account.tenant)
        payment = Payment.objects.get(invoice=invoice)
    return {
        "invoice_id": encode(INVOICE, invoice.id),
        "credit_note_id": encode(CREDIT_NOTE, note.id),
        "payment_id": encode(PAYMENT, payment.id),
        "receipt_id": encode(RECEIPT, receipt.id),
    }


def payments_of(account: Account) -> dict[str, str]:
    if not account.livemode:  # money is live
        return {name: UNKNOWN[name] for name in ("payment_method_id", "top_up_id")}
    with account.books.open():
        method, payment = paid_through_a_provider(account.tenant)
    return {"payment_method_id": encode(PAYMENT_METHOD, method.id), "top_up_id": encode(PROVIDER_PAYMENT, payment.id)}


@pytest.fixture(scope="module")
def owner(books: PlatformBooks, http: httpx.Client) -> Account:
    return open_account(books, http)


@pytest.fixture(scope="module")
def stranger(books: PlatformBooks, http: httpx.Client) -> Account:
    return open_account(books, http)


@pytest.fixture(scope="module")
def ids(owner: Account) -> dict[str, str]:
    return ids_of(owner)


def documented(http: httpx.Client, name: str) -> set[tuple[str, str]]:
    """(path, method) of every operation in a document."""
    paths: dict[str, Any] = http.get(f"/api/v1/{name}.json").json()["paths"]
    return {(path, method) for path, item in paths.items() for method in item if method in METHODS}


def operations(http: httpx.Client, *, operators: bool = False) -> list[tuple[str, str, list[str]]]:
    """(method, path, its parameters) of every operation that the API documents and that names something by id.

    Those of tenants, or those that take an operator's key alone.
    """
    tenants, of_operators = documented(http, "openapi"), documented(http, "openapi-operator")
    chosen = sorted(of_operators - tenants if operators else tenants)
    found = [(method, path, re.findall(r"\{(\w+)\}", path)) for path, method in chosen]
    if operators:
        return found
    assert len(found) >= 17
    return [operation for operation in found if operation[2]]


def routes() -> Iterator[tuple[str, list[str], bool]]:
    """(path, its parameters, whether it is operators') of every address of Django's that names something by id."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, bool]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                yield prefix + str(pattern.pattern), issubclass(getattr(pattern.callback, "cls", View), OperatorView)

    for route, operators in walk(get_resolver().url_patterns, ""):
        known = route in PAGES or "<" not in route or route.startswith(("admin/", "console/"))
        assert known or not route.startswith(SIGNED_IN), f"Say in PAGES how {route} hides what it names."
        if not route.startswith((*SIGNED_IN, "static/")) and (names := re.findall(r"<(?:\w+:)?(\w+)>", route)):
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route), names, operators


def fill(path: str, names: list[str], ids: dict[str, str]) -> str:
    for name in names:
        assert name in ids or name in PUBLIC, f"Say in tests/walls/test_ids.py what {{{name}}} of {path} names."
        path = path.replace(f"{{{name}}}", ids.get(name, "1"))
    return path


def snapshot(account: Account, ids: dict[str, str]) -> tuple[Trace, list[bytes]]:
    kinds = {"generations": "generation_id", "outputs": "output_id", "files": "file_id", "keys": "key_id"}
    kinds |= {"members": "member_id", "invitations": "invitation_id", "batches": "batch_id"}
    paths = [f"{kind}/{ids[name]}" for kind, name in kinds.items()]
    seen = [account.get(f"/api/v1/{path}").json() for path in paths]
    trace = account.trace
    # The scheduler erases the input of a batch that has ended when its turn comes: that is nobody's doing here.
    kept = replace(trace, objects=frozenset(name for name in trace.objects if "/batches/" not in name))
    # Signed addresses are new every few minutes, without anybody's doing.
    return kept, [
        re.sub(r"[?&]expires=\w+&signature=[\w-]+|'url_expires_at': '[^']+'", "", str(it)).encode() for it in seen
    ]


def test_every_documented_operation_hides_another_tenants_ids(
    http: httpx.Client, owner: Account, stranger: Account, ids: dict[str, str]
) -> None:
    before = snapshot(owner, ids)
    for method, path, names in operations(http):
        if PUBLIC & set(names):
            continue
        foreign = stranger.ask(method.upper(), fill(path, names, ids))
        unknown = stranger.ask(method.upper(), fill(path, names, UNKNOWN))
        assert foreign.status_code == 404, f"{method} {path}: {foreign.text}"
        assert foreign.content == unknown.content, f"{method} {path} tells a foreign id from an unknown one"
        assert sorted(foreign.headers) == sorted(unknown.headers)
    assert snapshot(owner, ids) == before


def test_every_address_of_every_method_hides_another_tenants_ids(
    owner: Account, stranger: Account, ids: dict[str, str]
) -> None:
    """Also what no document lists: the SDKs' routes, the pages. A page's signature is asked for first: 403."""
    before = snapshot(owner, ids)
    walked = 0
    for path, names, operators in routes():
        if PUBLIC & set(names):
            continue
        for method in METHODS:
            whole = {**ids, "number": "1"}
            foreign = stranger.ask(method.upper(), fill(path, names, whole))
            unknown = stranger.ask(method.upper(), fill(path, names, {**UNKNOWN, "number": "1"}))
            signed = path.startswith("/g/") or path.endswith("/exports/{export_id}/content")
            allowed = {403, 405} if signed else {401} if operators else {404, 405}
            assert foreign.status_code in allowed, f"{method} {path}: {foreign.status_code}"
            assert foreign.status_code == unknown.status_code
            told = foreign.content
            for name, value in ids.items():
                told = told.replace(value.encode(), UNKNOWN[name].encode())
            assert told == unknown.content
            walked += foreign.status_code != 405
    assert walked >= 15
    assert snapshot(owner, ids) == before


def test_what_is_operators_takes_no_tenants_key(http: httpx.Client, owner: Account, ids: dict[str, str]) -> None:
    before = snapshot(owner, ids)
    for method, path, names in operations(http, operators=True):
        answer = owner.ask(method.upper(), fill(path, names, ids), json={})
        assert answer.status_code == 401, f"{method} {path}: {answer.text}"
    assert snapshot(owner, ids) == before


def test_what_is_tenants_takes_no_operators_key(http: httpx.Client, owner: Account, ids: dict[str, str]) -> None:
    with owner.books.open():
        _, secret = operator_key_create(name="Walls", role=OperatorRole.FULL)
    of_tenants = documented(http, "openapi") - documented(http, "openapi-operator")
    assert len(of_tenants) >= 30
    for path, method in sorted(of_tenants):
        whole = fill(path, re.findall(r"\{(\w+)\}", path), ids)
        answer = http.request(method.upper(), whole, headers={"Authorization": f"Bearer {secret}"}, json={})
        assert answer.status_code == 401, f"{method} {path}: {answer.text}"


ENDLESS = "/api/v1/events"
"""A stream without an end; tests/api/test_event_stream.py tries it with a stranger."""


def test_no_list_shows_another_tenants_things(http: httpx.Client, stranger: Account, ids: dict[str, str]) -> None:
    asked = 0
    for path, method in sorted(documented(http, "openapi")):
        if method == "get" and "{" not in path and path != ENDLESS:
            answer = stranger.get(path)
            assert answer.status_code in {200, 422}, f"{path}: {answer.text}"  # some need a parameter
            shown = [name for name, value in ids.items() if "_" in value and value in answer.text]
            assert shown == [], f"{path} shows another tenant's {shown}"
            asked += 1
    assert asked >= 10


def test_the_other_mode_of_the_same_tenant_is_as_far_away(
    http: httpx.Client, owner: Account, ids: dict[str, str]
) -> None:
    test_mode = owner.key(livemode=False)
    of_test_mode = ids_of(test_mode)
    before = snapshot(owner, ids), snapshot(test_mode, of_test_mode)
    for asked, foreign_ids in ((test_mode, ids), (owner, of_test_mode)):
        for method, path, names in operations(http):
            # A live key manages test keys too, not the reverse.
            own = {"key_id"} if asked is owner else set()
            if not (PUBLIC | OF_BOTH_MODES | own) & set(names):
                answer = asked.ask(method.upper(), fill(path, names, foreign_ids))
                assert answer.status_code == 404, f"{method} {path}"
    assert (snapshot(owner, ids), snapshot(test_mode, of_test_mode)) == before


def test_lists_and_bodies_never_show_or_take_another_tenants_things(
    owner: Account, stranger: Account, ids: dict[str, str]
) -> None:
    before = snapshot(owner, ids)
    with stranger.untouched():
        for name in ("generations", "outputs", "files"):
            for value in ids.values():
                listed = stranger.get(f"/api/v1/{name}?cursor={value}")
                assert listed.status_code == 422 or listed.json()["data"] == []
        for block in (
            {"type": "image", "file_id": ids["file_id"]},
            {"type": "image", "output_id": ids["output_id"]},
            {"type": "image", "uri": f"files/{ids['file_id']}"},
        ):
            for path in ("/api/v1/generations", "/api/v1/quotes", "/v1beta/interactions"):
                body = {"model": FLASH, "input": [text(), block], "response_format": SMALL}
                assert stranger.post(path, json=body).status_code == 404, (path, block)
        for path, field in (
            ("/api/v1/generations", "previous_generation_id"),
            ("/api/v1/quotes", "previous_generation_id"),
            ("/v1beta/interactions", "previous_interaction_id"),
        ):
            body = {"model": FLASH, "input": "again", field: ids["generation_id"], "response_format": SMALL}
            assert stranger.post(path, json=body).status_code == 404, path
    assert snapshot(owner, ids) == before


def test_without_a_key_every_address_asks_for_one(http: httpx.Client, ids: dict[str, str]) -> None:
    for method, path, names in operations(http):
        answer = http.request(method.upper(), fill(path, names, ids))
        assert answer.status_code == 401, f"{method} {path}"
        assert answer.headers["www-authenticate"].startswith("Bearer"), f"{method} {path}"
    for path, method in documented(http, "openapi") | documented(http, "openapi-operator"):
        if "{" not in path:
            assert http.request(method.upper(), path).status_code == 401, f"{method} {path}"
