"""Pages of paying through the provider: top up, saved methods, the automatic top-up, what was paid."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles.permissions import Permission
from billing.auto_top_ups.selectors import auto_top_up_of
from billing.models import PaymentMethod, ProviderPayment, Wallet
from billing.payment_methods.selectors import payment_methods_of
from billing.provider_payments.selectors import payments_of
from billing.providers import provider, provider_name
from billing.wallets.selectors import wallet_of
from cavendish.above.console.billing.money import LIVE
from cavendish.above.console.billing.payment_acts import METHOD_ACTS, AddMethod, ChangeAutoTopUp, TopUp
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.cells import created
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import Column, List, list_page
from cavendish.above.ui.payments import method_text, off_reason, payment_state
from cavendish.db import ids

page = console_page(Permission.BILLING, section="billing")


def _wallet(work: Workplace) -> Wallet:
    """Returns the live wallet. Raises Http404 where no provider is set: there is nothing to pay by then."""
    if not provider_name():
        raise Http404
    with work.reading():
        wallet = wallet_of(tenant_id=work.tenant_id, livemode=LIVE)
    assert wallet is not None  # every tenant is opened with one
    return wallet


def _methods(work: Workplace) -> list[PaymentMethod]:
    with work.reading():
        return list(payment_methods_of(work.tenant_id).order_by("-is_default", "-id"))


@page
def top_up_pay(request: HttpRequest, work: Workplace) -> HttpResponse:
    wallet = _wallet(work)
    act = TopUp(request.POST or None, request=request, wallet=wallet, methods=_methods(work))
    return console_act(request, work, act, back=reverse("console:billing"))


@page
def auto_top_up(request: HttpRequest, work: Workplace) -> HttpResponse:
    wallet = _wallet(work)
    with work.reading():
        terms = auto_top_up_of(work.tenant_id)
    act = ChangeAutoTopUp(request.POST or None, wallet=wallet, terms=terms)
    return console_act(request, work, act, back=reverse("console:payment_methods"))


@page
def payment_methods(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Saved cards and accounts, and when the wallet tops itself up by the default one."""
    wallet = _wallet(work)
    with work.reading():
        terms = auto_top_up_of(work.tenant_id)
    rows = [(ids.encode(ids.PAYMENT_METHOD, row.id), row, method_text(row)) for row in _methods(work)]
    context = {
        "here": "payments",
        "methods": rows,
        "terms": terms,
        "off_reason": off_reason(terms.disabled_reason),
        "wallet": wallet,
        "provider": provider().title,
    }
    return render(request, "console/billing/payment_methods.html", context)


@page
def payment_method_new(request: HttpRequest, work: Workplace) -> HttpResponse:
    _wallet(work)
    act = AddMethod({**request.POST.dict()} if request.method == "POST" else None, request=request,
                    tenant_id=work.tenant_id)  # fmt: skip
    return console_act(request, work, act, back=reverse("console:payment_methods"))


@page
def payment_method_act(request: HttpRequest, work: Workplace, method_id: str, act: str) -> HttpResponse:
    _wallet(work)
    found = ids.decode(ids.PAYMENT_METHOD, method_id)
    with work.reading():
        row = payment_methods_of(work.tenant_id).filter(id=found).first() if found else None
    if row is None or act not in METHOD_ACTS:
        raise Http404
    form = METHOD_ACTS[act]({**request.POST.dict()} if request.method == "POST" else None, method=row)
    return console_act(request, work, form, back=reverse("console:payment_methods"))


@page
def payments(request: HttpRequest, work: Workplace) -> HttpResponse:
    """What was asked for at the provider, the last first."""
    _wallet(work)

    def amount(row: ProviderPayment) -> Any:
        return formats.money(row.amount, row.currency)

    def purpose(row: ProviderPayment) -> Any:
        text = label(row.get_purpose_display())
        if row.invoice_id is None:
            return text
        address = reverse("console:invoice", args=[ids.encode(ids.INVOICE, row.invoice_id)])
        return format_html('<a href="{}">{}</a>', address, text)

    def state(row: ProviderPayment) -> Any:
        if row.hosted_url and row.status == ProviderPayment.Status.REQUIRES_ACTION:
            return format_html('{} <a href="{}">{}</a>', payment_state(row), row.hosted_url, _("Continue"))
        return payment_state(row)

    table: List[ProviderPayment] = List(
        title=_("Payments"),
        rows=lambda: payments_of(work.tenant_id),
        columns=(
            Column(_("When"), created),
            Column(pgettext_lazy("line", "What"), purpose, kind="th"),
            Column(_("Amount"), amount, kind="r"),
            Column(_("State"), state),
            Column(_("By"), lambda row: method_text(row.method) if row.method else "–", wide=True),
        ),
        empty=_("Nothing was paid through the provider yet."),
    )
    with work.reading():
        return list_page(request, table, template="console/billing/payments.html", context={"here": "payments"})
