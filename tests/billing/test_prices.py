"""Which price applies: the plan's own, else the upstream's with the mark-up; from its date on."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.actor import SYSTEM
from billing.errors import PriceMissing, ValuesInvalid
from billing.models import Plan, Price, Subscription
from billing.plans.services import plan_ensure
from billing.prices.selectors import PriceBook, price_book, price_books_clear
from billing.prices.services import catalog_prices_differing, catalog_prices_load, catalog_prices_sync
from billing.wallets.services import wallet_top_up
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.gemini import catalog
from cavendish.gemini.catalog import prices
from tests.factories import FLASH, make_tenant, submit_generation


@pytest.fixture(autouse=True)
def fresh(django_db_setup: None) -> None:
    with acting_as("operator"):
        catalog_prices_sync()
    price_books_clear()


def make_plan(*, markup_percent: Decimal = Decimal(0)) -> Plan:
    with acting_as("operator"):
        return plan_ensure(slug=f"p-{secrets.token_hex(6)}", name="Plan", markup_percent=markup_percent)


def set_price(plan: Plan | None, kind: str, price: str, *, model: str = FLASH, days: float = -1) -> None:
    with acting_as("operator"):
        Price.objects.create(
            plan=plan, model=model, kind=kind, unit_price=Decimal(price),
            effective_from=timezone.now() + timedelta(days=days),
        )  # fmt: skip


def book_of(tenant_id: UUID, *, model: str = FLASH, tier: str = "standard") -> PriceBook:
    price_books_clear()
    with tenant_context(tenant_id):
        return price_book(tenant_id=tenant_id, model=model, tier=tier)


def price_of(book: PriceBook, kind: str) -> tuple[Decimal, Decimal]:
    return Decimal(book.prices[kind]["price"]), Decimal(book.prices[kind]["cost"])


def test_the_shipped_prices_are_there_once() -> None:
    with acting_as("operator"):
        assert catalog_prices_sync() == 0
        shipped = Price.objects.filter(plan=None, model=FLASH, kind="image_output", tier="standard")
        assert [row.unit_price for row in shipped] == [Decimal(60)]
        assert Price.objects.filter(plan=None).count() >= len(prices())


def test_without_a_markup_the_tenant_pays_what_we_pay() -> None:
    book = book_of(make_tenant(plan=make_plan()).id)
    assert price_of(book, "image_output") == (Decimal(60), Decimal(60))
    assert book.currency == "USD"


def test_a_markup_goes_on_every_price_and_not_on_the_cost() -> None:
    book = book_of(make_tenant(plan=make_plan(markup_percent=Decimal("12.5"))).id)
    assert price_of(book, "image_output") == (Decimal("67.5"), Decimal(60))
    assert price_of(book, "text_input") == (Decimal("0.5625"), Decimal("0.5"))


def test_a_plans_own_price_wins_and_takes_no_markup() -> None:
    plan = make_plan(markup_percent=Decimal(50))
    set_price(plan, "image_output", "70")
    book = book_of(make_tenant(plan=plan).id)
    assert price_of(book, "image_output") == (Decimal(70), Decimal(60))
    assert price_of(book, "text_output") == (Decimal("4.5"), Decimal(3))


def test_a_price_applies_from_its_date_on() -> None:
    plan = make_plan()
    set_price(plan, "image_output", "70", days=-10)
    set_price(plan, "image_output", "80", days=-5)
    set_price(plan, "image_output", "90", days=5)
    assert price_of(book_of(make_tenant(plan=plan).id), "image_output")[0] == 80


def test_a_price_of_another_plan_is_nobody_elses() -> None:
    set_price(make_plan(), "image_output", "1")
    assert price_of(book_of(make_tenant(plan=make_plan()).id), "image_output")[0] == 60


def test_the_newest_plan_that_has_begun_applies() -> None:
    tenant = make_tenant(plan=make_plan())
    now = timezone.now()
    with acting_as("operator"):
        Subscription.objects.filter(tenant=tenant).update(starts_at=now - timedelta(days=2))
        for percent, days in ((100, -1), (200, 1)):
            plan = make_plan(markup_percent=Decimal(percent))
            Subscription.objects.create(tenant=tenant, plan=plan, starts_at=now + timedelta(days=days))
    assert price_of(book_of(tenant.id), "image_output")[0] == 120


def test_a_batch_has_its_own_prices_where_it_is_bought_so_and_the_standard_ones_else(settings: Settings) -> None:
    plan = make_plan(markup_percent=Decimal(10))
    assert price_of(book_of(make_tenant(plan=plan).id, tier="batch"), "image_output")[0] == 66
    settings.GEMINI_BATCH_SERVICE_TIER = "flex"
    book = book_of(make_tenant(plan=make_plan()).id, tier="batch")
    assert price_of(book, "image_output") == (Decimal(30), Decimal(30))
    assert price_of(book, "search_query") == price_of(book_of(make_tenant(plan=make_plan()).id), "search_query")


def test_cached_input_without_a_price_costs_what_text_does() -> None:
    plan = make_plan()
    model = f"m-{secrets.token_hex(4)}"
    set_price(plan, "text_input", "0.5", model=model)
    assert price_of(book_of(make_tenant(plan=plan).id, model=model), "cached_input")[0] == Decimal("0.5")


def test_a_kind_without_a_price_is_refused_before_anything_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    bare = PriceBook(currency="USD", prices={"text_input": {"unit": "per_1m_tokens", "price": "1", "cost": "1"}})
    monkeypatch.setattr("generations.accept.submission.price_book", lambda **asked: bare)
    with pytest.raises(PriceMissing, match="text_output, image_output"):
        submit_generation(tenant)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "0.0000000001"])
def test_a_top_up_is_positive_and_not_finer_than_the_books(amount: str) -> None:
    tenant = make_tenant(balance=0)
    with acting_as("operator"), pytest.raises(ValuesInvalid):
        wallet_top_up(tenant_id=tenant.id, amount=Decimal(amount), reason="x", actor=SYSTEM)


def test_what_begins_within_the_time_that_prices_are_kept_begins_at_its_moment() -> None:
    plan = make_plan()
    tenant = make_tenant(plan=plan)
    # the row's moment lies between these two
    earliest = time.monotonic() + 0.3
    set_price(plan, "image_output", "70", days=0.3 / 86_400)
    latest = time.monotonic() + 0.3
    seen = set()
    price_books_clear()
    with tenant_context(tenant.id):
        while time.monotonic() < latest + 0.1:
            asked = time.monotonic()
            price, _ = price_of(price_book(tenant_id=tenant.id, model=FLASH, tier="standard"), "image_output")
            assert asked < latest if price == 60 else time.monotonic() > earliest
            seen.add(price)
    assert seen == {Decimal(60), Decimal(70)}


def test_prices_of_an_operators_model_reach_the_book_and_change_none(tmp_path: Path) -> None:
    """A row that is there stays, also where the file names another price from the same day on."""
    model = f"gemini-{secrets.token_hex(4)}-image"
    file = tmp_path / "own.toml"
    text = f"""
