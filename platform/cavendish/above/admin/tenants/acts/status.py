"""Suspend, reactivate, close, export."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from accounts.tenants.services import tenant_close, tenant_reactivate, tenant_suspend
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.tenant_data.services import erasure_cancel, erasure_request, export_request
from cavendish.above.ui.acts import Change, Preview
from cavendish.above.ui.formats import day
from generations.models import Generation


class Suspend(TenantAct):
    word, heading, danger = _("Suspend"), _("Suspend %s"), True
    permission = OperatorPermission.TENANTS
    text = _("New requests are refused with your reason. Running jobs end; queued ones wait until you reactivate it.")

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("The tenant sees it whenever a request is refused.")
    )

    def preview(self) -> Preview:
        jobs = Generation.objects.filter(tenant_id=self.tenant.id)
        running, queued = jobs.filter(status="running").count(), jobs.filter(status="queued")[:10_001].count()
        return Preview(
            [Change(gettext("Status"), gettext("Active"), gettext("Suspended"))],
            [
                gettext("%(running)s jobs run and will end; %(queued)s wait.")
                % {"running": running, "queued": queued if queued <= 10_000 else "10,000+"}
            ],
        )

    def run(self, actor: Actor) -> str:
        tenant_suspend(tenant_id=self.tenant.id, reason=self.cleaned_data["reason"], actor=actor)
        return gettext("%s is suspended.") % self.tenant.name


class Reactivate(TenantAct):
    word, heading = _("Reactivate"), _("Reactivate %s")
    permission = OperatorPermission.TENANTS
    text = _("Requests are accepted again, and jobs that waited run unless their deadline has passed.")

    def run(self, actor: Actor) -> str:
        tenant_reactivate(tenant_id=self.tenant.id, actor=actor)
        return gettext("%s is active again.") % self.tenant.name


class Close(TenantAct):
    word, heading, danger = _("Close"), _("Close %s"), True
    permission = OperatorPermission.ERASE
    text = _("Nothing new is accepted. You can reactivate it until you erase it.")

    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, **options: Any) -> None:
        self.typed = options["tenant"].slug
        super().__init__(*args, **options)

    def run(self, actor: Actor) -> str:
        tenant_close(tenant_id=self.tenant.id, reason=self.cleaned_data["reason"], actor=actor)
        return gettext("%s is closing.") % self.tenant.name


class Erase(TenantAct):
    word, heading, danger = _("Erase"), _("Erase %s"), True
    permission = OperatorPermission.ERASE
    text = _(
        "On that day all jobs, pictures, files, people and keys of the tenant are erased for good. The books stay. "
        "Until then you can cancel it."
    )

    days = forms.IntegerField(label=_("In days"), min_value=0, max_value=3650)

    def __init__(self, *args: Any, **options: Any) -> None:
        self.typed = options["tenant"].slug
        super().__init__(*args, **options)
        self.fields["days"].initial = settings.ERASURE_DAYS

    def run(self, actor: Actor) -> str:
        erasure = erasure_request(
            tenant_id=self.tenant.id, slug=self.tenant.slug, days=self.cleaned_data["days"], actor=actor
        )
        values = {"tenant": self.tenant.name, "day": day(timezone.localdate(erasure.due_at), year=True)}
        return gettext("%(tenant)s will be erased on %(day)s.") % values


class KeepTenant(TenantAct):
    word, heading = _("Cancel erasure"), _("Cancel the erasure of %s")
    permission = OperatorPermission.ERASE
    text = _("The tenant stays closed; nothing of it is erased.")

    def run(self, actor: Actor) -> str:
        erasure_cancel(tenant_id=self.tenant.id, actor=actor)
        return gettext("The erasure is canceled.")


class Export(TenantAct):
    word, heading = _("Export"), _("Export everything of %s")
    permission = OperatorPermission.ERASE
    text = _(
        "An archive with all that the tenant has: jobs, pictures, settings, books. The tenant's owners can fetch it."
    )

    def run(self, actor: Actor) -> str:
        export_request(tenant_id=self.tenant.id, actor=actor)
        return gettext("The export is being written.")
