"""Paying an invoice by its link: without signing in, for whoever pays bills need not be a member."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from billing.invoices.ledger_entries import settled_of
from billing.invoices.payment_links import payment_link_invoice
from billing.models import Invoice, ProviderPayment
from billing.provider_payments.services import invoice_page_begin
from billing.providers import provider, provider_name
from billing.providers.writing import operator_reading
from cavendish.above.console.pay.leading import led_to_provider
from cavendish.above.ui.refusals import refusal_text
from cavendish.http.problems import Problem


@csrf_exempt  # whoever has the address may pay, and nobody else can name it
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, invoice_id: str, signature: str) -> HttpResponse:
    """Shows what is left of an invoice, and leads to the provider's page. The link's signature is the permission."""
    found = payment_link_invoice(invoice_id, signature)
    with operator_reading():
        invoice = Invoice.objects.filter(id=found).first() if found else None
        if invoice is None or not invoice.number:
            raise Http404
        left = settled_of(invoice).left
        pending = ProviderPayment.objects.filter(invoice_id=invoice.id, status__in=ProviderPayment.OPEN, hosted_url="")
        under_way = pending.exists()
    refusal = ""
    if request.method == "POST":
        try:
            payment = invoice_page_begin(invoice_id=invoice.id, actor=Actor("system", None, "payment link"))
            return led_to_provider(request, payment.hosted_url)
        except Problem as problem:
            refusal = refusal_text(problem)
    context = {
        "invoice": invoice,
        "left": left,
        "under_way": under_way,
        "provider": provider().title if provider_name() else "",
        "refusal": refusal,
    }
    page = render(request, "console/pay/invoice.html", context, status=409 if refusal else 200)
    page.headers["X-Robots-Tag"] = "noindex"
    return page
