"""The list of tenants: who they are, what they have and what they spent this month."""

from __future__ import annotations

from typing import Any

from django.db.models import DecimalField, F, Func, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant, TenantStatus
from billing.anomalies.selectors import tenants_out_of_pattern
from billing.models import PlatformMonth, Subscription, Wallet
from cavendish.above.admin.links import address_of
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, Filter, List, equals
from cavendish.db import ids

DUNNED = (("overdue", _("Reminded")), ("suspended", _("Live keys suspended")))


def _rows() -> QuerySet[Tenant]:
    """Returns the tenants with plan, free money and this month's spend by roll-ups: one query for all of them."""
    mine = {"tenant_id": OuterRef("pk")}
    now = timezone.now()
    wallets = Wallet.objects.filter(**mine, livemode=True)
    months = PlatformMonth.objects.filter(**mine, livemode=True, month=timezone.localdate(now).replace(day=1))
    plans = Subscription.objects.filter(**mine, starts_at__lte=now).order_by("-starts_at")
    rows: QuerySet[Tenant] = Tenant.objects.annotate(
        balance=Subquery(wallets.values("balance")[:1]),
        held=Subquery(wallets.values("held")[:1]),
        credit_limit=Subquery(wallets.values("credit_limit")[:1]),
        tax_kept=Func(F("pk"), Value(True), function="tax_kept", output_field=DecimalField()),
        currency=Subquery(wallets.values("currency")[:1]),
        spent=Subquery(months.values("tenant_id").annotate(sum=Sum("amount")).values("sum")[:1]),
        plan_name=Subquery(plans.values("plan__name")[:1]),
    )
    return rows


def _name(tenant: Tenant) -> Any:
    address = address_of(ids.TENANT, tenant.id)
    return format_html('<a href="{}">{}</a> <span class="quiet">{}</span>', address, tenant.name, tenant.slug)


def _free(tenant: Any) -> Any:
    """Returns what is free to spend; red where nothing is."""
    if tenant.balance is None:
        return "–"
    free = tenant.balance + tenant.credit_limit - tenant.held - tenant.tax_kept
    text = formats.money(free, tenant.currency)
    return format_html('<b class="bad">{}</b>', text) if free <= 0 else text


def _plan(tenant: Any) -> str:
    return tenant.plan_name or "–"


def _spent(tenant: Any) -> str:
    return formats.money(tenant.spent, tenant.currency) if tenant.spent else "–"


def _matching(rows: Any, text: str) -> Any:
    found = Q(slug__icontains=text) | Q(name__icontains=text)
    if (tenant_id := ids.decode(ids.TENANT, text)) is not None:
        found |= Q(id=tenant_id)
    return rows.filter(found)


def _dunned(rows: Any, value: str) -> Any:
    return rows.exclude(payment_suspended_at=None) if value == "suspended" else rows.exclude(payment_reminded_at=None)


def _unusual(rows: Any, _value: str) -> Any:
    return rows.filter(id__in=tenants_out_of_pattern(timezone.now()))


def _status(tenant: Any) -> Any:
    """Returns the status; an active tenant that has not paid says so."""
    shown = formats.state(tenant.status)
    if tenant.status != TenantStatus.ACTIVE or not tenant.payment_reminded_at:
        return shown
    word = gettext("live keys suspended") if tenant.payment_suspended_at else gettext("overdue")
    return format_html('{} <b class="bad small">{}</b>', shown, word)


TENANTS: List[Tenant] = List(
    title=_("Tenants"),
    rows=_rows,
    columns=(
        Column(_("Tenant"), _name, kind="th"),
        Column(_("Status"), _status),
        Column(_("Plan"), _plan, wide=True),
        Column(_("Spent this month"), _spent, kind="r"),
        Column(_("Free to spend"), _free, kind="r", wide=True),
        Column(_("Since"), lambda tenant: formats.day(timezone.localdate(tenant.created_at), year=True), wide=True),
        Column(_("Id"), lambda tenant: formats.copy_id(ids.encode(ids.TENANT, tenant.id)), wide=True),
    ),
    filters=(
        Filter("q", _("Name or slug"), _matching, kind="search"),
        Filter("status", _("Status"), equals("status"), choices=TenantStatus.choices),
        Filter("payment", _("Payment"), _dunned, choices=DUNNED),
        Filter("spend", _("Spend"), _unusual, choices=(("unusual", _("Unusual")),)),
    ),
    empty=_("Create the first one: it gets a wallet, a plan and an owner."),
)
