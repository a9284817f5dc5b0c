"""The plan: what it includes and what is left of it, its prices, and what will change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles.permissions import Permission
from billing.models import Credit, Plan
from billing.money import price_text
from billing.prices.price_list import ModelPrices, PicturePrice, price_list, price_moves
from billing.prices.selectors import plan_terms
from billing.subscriptions.selectors import subscription_now
from billing.wallets.representation import included_images
from billing.wallets.selectors import credits_left
from cavendish.above.console.billing.money import LIVE
from cavendish.above.console.pages import console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.spreadsheet import csv_response


@console_page(Permission.BILLING, section="billing")
def plan(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        subscription = subscription_now(tenant_id=work.tenant_id)
        chosen = subscription.plan if subscription else None
        terms = plan_terms(chosen) if chosen else None
        credits = credits_left(tenant_id=work.tenant_id, livemode=LIVE)
        book = price_list(chosen)
        sizes = list(dict.fromkeys(picture.image_size for entry in book for picture in entry.pictures))
        sizes.sort(key=_size_order)
        context: dict[str, Any] = {
            "here": "plan",
            "subscription": subscription,
            "plan": chosen,
            "terms": terms,
            "steps": [
                (Decimal(step["above"]), Decimal(step["percent"])) for step in (terms.volume_discounts if terms else [])
            ],
            "included": included_images(work.tenant_id),
            "credit": next((row for row in credits if row.source == Credit.Source.PLAN), None),
            "currency": _currency(chosen),
            "book": book,
            "sizes": sizes,
            "pictures": [(entry, [_picture(entry, size) for size in sizes]) for entry in book],
            "moves": price_moves(tenant_id=work.tenant_id, plan=chosen),
        }
    return render(request, "console/billing/plan.html", context)


def _size_order(size: str) -> int:
    """Returns pixels, so that 512 stands before 1K."""
    number = int(size.rstrip("K"))
    return number * 1024 if size.endswith("K") else number


def _picture(entry: ModelPrices, size: str) -> PicturePrice | None:
    return next((picture for picture in entry.pictures if picture.image_size == size), None)


def _currency(chosen: Plan | None) -> str:
    return chosen.currency if chosen else "USD"


@console_page(Permission.BILLING, section="billing")
def prices_csv(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Every unit price of the plan, then what a picture of each size costs by itself."""
    with work.reading():
        subscription = subscription_now(tenant_id=work.tenant_id)
        chosen = subscription.plan if subscription else None
        book = price_list(chosen)
    head = ("model", "what", "size", "unit", "price", "price_in_batches", "currency")
    currency = _currency(chosen)
    rows = []
    for entry in book:
        for row in entry.lines:
            batch = row.standard if row.batch is None else row.batch
            rows.append(
                (
                    entry.model.id,
                    row.kind,
                    row.image_size,
                    row.unit,
                    price_text(row.standard),
                    price_text(batch),
                    currency,
                )
            )
        for picture in entry.pictures:
            batch = picture.standard if picture.batch is None else picture.batch
            prices = (price_text(picture.standard), price_text(batch))
            rows.append((entry.model.id, "picture", picture.image_size, "each", *prices, currency))
    return csv_response("prices", head, rows)
