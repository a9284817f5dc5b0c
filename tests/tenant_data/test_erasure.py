"""The erasure of a closing tenant: nothing that somebody wrote or drew is left, and the books are as before."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from django.db import connections

from accounts.actor import SYSTEM
from accounts.invitations.services import invitation_create
from accounts.keys.services import api_key_create
from accounts.members.services import membership_create
from accounts.models import AuditEvent, Role, Tenant, User
from accounts.people.services import user_create  # fmt: skip
from accounts.tenants.services import tenant_close, tenant_reactivate
from billing.models import Charge, LedgerEntry, UsageRollup, Wallet
from cavendish.above.tenant_data import erasure
from cavendish.above.tenant_data.erasure import erasures_continue
from cavendish.above.tenant_data.models import Erasure
from cavendish.above.tenant_data.services import erasure_cancel, erasure_request, export_request
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from tests.api.accounts import Account, Books, image, picture, text
from tests.factories import make_tenant, submit_generation
from tests.tenant_data.test_export import operator
from tests.walls.catalog import tenant_tables

CANARY = "zanzibar77"


def traces(alias: str, tenant_id: Any) -> dict[str, int]:
    """Rows that still hold the canary, by table."""
    by_table = {}
    with connections[alias].cursor() as cursor:
        for table in tenant_tables():
            column = "id" if table == "accounts_tenant" else "tenant_id"
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE {column} = %s AND t::text ILIKE %s',
                [tenant_id, f"%{CANARY}%"],
            )
            row = cursor.fetchone()
            if row and row[0]:
                by_table[table] = row[0]
        cursor.execute("SELECT count(*) FROM accounts_user t WHERE t::text ILIKE %s", [f"%{CANARY}%"])
        row = cursor.fetchone()
        if row and row[0]:
            by_table["accounts_user"] = row[0]
    return by_table


def books_of(tenant_id: Any) -> list[Any]:
    return [
        list(Charge.objects.filter(tenant_id=tenant_id).order_by("pk").values()),
        list(LedgerEntry.objects.filter(tenant_id=tenant_id).order_by("pk").values()),
        list(Wallet.objects.filter(tenant_id=tenant_id).order_by("livemode").values("livemode", "balance", "held")),
        list(UsageRollup.objects.filter(tenant_id=tenant_id).order_by("pk").values("kind", "quantity", "amount")),
    ]


def test_nothing_but_the_books_is_left(account: Account, books: Books, http: httpx.Client) -> None:
    account.make(input=[text(f"a {CANARY}"), image()], metadata={"team": CANARY})
    account.upload(picture(), name=f"{CANARY}.png")
    assert account.post("/api/v1/templates", json={"name": CANARY, "prompt": CANARY}).status_code == 201
    batch = account.post("/api/v1/batches", json={"name": CANARY, "items": [{"input": CANARY, "model": "x"}]})
    assert batch.status_code in {201, 202}, batch.text
    tenant_id = account.tenant.id
    ask = operator(books, http)
    with books.open():
        user = user_create(email=f"{CANARY}@example.com", password="x" * 14, name=CANARY)
        membership_create(tenant=account.tenant, user=user, role=Role.OWNER)
        api_key_create(tenant_id=tenant_id, name=CANARY, livemode=True)
        invitation_create(tenant_id=tenant_id, email=f"friend@{CANARY}.example.com", role=Role.VIEWER, actor=SYSTEM)
        Tenant.objects.filter(id=tenant_id).update(name=f"{CANARY} Ltd")
        tenant_close(tenant_id=tenant_id, actor=SYSTEM)
        before = books_of(tenant_id)
        assert len(traces(books.alias, tenant_id)) >= 7
    place = f"/api/v1/tenants/ten_{tenant_id.hex}/erasure"
    assert ask("POST", f"/api/v1/tenants/ten_{tenant_id.hex}/exports").status_code == 202

    answer = ask("POST", place, json={"slug": account.tenant.slug, "days": 0})

    assert answer.status_code == 202, answer.text
    until = time.monotonic() + 40
    while (state := ask("GET", place).json())["status"] != "done" and time.monotonic() < until:
        time.sleep(0.2)
    assert state["status"] == "done", state
    assert state["erased"]["generations"] >= 1
    with books.open():
        assert traces(books.alias, tenant_id) == {}
        assert books_of(tenant_id)[:3] == before[:3]
        assert not User.objects.filter(id=user.id).exists()
        kept = AuditEvent.objects.filter(tenant_id=tenant_id)
        assert {"api_key.created", "erasure.begun", "erasure.done"} <= set(kept.values_list("action", flat=True))
        assert Tenant.objects.get(id=tenant_id).status == "erased"
    assert account.trace.objects == frozenset()
    assert account.get("/api/v1/generations").status_code == 401


def test_a_tenant_must_be_closing_and_named(books: Books, account: Account) -> None:
    ask = operator(books, account.http)
    place = f"/api/v1/tenants/ten_{account.tenant.id.hex}/erasure"
    assert ask("GET", place).status_code == 404
    refused = ask("POST", place, json={"slug": account.tenant.slug})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_closing")
    with books.open():
        tenant_close(tenant_id=account.tenant.id, actor=SYSTEM)
    for body in ({}, {"slug": "another"}, {"slug": account.tenant.slug, "days": -1}, {"slug": 7}):
        assert ask("POST", place, json=body).status_code == 422
    waiting = ask("POST", place, json={"slug": account.tenant.slug})
    assert waiting.json()["status"] == "waiting"
    assert account.get("/api/v1/generations").status_code == 200, "a closing tenant reads what it has"
    assert ask("DELETE", place).json()["status"] == "canceled"
    assert ask("DELETE", place).status_code == 404


def test_it_is_cut_short_anywhere_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    for _ in range(3):
        submit_generation(tenant, metadata={"x": CANARY})
    with acting_as("operator"):
        tenant_close(tenant_id=tenant.id, actor=SYSTEM)
        erasure_request(tenant_id=tenant.id, slug=tenant.slug, days=0, actor=SYSTEM)
    monkeypatch.setattr(erasure, "AT_ONCE", 1)
    real = erasure._continue
    calls = 0

    def shaky(tenant_id: Any) -> int | None:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise RuntimeError("killed")
        done = real(tenant_id)
        if calls % 4 == 0:
            raise RuntimeError("killed behind the step")
        return done

    monkeypatch.setattr(erasure, "_continue", shaky)
    for _ in range(80):
        try:
            erasures_continue()
        except RuntimeError:
            continue
        with acting_as("operator"):
            if Erasure.objects.get(tenant_id=tenant.id).status == "done":
                break
    with acting_as("operator"):
        ended = Erasure.objects.get(tenant_id=tenant.id)
        assert ended.status == "done"
        assert ended.erased["generations"] == 3
    assert traces("operator", tenant.id) == {}


def test_a_tenant_that_was_opened_again_is_not_erased_and_one_that_is_being_erased_is_not_opened() -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        tenant_close(tenant_id=tenant.id, actor=SYSTEM)
        erasure_request(tenant_id=tenant.id, slug=tenant.slug, days=0, actor=SYSTEM)
        tenant_reactivate(tenant_id=tenant.id, actor=SYSTEM)
    erasures_continue()
    with acting_as("operator"):
        assert Erasure.objects.get(tenant_id=tenant.id).status == "canceled"
        assert Tenant.objects.get(id=tenant.id).status == "active"
        tenant_close(tenant_id=tenant.id, actor=SYSTEM)
        erasure_request(tenant_id=tenant.id, slug=tenant.slug, days=0, actor=SYSTEM)
    erasures_continue()
    with acting_as("operator"):
        with pytest.raises(Exception, match="erased"):
            tenant_reactivate(tenant_id=tenant.id, actor=SYSTEM)
        with pytest.raises(Problem, match="erasure_begun"):
            erasure_cancel(tenant_id=tenant.id, actor=SYSTEM)


def test_an_owner_closes_and_exports_but_erasure_is_the_operators() -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        tenant_close(tenant_id=tenant.id, actor=SYSTEM)
        assert export_request(tenant_id=tenant.id, actor=SYSTEM).status == "queued"
