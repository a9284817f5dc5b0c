"""The list of tenants, a tenant's page, and the acts on it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings as django_settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Invitation, Membership, Tenant, TenantNote
from accounts.policy.selectors import policy_accepted
from accounts.roles.operators import OperatorPermission, operator_can
from billing.anomalies.selectors import anomalies_of
from billing.dunning.selectors import paused_until, steps_of
from billing.invoices.selectors import invoice_preview
from billing.models import Budget, LedgerTransaction
from billing.months import month_after
from billing.provider_payments.selectors import unbooked_of
from billing.wallets.month import wallet_month
from cavendish.above.admin.home import lines
from cavendish.above.admin.pages import operator_act, operator_of, operator_page, refused
from cavendish.above.admin.tenants import charts, data, selectors
from cavendish.above.admin.tenants.acts import (
    billing,
    holds,
    keys,
    money,
    notes,
    people,
    settings,
    status,
)
from cavendish.above.admin.tenants.acts import (
    budgets as budget_acts,
)
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.admin.tenants.finding import tenant_of
from cavendish.above.admin.tenants.lists import TENANTS
from cavendish.above.tenant_data.models import Erasure
from cavendish.above.ui.budgets.lines import budget_lines
from cavendish.above.ui.lists import list_page
from cavendish.above.ui.public_ids import row_or_404
from cavendish.above.ui.scripts import towards
from cavendish.db import ids

ACTS: dict[str, type[TenantAct]] = {
    "suspend": status.Suspend,
    "reactivate": status.Reactivate,
    "close": status.Close,
    "erase": status.Erase,
    "cancel-erasure": status.KeepTenant,
    "export": status.Export,
    "top-up": money.TopUp,
    "pay-out": money.PayOut,
    "credit": money.Credit,
    "adjust": money.Adjust,
    "credit-limit": money.CreditLimit,
    "plan": money.ChangePlan,
    "billing": billing.BillingDetails,
    "limits": settings.Limits,
    "retention": settings.Retention,
    "settings": settings.General,
    "invite": people.Invite,
    "create-key": keys.CreateKey,
    "add-note": notes.AddNote,
    "accept-policy": notes.AcceptPolicy,
    "set-budget": budget_acts.SetBudget,
    "legal-hold": holds.SetHold,
}
ITEM_ACTS: dict[str, tuple[type[TenantAct], str, type[Any]]] = {
    "reverse-top-up": (money.ReverseTopUp, ids.LEDGER_TRANSACTION, LedgerTransaction),
    "role": (people.ChangeRole, ids.MEMBERSHIP, Membership),
    "remove-member": (people.RemoveMember, ids.MEMBERSHIP, Membership),
    "resend-invitation": (people.ResendInvitation, ids.INVITATION, Invitation),
    "revoke-invitation": (people.RevokeInvitation, ids.INVITATION, Invitation),
    "rotate-key": (keys.RotateKey, ids.API_KEY, ApiKey),
    "remove-note": (notes.RemoveNote, ids.TENANT_NOTE, TenantNote),
    "revoke-key": (keys.RevokeKey, ids.API_KEY, ApiKey),
    "change-budget": (budget_acts.ChangeBudget, ids.BUDGET, Budget),
    "remove-budget": (budget_acts.RemoveBudget, ids.BUDGET, Budget),
}
"""Acts on something of a tenant's: the act, the kind of its id, the table."""


def tenant_address(tenant: Tenant) -> str:
    return reverse("admin:tenant", args=[ids.encode(ids.TENANT, tenant.id)])


@operator_page(section="tenants")
def tenants(request: HttpRequest) -> HttpResponse:
    actions = []
    if operator_can(operator_of(request), OperatorPermission.TENANTS):
        address = reverse("admin:tenant_new")
        actions.append({"address": address, "word": _("Create tenant"), "main": True, "dialog": True})
    return list_page(request, TENANTS, context={"actions": actions})


@operator_page(OperatorPermission.TENANTS, section="tenants")
def tenant_new(request: HttpRequest) -> HttpResponse:
    act = settings.NewTenant(request.POST or None)
    response = operator_act(request, act, back=reverse("admin:tenants"))
    created = getattr(act, "created", None)
    return towards(request, tenant_address(created)) if created is not None else response


