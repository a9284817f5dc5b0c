"""Tables of money to look things up, and the forms that change it: through services, after a look at what changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html

from accounts.admin_base import ReadOnly
from accounts.authentication.people import person_actor
from accounts.models import User
from accounts.tenants.admin import TenantAdmin
from billing import invoice_admin  # noqa: F401  (registers itself)
from billing.admin_forms import (
    MoneyForm,
    PlanForm,
    PriceForm,
    RefundForm,
    ResolutionForm,
    ServiceForm,
    SubscriptionForm,
    TermsForm,
)
from billing.models import (
    Allowance,
    Budget,
    Charge,
    Credit,
    Hold,
    LedgerTransaction,
    Plan,
    PlanVersion,
    Price,
    Subscription,
)
from cavendish.http.problems import Problem

__all__ = ["TenantAdmin"]


def form_page(model_admin: ReadOnly, request: HttpRequest, form: ServiceForm) -> HttpResponse:
    """Shows a form; then what it would change; and with `confirm` does it."""
    back = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")
    changes: list[str] = []
    if form.is_bound and form.is_valid():
        assert isinstance(request.user, User)
        try:
            changes = list(form.look())
            if "confirm" in request.POST or not changes:
                messages.success(request, form.save(person_actor(request, request.user)))
                return HttpResponseRedirect(back)
        except Problem as refusal:
            changes = []
            form.refused(refusal)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": form.title,
        "form": form,
        "changes": changes,
        "back": back,
    }
    return render(request, "billing/admin/form.html", context)


class ByForm(ReadOnly):
    """Rows are added by a form of `form_class` and never changed."""

    form_class: type[ServiceForm]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise Http404
        return form_page(self, request, self.form_class(request.POST or None))


@admin.register(Plan)
class PlanAdmin(ByForm):
    form_class = PlanForm
    list_display = ("slug", "name", "currency", "archived_at")


@admin.register(PlanVersion)
class PlanVersionAdmin(ByForm):
    form_class = TermsForm
    list_display = (
        "plan",
        "effective_from",
        "markup_percent",
        "included_images",
        "included_credit",
        "allowed_models",
        "actor",
    )
    list_filter = ("plan",)
    list_select_related = ("plan",)


@admin.register(Price)
class PriceAdmin(ByForm):
    form_class = PriceForm
    list_display = (
        "model",
        "kind",
        "tier",
        "image_size",
        "unit_price",
        "unit",
        "currency",
        "plan",
        "effective_from",
        "actor",
    )
    list_filter = ("model", "kind", "tier", "plan")
    list_select_related = ("plan",)
    ordering = ("-effective_from", "model", "kind")


@admin.register(Subscription)
class SubscriptionAdmin(ByForm):
    form_class = SubscriptionForm
    list_display = ("tenant", "plan", "starts_at", "begun_at", "actor")
    list_filter = ("plan",)
    list_select_related = ("tenant", "plan")
    search_fields = ("tenant__slug",)


@admin.register(Budget)
class BudgetAdmin(ReadOnly):
    list_display = ("tenant", "scope", "period", "metric", "limit", "hard", "livemode", "set_by_operator", "deleted_at")
    list_filter = ("scope", "period", "metric", "set_by_operator")
    list_select_related = ("tenant",)


@admin.register(Credit)
class CreditAdmin(ReadOnly):
    list_display = ("tenant", "source", "amount", "remaining", "currency", "expires_at", "created_at")
    list_filter = ("source",)
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)


@admin.register(Allowance)
class AllowanceAdmin(ReadOnly):
    list_display = ("tenant", "month", "included", "used", "held")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    list_display = ("generation_id", "tenant", "status", "amount", "currency", "created_at", "ended_at")
    list_filter = ("status",)
    list_select_related = ("tenant",)


class FlaggedFilter(admin.SimpleListFilter):
    """What somebody should look at."""

    title = "flags"
    parameter_name = "flagged"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, str]]:
        return [("open", "Flagged, no decision yet"), ("resolved", "Decided about"), ("all", "All flagged")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        match self.value():
            case "open":
                return queryset.filter(~Q(flags=[]), resolution=None)
            case "resolved":
                return queryset.exclude(resolution=None)
            case "all":
                return queryset.exclude(flags=[])
            case _:
                return queryset


@admin.register(Charge)
class ChargeAdmin(ReadOnly):
    list_display = (
        "generation_id",
        "tenant",
        "status",
        "reason",
        "amount",
        "cost",
        "absorbed",
        "flags",
        "created_at",
        "links",
    )
    list_filter = (FlaggedFilter, "status", "reason")
    list_select_related = ("tenant", "resolution")
    search_fields = ("generation_id", "tenant__slug")

    @admin.display(description="")
    def links(self, charge: Charge) -> str:
        refund = reverse("admin:billing_charge_refund", args=[charge.pk])
        resolve = reverse("admin:billing_charge_resolve", args=[charge.pk])
        decided = getattr(charge, "resolution", None)
        if decided is not None:
            return format_html('<a href="{}">Refund</a> · {}', refund, decided.note)
        if charge.flags:
            return format_html('<a href="{}">Refund</a> · <a href="{}">Decide</a>', refund, resolve)
        return format_html('<a href="{}">Refund</a>', refund)

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        return [
            path("<uuid:generation_id>/refund/", view(self.refund), name="billing_charge_refund"),
            path("<uuid:generation_id>/resolve/", view(self.resolve), name="billing_charge_resolve"),
            *super().get_urls(),
        ]

    def refund(self, request: HttpRequest, generation_id: UUID) -> HttpResponse:
        return form_page(self, request, RefundForm(request.POST or None, charge=_charge(request, generation_id)))

    def resolve(self, request: HttpRequest, generation_id: UUID) -> HttpResponse:
        return form_page(self, request, ResolutionForm(request.POST or None, charge=_charge(request, generation_id)))


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ByForm):
    form_class = MoneyForm
    list_display = ("id", "tenant", "kind", "wallet_amount", "reason", "actor", "at")
    list_filter = ("kind",)
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)

    @admin.display(description="On the wallet")
    def wallet_amount(self, transaction: Any) -> str:
        return ", ".join(
            f"{entry.amount} {entry.currency}" for entry in transaction.entries.all() if entry.account == "wallet"
        )

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("entries")


def _charge(request: HttpRequest, generation_id: UUID) -> Charge:
    """Raises Http404, also for whoever may only look."""
    charge: Charge | None = Charge.objects.filter(generation_id=generation_id).first()
    if charge is None or not request.user.is_superuser:
        raise Http404
    return charge
