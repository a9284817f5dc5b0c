"""Export everything; close the tenant, and keep it after all."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.tenants.services import tenant_close
from cavendish.above.console.settings.pages import SettingsAct
from cavendish.above.tenant_data.models import Export
from cavendish.above.tenant_data.services import closing_cancel, export_delete, export_request
from cavendish.http.problems import not_found


class StartExport(SettingsAct):
    word, heading = _("Start export"), _("Export everything")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.text = (
            gettext(
                "One archive with jobs, pictures, files, settings, the audit log and the books. It is written in the "
                "background, which takes minutes or hours, and can be downloaded for %d days."
            )
            % settings.EXPORT_DAYS
        )

    def run(self, actor: Actor) -> str:
        export_request(tenant_id=self.work.tenant_id, actor=actor)
        return gettext("The export is being written. This page shows how far it is.")


class DeleteExport(SettingsAct):
    word, heading, danger = _("Delete"), _("Delete the export"), True
    text = _("The archive can no longer be downloaded. You can start a new export.")

    def __init__(self, *args: Any, export: Export, **options: Any) -> None:
        self.export = export
        super().__init__(*args, **options)

    def run(self, actor: Actor) -> str:
        if not export_delete(tenant_id=self.work.tenant_id, export_id=self.export.id, actor=actor):
            raise not_found()
        return gettext("The export was deleted.")


class CloseTenant(SettingsAct):
    word, danger = _("Close tenant"), True

    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, help_text=_("Shown to everybody whose request is refused.")
    )

    def __init__(self, *args: Any, name: str, **options: Any) -> None:
        self.typed = name
        super().__init__(*args, **options)
        self.text = gettext(
            "From now on all keys are refused, and nothing new is generated; queued jobs still run. You can export "
            "everything, and an owner can keep the tenant until the erasure begins."
        )

    @property
    def title(self) -> str:
        return gettext("Close %s") % self.typed

    def run(self, actor: Actor) -> str:
        tenant_close(tenant_id=self.work.tenant_id, reason=self.cleaned_data["reason"], actor=actor)
        return gettext("%s is closing. Export what you need.") % self.typed


class KeepTenant(SettingsAct):
    word, heading = _("Keep the tenant"), _("Keep the tenant after all")
    text = _("Keys work again, and new jobs are taken. An erasure that was planned is called off.")

    def run(self, actor: Actor) -> str:
        closing_cancel(tenant_id=self.work.tenant_id, actor=actor)
        return gettext("%s stays.") % self.work.membership.name
