"""The search page; a text that means one thing leads to it at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from cavendish.above.admin.links import PAGES, address_of
from cavendish.above.admin.pages import operator_page
from cavendish.above.admin.search.selectors import MOST_CHARS, PAYMENT, Hit, find
from cavendish.db import ids

KINDS = {
    ids.GENERATION: _("Job"),
    ids.GENERATION_GROUP: _("Variants"),
    ids.OUTPUT: _("Output"),
    ids.FILE: _("File"),
    ids.BATCH: _("Batch"),
    ids.SHARE_LINK: _("Share link"),
    ids.COLLECTION: _("Collection"),
    ids.TEMPLATE: _("Template"),
    ids.TENANT: _("Tenant"),
    ids.USER: _("Person"),
    ids.MEMBERSHIP: _("Member"),
    ids.INVITATION: _("Invitation"),
    ids.API_KEY: _("API key"),
    ids.OPERATOR_KEY: _("Operator key"),
    ids.AUDIT_EVENT: _("Audit event"),
    ids.PLAN: _("Plan"),
    ids.PRICE: _("Price"),
    ids.BUDGET: _("Budget"),
    ids.CREDIT: _("Credit"),
    ids.LEDGER_TRANSACTION: _("Movement"),
    ids.INVOICE: _("Invoice"),
    ids.CREDIT_NOTE: _("Credit note"),
    ids.LEGAL_ENTITY: _("Company"),
    ids.EXPORT: _("Export"),
    ids.LEGAL_HOLD: _("Legal hold"),
    ids.GUARD_RULE: _("Guard rule"),
    ids.WEBHOOK_ENDPOINT: _("Webhook endpoint"),
    ids.WEBHOOK_DELIVERY: _("Webhook delivery"),
    ids.TENANT_NOTE: _("Note"),
    PAYMENT: _("Payment"),
}


@operator_page(section="search")
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    # A slug names one tenant, however many people's addresses have it in them.
    if tenant := Tenant.objects.filter(slug=text.lower()).first():
        return HttpResponseRedirect(address_of(ids.TENANT, tenant.id))
    hits = [(hit, KINDS.get(hit.kind, hit.kind), place_of(hit)) for hit in find(text[:MOST_CHARS])] if text else []
    # What is called exactly so comes before what only has it in its name.
    exact = [place for hit, _kind, place in hits if text.lower() in {hit.label.lower(), hit.sub.lower()}]
    places = {place for _hit, _kind, place in hits}
    for found in (places, set(exact)):
        if len(found) == 1 and "" not in found:
            return HttpResponseRedirect(found.pop())
    return render(request, "admin/search/search.html", {"text": text, "hits": hits})


def place_of(hit: Hit) -> str:
    """Returns the address of the page that shows the hit, empty where none does."""
    if hit.page_kind not in PAGES:
        return ""
    anchor = f"#{ids.encode(hit.kind, hit.id)}" if hit.kind == ids.OUTPUT else ""
    return address_of(hit.page_kind, hit.page_id) + anchor
