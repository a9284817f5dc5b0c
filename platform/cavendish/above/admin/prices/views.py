"""The price book, its versions, what is below its cost, tokens that differ, margins."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.roles.operators import OperatorPermission, operator_can
from billing.models import Kind, Plan, Price, Tier
from billing.money import price_text
from billing.months import month_first
from billing.oversight.below_cost import below_cost
from billing.oversight.margins import MarginTable, margin_table
from billing.plans.selectors import plans_listed
from cavendish.above.admin.links import link
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.prices.acts.plans import term_text
from cavendish.above.admin.prices.acts.prices import AdoptTokens, SetPrice
from cavendish.above.admin.prices.book import price_book_shown
from cavendish.above.ui import formats
from cavendish.above.ui.cells import model_name, models_choices
from cavendish.above.ui.lists import Column, Filter, List, equals, list_page
from cavendish.above.ui.spreadsheet import csv_response
from cavendish.above.ui.words import KINDS, TIERS, kind_word, tier_word, unit_word
from cavendish.db import ids
from generations.tokens.selectors import TokenDifference, token_differences, token_versions

UPSTREAM = "upstream"
MOST_PICTURES = 20_000
"""Of the newest pictures, how many the page compares with the tokens in force."""


def may_price(request: HttpRequest) -> bool:
    return operator_can(operator_of(request), OperatorPermission.PRICES)


def _set_action(**values: str) -> dict[str, Any]:
    address = reverse("admin:price_set") + (f"?{urlencode(values)}" if values else "")
    return {"address": address, "word": _("Set a price"), "dialog": True}


@operator_page(section="prices")
def prices(request: HttpRequest) -> HttpResponse:
    listed = plans_listed()
    asked = request.GET.get("plan", "")
    usual = max((row for row in listed if not row.plan.archived_at), key=lambda row: row.tenants, default=None)
    chosen = next((row for row in listed if row.plan.slug == asked), None)
    if asked and asked != UPSTREAM and chosen is None:
        raise Http404
    row = None if asked == UPSTREAM else chosen or usual
    plan = row.plan if row else None
    values = {"plan": plan.slug} if plan else {}
    context = {
        "listed": listed,
        "row": row,
        "plan": plan,
        "plan_id": ids.encode(ids.PLAN, plan.id) if plan else "",
        "currency": plan.currency if plan else "USD",
        "chosen": plan.slug if plan else UPSTREAM,
        "markup": term_text("markup_percent", row.terms.markup_percent) if row and row.terms else "",
        "book": price_book_shown(plan),
        "below": len(below_cost()),
        "here": "prices",
        "may": may_price(request),
        "actions": [{**_set_action(**values), "main": True}] if may_price(request) else [],
    }
    return render(request, "admin/prices/prices.html", context)


@operator_page(OperatorPermission.PRICES, section="prices")
def price_set(request: HttpRequest) -> HttpResponse:
    names = ("plan", "model", "kind", "tier", "unit", "image_size")
    initial = {name: request.GET[name] for name in names if name in request.GET}
    act = SetPrice(request.POST or None, initial=initial)
    slug = request.POST.get("plan") or initial.get("plan") or UPSTREAM
    return operator_act(request, act, back=f"{reverse('admin:prices')}?{urlencode({'plan': slug})}")


def _owner(row: Price) -> Any:
    return link(ids.PLAN, row.plan_id, row.plan.name) if row.plan else gettext("The upstream")


def _by_plan(rows: Any, value: str) -> Any:
    return rows.filter(plan=None) if value == UPSTREAM else rows.filter(plan__slug=value)


def _plan_choices() -> list[tuple[str, Any]]:
    return [(UPSTREAM, _("The upstream")), *Plan.objects.order_by("name").values_list("slug", "name")]


def _begins(row: Price) -> Any:
    if row.effective_from > timezone.now():
        return formats.status("waiting", str(formats.day(timezone.localdate(row.effective_from), year=True)))
    return formats.moment(row.effective_from)


VERSIONS: List[Price] = List(
    title=_("Price versions"),
    rows=lambda: Price.objects.select_related("plan"),
    columns=(
        Column(_("From"), _begins),
        Column(_("Whose"), _owner),
        Column(_("Model"), lambda row: model_name(row.model), kind="th"),
        Column(_("Of"), lambda row: f"{kind_word(row.kind)} {row.image_size}"),
        Column(_("Tier"), lambda row: tier_word(row.tier), wide=True),
        Column(_("Price"), lambda row: f"{price_text(row.unit_price)} {row.currency}", kind="r"),
        Column(_("Unit"), lambda row: unit_word(row.unit), wide=True),
        Column(_("Source"), lambda row: formats.copy(row.source, row.source[:24]) if row.source else "–", wide=True),
        Column(_("By"), lambda row: row.actor or ("–" if row.plan_id else gettext("the catalog")), wide=True),
    ),
    filters=(
        Filter("plan", _("Whose"), _by_plan, choices=_plan_choices),
        Filter("model", _("Model"), equals("model"), choices=models_choices),
        Filter("kind", _("Of"), equals("kind"), choices=[(kind, KINDS[kind]) for kind in Kind.values]),
        Filter("tier", _("Tier"), equals("tier"), choices=[(tier, TIERS[tier]) for tier in Tier.values]),
    ),
    empty=_("The catalog's prices come with the first start."),
)


@operator_page(section="prices")
def versions(request: HttpRequest) -> HttpResponse:
    return list_page(request, VERSIONS, template="admin/prices/versions.html", context={"here": "versions"})


@operator_page(section="prices")
def below(request: HttpRequest) -> HttpResponse:
    rows = below_cost()
    count = formats.count(len(rows))
    heading = ngettext("%s price is below its cost", "%s prices are below their cost", len(rows)) % count
    shown = [
        (row, _set_action(plan=row.plan.slug, model=row.model, kind=row.kind, tier=row.tier, unit=row.unit,
                          image_size=row.image_size))
        for row in rows
    ]  # fmt: skip
    context = {
        "rows": shown,
        "heading": heading if rows else gettext("Nothing is sold below its cost"),
        "here": "below",
        "may": may_price(request),
    }
    return render(request, "admin/prices/below.html", context)


@operator_page(section="prices")
def tokens(request: HttpRequest) -> HttpResponse:
    rows = token_differences(most=MOST_PICTURES)
    heading = gettext("Pictures count as they are quoted")
    if rows:
        heading = ngettext("%s figure came out different", "%s figures came out different", len(rows)) % len(rows)
    context = {
        "rows": [(row, _adopt_address(row)) for row in rows],
        "heading": heading, "versions": token_versions(), "here": "tokens", "may": may_price(request),
    }  # fmt: skip
    return render(request, "admin/prices/tokens.html", context)


def _adopt_address(row: TokenDifference) -> str:
    values = {"model": row.model, "image_size": row.image_size, "tokens": str(row.came)}
    return f"{reverse('admin:tokens_adopt')}?{urlencode(values)}"


@operator_page(OperatorPermission.PRICES, section="prices")
def tokens_adopt(request: HttpRequest) -> HttpResponse:
    initial = {name: request.GET[name] for name in ("model", "image_size", "tokens") if name in request.GET}
    return operator_act(request, AdoptTokens(request.POST or None, initial=initial), back=reverse("admin:tokens"))


@operator_page(section="prices")
def margins(request: HttpRequest) -> HttpResponse:
    month, error = _month(request)
    table = margin_table(month=month)
    context = {"table": table, "month": f"{month:%Y-%m}", "error": error, "here": "margins"}
    return render(request, "admin/prices/margins.html", context, status=400 if error else 200)


@operator_page(section="prices")
def margins_csv(request: HttpRequest) -> HttpResponse:
    month, error = _month(request)
    if error:
        return margins(request)
    table: MarginTable = margin_table(month=month)
    head = ("tenant", "name", "plan", "currency", "jobs", "images", "revenue", "cost", "margin")
    rows = (
        (row.slug, row.name, row.plan, row.sums.currency, row.sums.requests, row.sums.images, row.sums.amount,
         row.sums.cost, row.sums.margin)
        for row in table.tenants
    )  # fmt: skip
    return csv_response(f"margins-{month:%Y-%m}", head, rows)


def _month(request: HttpRequest) -> tuple[date, str]:
    """Returns the month of the address, by default the one that runs, and what is wrong with it."""
    now = month_first(timezone.now().date())
    text = request.GET.get("month", "").strip()
    try:
        return (date.fromisoformat(f"{text}-01") if text else now), ""
    except ValueError:
        return now, gettext("Write a month like 2026-11.")