@operator_page(section="tenants")
def tenant(request: HttpRequest, tenant_id: str) -> HttpResponse:
    found = tenant_of(tenant_id)
    if not tenant_id.startswith("ten_"):
        return HttpResponseRedirect(tenant_address(found))
    spend = selectors.spend_of(found)
    subscription, version = selectors.plan_line(found)
    balance = wallet_month(tenant_id=found.id, livemode=True, month=spend.month, spent=spend.total)
    currency = balance.currency if balance else "USD"
    jobs = selectors.last_jobs(found)
    charges = selectors.job_charges(jobs)
    endpoints, undelivered = selectors.webhook_health(found)
    spent_by_key = selectors.spend_by(found, "key", month=spend.month)
    key_lines = selectors.key_lines(found, dict(spent_by_key))
    stored, quota = selectors.storage_of(found)
    budgets = budget_lines(tenant_id=found.id, livemode=True)
    month_budget = selectors.month_budget_of(budgets)
    by = request.GET.get("by", "")
    parts: list[tuple[str, Decimal, Decimal]] = []
    if by in {"model", "key", "member"}:
        amounts = spent_by_key if by == "key" else selectors.spend_by(found, by, month=spend.month)
        parts = charts.spend_parts(amounts, by, spend)
    context = {
        "tenant": found,
        "public_id": ids.encode(ids.TENANT, found.id),
        "unbooked": unbooked_of(found.id),
        "subscription": subscription,
        "version": version,
        "currency": currency,
        "balance": balance,
        "preview": invoice_preview(found).invoice if balance else None,
        "spend": spend,
        "unusual": anomalies_of(found),
        "dunning": steps_of(tenant_id=found.id) if found.payment_reminded_at else [],
        "dunning_paused_until": paused_until(tenant=found) if found.payment_reminded_at else None,
        "month_end": month_after(spend.month.first),
        "chart": charts.spend_chart(spend, currency),
        "by": by if by in {"model", "key", "member"} else "",
        "parts": parts,
        "budgets": budgets,
        "month_budget": month_budget,
        "budget_ends": selectors.budget_ends_on(month_budget, spend),
        "jobs": [(job, *charges.get(job.id, ("", None))) for job in jobs],
        "running": selectors.jobs_running(found),
        "keys": key_lines[: selectors.KEYS_SHOWN],
        "more_keys": max(len(key_lines) - selectors.KEYS_SHOWN, 0),
        "members": selectors.member_lines(found),
        "invitations": selectors.invitations_open(found),
        "invoices": selectors.last_invoices(found),
        "audit": selectors.last_audit(found),
        "troubles": [(row, lines.trouble(row)) for row in selectors.troubles_of(found)],
        "hour": selectors.last_hour(found),
        "erasure": Erasure.objects.filter(tenant_id=found.id).first() if found.status != "active" else None,
        "notes": selectors.notes_of(found),
        "policy_accepted": policy_accepted(found.policy_version),
        "endpoints": endpoints,
        "undelivered": undelivered,
        "data": data.data_of(found),
        "policy_version": django_settings.POLICY_VERSION,
        "stored": stored,
        "quota": quota,
    }
    return render(request, "admin/tenants/tenant.html", context)


@operator_page(section="tenants")
def tenant_act(request: HttpRequest, tenant_id: str, act: str) -> HttpResponse:
    act_class = ACTS.get(act)
    if act_class is None:
        raise Http404
    return _act(request, tenant_of(tenant_id), act_class)


@operator_page(section="tenants")
def tenant_item_act(request: HttpRequest, tenant_id: str, act: str, item: str) -> HttpResponse:
    found = tenant_of(tenant_id)
    if act not in ITEM_ACTS:
        raise Http404
    act_class, kind, table = ITEM_ACTS[act]
    row = row_or_404(kind, item, table.objects.filter(tenant_id=found.id))
    return _act(request, found, act_class, item=row)


def _act(request: HttpRequest, found: Tenant, act_class: type[TenantAct], **options: Any) -> HttpResponse:
    if not operator_can(operator_of(request), act_class.permission):
        return refused(request, act_class.permission)
    act = act_class(request.POST or None, tenant=found, **options)
    if isinstance(act, keys.KeyAct):
        act.request, act.back = request, tenant_address(found)
    return operator_act(request, act, back=tenant_address(found))
