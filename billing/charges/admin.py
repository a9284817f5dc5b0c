from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html

from accounts.actor import Actor
from accounts.admin_base import ReadOnly
from accounts.roles.operators import OperatorPermission, operator_can
from billing.admin_base import AmountField, ServiceForm, form_page
from billing.charges.services import charge_refund, flagged_charge_resolve
from billing.models import Charge, Hold
from billing.money import ZERO


class ChargeForm(ServiceForm):
    """A form about one charge."""

    def __init__(self, *args: Any, charge: Charge, **options: Any) -> None:
        super().__init__(*args, **options)
        self.of = {"tenant_id": charge.tenant_id, "generation_id": charge.generation_id}


class RefundForm(ChargeForm):
    title = "Refund a charge"

    amount = AmountField(required=False, help_text="Empty: all that is left of it.")
    reason = forms.CharField(max_length=300)

    def save(self, actor: Actor) -> str:
        transaction = charge_refund(
            **self.of, amount=self.cleaned_data["amount"], reason=self.cleaned_data["reason"], actor=actor
        )
        return f"{transaction.reason}: booked."


class ResolutionForm(ChargeForm):
    title = "Decide about a flagged charge"

    note = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    adjustment = AmountField(
        required=False, negative=True, zero=True, help_text="On the wallet: positive gives, negative takes."
    )

    def save(self, actor: Actor) -> str:
        adjustment: Decimal = self.cleaned_data["adjustment"] or ZERO
        flagged_charge_resolve(**self.of, note=self.cleaned_data["note"], adjustment=adjustment, actor=actor)
        return "The decision was noted."


class FlaggedFilter(admin.SimpleListFilter):
    """Charges that somebody should look at."""

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
        "generation_id", "tenant", "status", "reason", "amount", "cost", "absorbed", "flags", "created_at", "links",
    )  # fmt: skip
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


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    list_display = ("generation_id", "tenant", "status", "amount", "currency", "created_at", "ended_at")
    list_filter = ("status",)
    list_select_related = ("tenant",)


def _charge(request: HttpRequest, generation_id: UUID) -> Charge:
    """Returns the charge; raises Http404, also for whoever may only view."""
    charge: Charge | None = Charge.objects.filter(generation_id=generation_id).first()
    if charge is None or not operator_can(request.user, OperatorPermission.MONEY):
        raise Http404
    return charge
