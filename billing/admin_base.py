"""What every room's admin stands on: forms that write through services and show what those refuse.

`ServiceForm` with `FormAdmin` adds rows that are never changed, after a preview of what changes; `ServiceModelForm`
with `ServiceModelAdmin` edits rows in Django's own pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from accounts.actor import Actor
from accounts.admin_base import Base, ReadOnly, operator_actor
from accounts.models import Tenant
from accounts.roles.operators import OperatorPermission, operator_can
from billing.money import AmountInvalid, amount_parse
from cavendish.http.problems import Problem, Refusal

WHEN = "UTC; as soon as possible when it is empty. A moment in the past is refused."


class AmountField(forms.CharField):
    """An amount in plain digits, to the last one."""

    def __init__(self, *, negative: bool = False, zero: bool = False, **options: Any) -> None:
        self.negative, self.zero = negative, zero
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return amount_parse(text, negative=self.negative, zero=self.zero)
        except AmountInvalid as error:
            raise ValidationError(str(error)) from None


class TenantField(forms.CharField):
    """A tenant by its slug: a list of thousands is no choice."""

    def clean(self, value: Any) -> Any:
        slug = super().clean(value)
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            raise ValidationError("There is no tenant of this slug.")
        return tenant


class ServiceForm(forms.Form):
    """`save` calls a service; `preview` says before what would change."""

    title = ""

    def preview(self) -> Sequence[str]:
        """Returns sentences; none where there is nothing to compare, and then the form is saved at once."""
        return ()

    def save(self, actor: Actor) -> str:
        """Returns the message for the operator. Raises Problem."""
        raise NotImplementedError

    def show_refusal(self, refusal: Problem) -> None:
        """Shows each error beside the field that it is about, and a refusal without errors above the form."""
        if not refusal.errors:
            self.add_error(None, refusal.detail)
        for error in refusal.errors:
            names = [name for name in error.pointer.split("/") if name in self.fields]
            self.add_error(names[-1] if names else None, error.detail)


def form_page(model_admin: ReadOnly, request: HttpRequest, form: ServiceForm) -> HttpResponse:
    """Shows a form; then what it would change; and with `confirm` saves it."""
    back = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")
    changes: list[str] = []
    if form.is_bound and form.is_valid():
        try:
            changes = list(form.preview())
            if "confirm" in request.POST or not changes:
                messages.success(request, form.save(operator_actor(request)))
                return HttpResponseRedirect(back)
        except Problem as refusal:
            changes = []
            form.show_refusal(refusal)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": form.title,
        "form": form,
        "changes": changes,
        "back": back,
    }
    return render(request, "billing/admin/form.html", context)


class FormAdmin(ReadOnly):
    """Rows are added by a form of `form_class` and never changed."""

    takes = OperatorPermission.MONEY
    form_class: type[ServiceForm]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return operator_can(request.user, self.takes)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise Http404
        return form_page(self, request, self.form_class(request.POST or None))


class ServiceModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Calls its service at the end of a clean check, so that a refusal is an error of the form."""

    actor: Actor

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.instance = self.write(values)
            except (Refusal, ValueError) as refusal:
                raise ValidationError(str(refusal)) from None
        return values

    def _post_clean(self) -> None:
        """The service has written the row; Django's own check of it comes too late."""

    def write(self, values: dict[str, Any]) -> Any:
        """Returns the row that the service wrote. Raises Refusal, or ValueError with the message for the operator."""
        raise NotImplementedError


class ServiceModelAdmin(Base):
    """Saves by the form's service alone."""

    takes = OperatorPermission.MONEY

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return operator_can(request.user, self.takes)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return operator_can(request.user, self.takes)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change, **options)
        return type(form.__name__, (form,), {"actor": operator_actor(request)})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form's service has saved it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing beside the row."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