[[model]]
id = "{model}"
like = "{FLASH}"
name = "x"
description = "x"
input_kinds = ["text", "image"]
[[model.prices]]
as_of = 2026-11-01
[model.prices.standard]
text_input = 1
image_input = 1
text_output = 2
thought_output = 2
search_query = 14
image_output = """
    before = catalog._sources
    try:
        file.write_text(text + "50")
        catalog.configure(file=str(file))
        assert catalog_prices_load() == 6
        file.write_text(text + "40")
        catalog.configure(file=str(file))
        assert catalog_prices_load() == 0
        with acting_as("operator"):
            differing = catalog_prices_differing()
        out, error = StringIO(), StringIO()
        call_command("catalog", "--load", stdout=out, stderr=error)
    finally:
        catalog.configure(file=before[0], names=before[1])

    assert [(row.model, row.kind, row.price, price) for row, price in differing if row.model == model] == [
        (model, "image_output", Decimal(40), Decimal(50))
    ]
    assert f"{model}: 512, 1K, 2K, 4K, 14 aspect ratios\n" in out.getvalue()
    assert "gemini-nano-banana-2.1: 1K, 2K, 4K, 14 aspect ratios; not confirmed\n" in out.getvalue()
    assert "gemini-2.5-flash-image-preview → gemini-2.5-flash-image\n0 prices were added" in out.getvalue()
    assert (
        f"The price book has 50.00 for image_output of {model} (standard) from 2026-11-01 on, not 40.00"
        in error.getvalue()
    )
    book = book_of(make_tenant(plan=make_plan()).id, model=model)
    assert price_of(book, "image_output") == (Decimal(50), Decimal(50))
