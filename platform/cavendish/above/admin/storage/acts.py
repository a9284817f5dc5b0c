"""Legal holds: keep a job, or everything of a tenant, from being deleted, and release it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import Tenant
from cavendish.above.ui.acts import Act
from cavendish.above.ui.formats import short_id
from cavendish.above.ui.sayings import said
from cavendish.db import ids
from generations.holds.services import legal_hold_release, legal_hold_set
from generations.models import LegalHold

MAX_REASON_CHARS = 500


class HoldFields(Act):
    """What a legal hold is set with; its tenant comes from elsewhere."""

    word = _("Set legal hold")
    text = _("Nothing that is held is deleted: neither by the tenant, nor by retention, nor by erasure.")

    generation = forms.CharField(
        label=_("Job"), required=False, max_length=80,
        help_text=_("Its id. Without one everything of the tenant is held."),
        widget=forms.TextInput(attrs={"placeholder": "gen_…", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=MAX_REASON_CHARS, help_text=_("Only operators read it."))

    def clean_generation(self) -> UUID | None:
        text = str(self.cleaned_data["generation"]).strip()
        if not text:
            return None
        value = ids.decode(ids.GENERATION, text)
        if value is None:
            raise forms.ValidationError(gettext("This is not the id of a job; it begins with gen_."))
        return value

    def hold(self, tenant: Tenant, actor: Actor) -> str:
        """Sets the hold. Returns the message."""
        legal_hold_set(
            tenant_id=tenant.id,
            generation_id=self.cleaned_data["generation"],
            reason=self.cleaned_data["reason"],
            actor=actor,
        )
        return gettext("The legal hold on %s is set.") % tenant.name

    def show_refusal(self, refusal: Any) -> None:
        for error in refusal.errors:
            if error.pointer.endswith("generation_id"):
                self.add_error("generation", said(error.detail))
                return
        super().show_refusal(refusal)


class SetHold(HoldFields):
    tenant = forms.CharField(label=_("Tenant"), max_length=100, help_text=_("Slug or id."))
    field_order = ("tenant", "generation", "reason")

    def clean_tenant(self) -> Tenant:
        text = str(self.cleaned_data["tenant"]).strip()
        tenant_id = ids.decode(ids.TENANT, text)
        rows = Tenant.objects.filter(id=tenant_id) if tenant_id else Tenant.objects.filter(slug=text)
        tenant: Tenant | None = rows.first()
        if tenant is None:
            raise forms.ValidationError(gettext("There is no tenant with the slug or id “%s”.") % text)
        return tenant

    def run(self, actor: Actor) -> str:
        return self.hold(self.cleaned_data["tenant"], actor)


class ReleaseHold(Act):
    word, danger = _("Release"), True
    text = _("What it held is deleted when its time comes, unless another hold keeps it.")

    def __init__(self, *args: Any, hold: LegalHold, **options: Any) -> None:
        self.legal_hold = hold
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        hold = self.legal_hold
        if hold.generation_id is None:
            return gettext("Release the legal hold on everything of %s") % hold.tenant.name
        job = short_id(ids.encode(ids.GENERATION, hold.generation_id))
        return gettext("Release the legal hold on %(job)s of %(tenant)s") % {"job": job, "tenant": hold.tenant.name}

    def run(self, actor: Actor) -> str:
        legal_hold_release(tenant_id=self.legal_hold.tenant_id, hold_id=self.legal_hold.id, actor=actor)
        return gettext("The legal hold on %s is released.") % self.legal_hold.tenant.name
