"""The pages of money: what is there and how long it lasts, how it comes in, its ledger and its statements."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from accounts.roles.permissions import Permission
from billing.invoices.labels import address_text
from billing.invoices.selectors import invoice_preview
from billing.ledger.services import available
from billing.models import Invoice
from billing.parties.services import billing_profile_of
from billing.payment_methods.selectors import payment_methods_of
from billing.providers import provider_name
from billing.subscriptions.selectors import subscription_next, subscription_now
from billing.wallets.representation import included_images
from billing.wallets.selectors import credits_left, wallet_of
from cavendish.above.console.billing import lists
from cavendish.above.console.billing.acts import ChangeDetails, WarnBelow
from cavendish.above.console.billing.money import (
    LIVE,
    forecast_of,
    invoices_due,
    lasts_days,
    month_of_wallet,
    paid_to,
    plan_costs,
)
from cavendish.above.console.billing.payment_acts import TopUp
from cavendish.above.console.billing.statement import Statement, statement_read
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.usage.months import month_asked
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.invoices import TODAY, invoice_state
from cavendish.above.ui.lists import list_page
from cavendish.above.ui.spreadsheet import csv_response, list_rows
from cavendish.db import ids

LAST_INVOICES = 4


@console_page(Permission.BILLING, section="billing")
def billing(request: HttpRequest, work: Workplace) -> HttpResponse:
    """This month's wallet as a sum, credits, invoices, and the facts of plan and details."""
    tenant = work.tenant
    month = month_asked(request, tenant)
    with work.reading():
        wallet = wallet_of(tenant_id=tenant.id, livemode=LIVE)
        forecast = forecast_of(tenant)
        preview = invoice_preview(tenant) if wallet else None
        profile = billing_profile_of(tenant.id)
        rows = Invoice.objects.filter(tenant_id=tenant.id).annotate(today=TODAY).order_by("-id")[:LAST_INVOICES]
        context: dict[str, Any] = {
            "month": month,
            "wallet": wallet,
            "currency": wallet.currency if wallet else "",
            "free": available(wallet) if wallet else None,
            "lasts": lasts_days(wallet, forecast) if wallet else None,
            "forecast": forecast,
            "sum": month_of_wallet(tenant, month, spent=forecast.used if month.is_running else None),
            "credits": credits_left(tenant_id=tenant.id, livemode=LIVE),
            "included": included_images(tenant.id),
            "due": invoices_due(tenant),
            "preview": preview,
            "plan_costs": plan_costs(preview, wallet) if preview else None,
            "invoices": [(ids.encode(ids.INVOICE, row.id), row, invoice_state(row)) for row in rows],
            "subscription": subscription_now(tenant_id=tenant.id),
            "coming": subscription_next(tenant_id=tenant.id),
            "profile": profile,
            "address": address_text({"postal_address": profile.postal_address}),
        }
    return render(request, "console/billing/billing.html", context)


@console_page(Permission.BILLING, section="billing")
def top_up(request: HttpRequest, work: Workplace) -> HttpResponse:
    """How money comes into the wallet: through the payment provider where one is set, and by bank transfer."""
    tenant = work.tenant
    with work.reading():
        wallet = wallet_of(tenant_id=tenant.id, livemode=LIVE)
        act = None
        if provider_name() and wallet is not None:
            methods = list(payment_methods_of(tenant.id).order_by("-is_default", "-id"))
            act = TopUp(request=request, wallet=wallet, methods=methods)
        context = {
            "act": act,
            "once": secrets.token_urlsafe(12),
            "wallet": wallet,
            "currency": wallet.currency if wallet else "",
            "paid_to": paid_to(tenant),
            "due": invoices_due(tenant),
            "lasts": lasts_days(wallet, forecast_of(tenant)) if wallet else None,
        }
    return render(request, "console/billing/top_up.html", context)


@console_page(Permission.BILLING, section="billing")
def details(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        profile = billing_profile_of(work.tenant_id)
    act = ChangeDetails(request.POST or None, work=work, profile=profile)
    return console_act(request, work, act, back=reverse("console:billing"))


@console_page(Permission.BILLING, section="billing")
def low_balance(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        wallet = wallet_of(tenant_id=work.tenant_id, livemode=LIVE)
    assert wallet is not None  # every tenant is opened with one
    return console_act(request, work, WarnBelow(request.POST or None, wallet=wallet), back=reverse("console:billing"))


@console_page(Permission.BILLING, section="billing")
def ledger(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        wallet = wallet_of(tenant_id=work.tenant_id, livemode=LIVE)
        table = lists.ledger(work, wallet.currency if wallet else "")
        context = {"here": "ledger", "wallet": wallet, "file": reverse("console:ledger_csv")}
        return list_page(request, table, template="console/billing/ledger.html", context=context)


@console_page(Permission.BILLING, section="billing")
def ledger_csv(request: HttpRequest, work: Workplace) -> HttpResponseBase:
    """The movements that the filters leave, the last first."""
    with work.reading():
        rows = list_rows(request, lists.ledger(work, ""))
    if rows is None:
        return ledger(request)
    head = ("at", "kind", "reason", "amount", "currency", "credit", "generation", "invoice", "transaction")
    lines = (
        (
            row.at, row.transaction.kind, row.transaction.reason, row.amount, row.currency,
            ids.encode(ids.CREDIT, row.credit_id) if row.credit_id else "",
            ids.encode(ids.GENERATION, row.transaction.generation_id) if row.transaction.generation_id else "",
            ids.encode(ids.INVOICE, row.transaction.invoice_id) if row.transaction.invoice_id else "",
            ids.encode(ids.LEDGER_TRANSACTION, row.transaction_id),
        )
        for row in rows
    )  # fmt: skip
    return csv_response("ledger", head, lines)


@console_page(Permission.BILLING, section="billing")
def statement(request: HttpRequest, work: Workplace) -> HttpResponse:
    month = month_asked(request, work.tenant)
    with work.reading():
        found = statement_read(work.tenant, month)
        context = {
            "here": "statement",
            "month": month,
            "statement": found,
            "currency": found.wallet.currency if found else "",
            "lines": _lines(found),
            "profile": billing_profile_of(work.tenant_id),
            "paid_to": paid_to(work.tenant),
            "file": f"{reverse('console:statement_csv')}?month={month.value}",
        }
    return render(request, "console/billing/statement.html", context)


def _lines(found: Statement | None) -> list[tuple[Any, str]]:
    """Returns the lines with the addresses of what they are made of: the invoice, the days of usage."""
    if found is None:
        return []
    lines = []
    for line in found.lines:
        address = ""
        if line.invoice_id is not None:
            address = reverse("console:invoice", args=[ids.encode(ids.INVOICE, line.invoice_id)])
        elif line.kind == "charge":
            address = f"{reverse('console:usage_days')}?month={line.day:%Y-%m}"
        lines.append((line, address))
    return lines


@console_page(Permission.BILLING, section="billing")
def statement_csv(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The statement's lines with the balance after each, the opening balance first."""
    month = month_asked(request, work.tenant)
    with work.reading():
        found = statement_read(work.tenant, month)
    head = ("day", "kind", "text", "amount", "balance", "currency")
    rows: list[tuple[Any, ...]] = []
    if found is not None:
        currency = found.wallet.currency
        rows.append((month.first.isoformat(), "opening", "", "", found.opening, currency))
        rows += [
            (line.day.isoformat(), line.kind, line.text, line.amount, line.balance, currency) for line in found.lines
        ]
    return csv_response(f"statement-{month.value}", head, rows)
