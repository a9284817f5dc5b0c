"""The ledger's pages: a movement that sums to zero, a statement that runs, files of both."""

from __future__ import annotations

import csv
from decimal import Decimal
from html import escape
from io import StringIO

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from billing.models import LedgerTransaction
from billing.wallets.services import wallet_adjust, wallet_top_up
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.billing.test_wallets import charged
from tests.factories import make_tenant
from tests.people.visitors import Visitor, shown

pytestmark = pytest.mark.usefixtures("quiet")
D = Decimal


def test_a_movement_shows_its_entries_and_what_it_belongs_to(operator: Visitor) -> None:
    tenant = make_tenant(balance=10)
    generation, amount = charged(tenant)
    with acting_as("operator"):
        row = LedgerTransaction.objects.get(tenant=tenant, generation_id=generation)
    public = ids.encode(ids.LEDGER_TRANSACTION, row.id)
    assert public in shown(operator.get(f"/admin/ledger/?tenant={tenant.slug}"))
    of_job = f"/admin/ledger/?tenant={tenant.slug}&job={ids.encode(ids.GENERATION, generation)}"
    assert shown(operator.get(of_job)).count('href="/admin/ledger/txn_') == 1
    assert shown(operator.get(f"/admin/jobs/{ids.encode(ids.GENERATION, generation)}/")).count(escape(of_job)) == 1
    assert operator.get("/admin/ledger/?job=nothing").status_code == 400
    page = shown(operator.get(f"/admin/ledger/{public}/"))
    for text in (
        f"−{amount:.9f}",
        f"+{amount:.9f}",
        "0.000000000",
        ids.encode(ids.GENERATION, generation),
        tenant.name,
    ):
        assert text in page, text
    assert operator.get(f"/admin/search?q={public}").headers["Location"] == f"/admin/ledger/{public}/"
    assert operator.get("/admin/ledger/txn_1/").status_code == 404


def test_a_statement_runs_to_the_balance_and_back(operator: Visitor) -> None:
    tenant = make_tenant(balance=10)
    with acting_as("operator"):
        for step in range(60):
            wallet_top_up(tenant_id=tenant.id, amount=D(1), reason=f"Coin {step}", reference="", actor=SYSTEM)
        wallet_adjust(tenant_id=tenant.id, amount=D("-0.5"), reason="=cmd()", actor=SYSTEM)
    first = shown(operator.get(f"/admin/ledger/statement/?tenant={tenant.slug}"))
    assert f"{tenant.name}: $69.50" in first
    assert ("Closing balance" in first, "Opening balance" in first) == (True, False)
    assert 'class="r">70.0000' in first
    older = first.partition('href="?')[2].partition('"')[0].replace("&amp;", "&")
    second = shown(operator.get(f"/admin/ledger/statement/?{older}"))
    assert "Coin 0" in second
    assert 'class="r">11.0000' in second  # after the first coin
    answer = operator.get(f"/admin/ledger/statement/csv?tenant={tenant.slug}")
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert [rows[0][name] for name in ("amount", "balance", "reason")] == ["-0.500000000", "69.500000000", "'=cmd()"]
    assert len(rows) == 62
    ledger = operator.get(f"/admin/ledger/csv?tenant={tenant.slug}&kind=adjustment").content.decode()
    assert [row["wallet"] for row in csv.DictReader(StringIO(ledger))] == ["-0.500000000"]


@pytest.mark.parametrize(
    ("query", "text"),
    [("tenant=nobody", "There is no tenant"), ("tenant=demo&since=soon", "Write a day"), ("after=1_nan", "Whose")],
)
def test_a_wrong_address_is_named(operator: Visitor, query: str, text: str) -> None:
    page = operator.get(f"/admin/ledger/statement/?{query}")
    assert text in shown(page)
    assert page.status_code == (200 if "after" in query else 400)


def test_the_journal_is_a_file_for_the_accountant(operator: Visitor) -> None:
    tenant = make_tenant(balance=10)
    assert "Journal for the accountant" in shown(operator.get("/admin/ledger/journal/"))
    year = f"{timezone.now():%Y}"
    asked = f"/admin/ledger/journal/file?tenant={tenant.slug}&since={year}-01-01&until={year}-12-31"
    plain = operator.get(f"{asked}&form=plain")
    assert plain.headers["Content-Disposition"] == f'attachment; filename="journal-{year}-01-01.csv"'
    rows = list(csv.DictReader(StringIO(plain.content.decode("utf-8-sig"))))
    assert {(row["kind"], row["account"]) for row in rows} == {("top_up", "wallet"), ("top_up", "funding")}
    assert sum(D(row["credit"] or 0) - D(row["debit"] or 0) for row in rows) == 0
    datev = operator.get(f"{asked}&form=datev").content.decode("cp1252")
    assert datev.startswith('"EXTF";700;21;"Buchungsstapel"')
    for wrong, reason in (
        ("since=soon", "Write a day"), ("form=xls", "Choose a form"), ("until=2025-01-01", "before the first day"),
        ("form=datev&since=2025-12-01", "within one year"), ("tenant=nobody-at-all", "field-bad"),
    ):  # fmt: skip
        answer = operator.get(f"{asked}&form=plain&{wrong}")
        assert answer.status_code == 400, wrong
        assert reason in shown(answer)
