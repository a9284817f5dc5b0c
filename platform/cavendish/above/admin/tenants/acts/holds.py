"""Keep a tenant's things from being deleted."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.operators import OperatorPermission
from cavendish.above.admin.storage.acts import HoldFields
from cavendish.above.admin.tenants.acts.base import TenantAct


class SetHold(HoldFields, TenantAct):
    heading = _("Set a legal hold on %s")
    permission = OperatorPermission.ERASE

    def run(self, actor: Actor) -> str:
        return self.hold(self.tenant, actor)
