"""Tenants in the admin: created and changed by the same services as over the API, with the operator in the audit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.admin_base import Base, operator_actor
from accounts.billing_port import STANDARD_PLAN, billing
from accounts.models import Tenant, TenantStatus
from accounts.policy.services import policy_accept
from accounts.roles.checks import check_origins, check_time_zone, image_sizes, model_ids
from accounts.roles.names import validate_name
from accounts.roles.operators import OperatorPermission, operator_can
from accounts.tenants.services import (
    OF_THE_OPERATOR,
    OF_THE_TENANT,
    SLUG,
    tenant_close,
    tenant_open,
    tenant_reactivate,
    tenant_suspend,
    tenant_update_as_operator,
)
from cavendish.http.problems import Problem

if TYPE_CHECKING:
    Form = forms.ModelForm[Tenant]
else:
    Form = forms.ModelForm

SETTINGS = ("name", *(name for name in (*OF_THE_TENANT, *OF_THE_OPERATOR) if name != "name"))


class TenantForm(Form):
    """The settings that an operator may change. Lists in which nothing is selected allow everything."""

    allowed_models = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="Select none to allow all."
    )
    allowed_sizes = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="Select none to allow all."
    )

    class Meta:
        model = Tenant
        fields = SETTINGS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, known in (("allowed_models", model_ids()), ("allowed_sizes", image_sizes())):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(value, value) for value in known]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        validate_name(name)
        return name

    def clean_allowed_models(self) -> list[str] | None:
        return self.cleaned_data["allowed_models"] or None

    def clean_allowed_sizes(self) -> list[str] | None:
        return self.cleaned_data["allowed_sizes"] or None

    def clean_allowed_origins(self) -> list[str]:
        return self._origins("allowed_origins")

    def clean_frame_origins(self) -> list[str]:
        return self._origins("frame_origins")

    def _origins(self, name: str) -> list[str]:
        origins = self.cleaned_data[name] or []
        if not isinstance(origins, list) or not all(isinstance(origin, str) for origin in origins):
            raise ValidationError('Enter a list, like ["https://app.example.com"].')
        if errors := check_origins(origins, name):
            raise ValidationError([error.detail for error in errors])
        return origins

    def clean_billing_timezone(self) -> str:
        zone: str = self.cleaned_data["billing_timezone"]
        if errors := check_time_zone(zone):
            raise ValidationError(errors[0].detail)
        return zone

    def changed_settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SETTINGS if name in self.changed_data}


class NewTenantForm(TenantForm):
    slug = forms.CharField(
        max_length=50, help_text="Lowercase letters, digits and hyphens. It cannot be changed later."
    )
    plan = forms.ChoiceField(required=False, help_text=f'Defaults to "{STANDARD_PLAN}".')
    opening_balance = forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_digits=20,
        decimal_places=9,
        help_text="What the tenant has already paid in, in the plan's currency.",
    )
    owner_email = forms.EmailField(required=False, help_text="This person is invited as the owner.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plan = self.fields["plan"]
        assert isinstance(plan, forms.ChoiceField)
        plan.choices = [("", "---------"), *billing().plans()]

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if SLUG.fullmatch(slug) is None:
            raise ValidationError(
                "Use lowercase letters, digits and hyphens; a slug cannot begin or end with a hyphen."
            )
        if Tenant.objects.filter(slug=slug).exists():
            raise ValidationError("A tenant with this slug already exists.")
        return slug


class ChangedTenantForm(TenantForm):
    status = forms.ChoiceField(choices=TenantStatus.choices, help_text="While suspended, queued jobs wait.")
    status_reason = forms.CharField(
        max_length=200, required=False, help_text="Shown to the tenant whenever a request is refused because of it."
    )
    policy_accepted_by = forms.CharField(
        max_length=200, required=False, help_text="Who accepted the current use policy for the tenant on paper."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("status", "status_reason"):
            self.fields[name].initial = getattr(self.instance, name)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("status") == TenantStatus.SUSPENDED and not values.get("status_reason", "").strip():
            self.add_error("status_reason", "Enter a reason. The tenant sees it whenever a request is refused.")
        return values


@admin.register(Tenant)
class TenantAdmin(Base):
    list_display = ("slug", "name", "status", "concurrency_limit", "queue_limit", "created_at")
    list_filter = ("status",)
    search_fields = ("slug", "name", "id")
    readonly_fields = ("billing_timezone_next", "billing_timezone_from", "policy_version", "policy_accepted_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return operator_can(request.user, OperatorPermission.ERASE)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The form has all settings and closes too."""
        return operator_can(request.user, OperatorPermission.ERASE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        return super().get_form(request, obj, change, form=ChangedTenantForm if obj else NewTenantForm, **options)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("slug", "plan", "opening_balance", "owner_email", *SETTINGS)
        return ("status", "status_reason", "policy_accepted_by", *SETTINGS, *self.readonly_fields)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Shows the form again with a message when a service refuses values that the form let pass, which happens when
        somebody else was faster. Nothing is saved then.
        """
        try:
            response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        except Problem as problem:
            messages.error(request, problem.detail)
            return HttpResponseRedirect(request.path)
        return response

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        actor = operator_actor(request)
        values = form.cleaned_data
        if not change:
            tenant = tenant_open(
                slug=values["slug"],
                plan=values["plan"] or STANDARD_PLAN,
                opening_balance=values["opening_balance"] or Decimal(0),
                owner_email=values["owner_email"],
                actor=actor,
                **{name: values[name] for name in SETTINGS},
            )
            obj.__dict__.update(tenant.__dict__)
            return
        if changed := form.changed_settings():
            tenant_update_as_operator(tenant_id=obj.id, changed=changed, actor=actor)
        if values["policy_accepted_by"]:
            version, name = settings.POLICY_VERSION, values["policy_accepted_by"]
            policy_accept(tenant_id=obj.id, version=version, accepted_by=name, actor=actor)
        if "status" in form.changed_data:
            self._change_status(obj, values["status"], values["status_reason"], actor)

    def _change_status(self, tenant: Tenant, status: str, reason: str, actor: Any) -> None:
        match status:
            case TenantStatus.SUSPENDED:
                tenant_suspend(tenant_id=tenant.id, reason=reason, actor=actor)
            case TenantStatus.CLOSING:
                tenant_close(tenant_id=tenant.id, reason=reason, actor=actor)
            case _:
                tenant_reactivate(tenant_id=tenant.id, actor=actor)
