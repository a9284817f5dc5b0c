"""Set, change and remove a tenant's budgets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from accounts.roles.operators import OperatorPermission
from billing.models import Budget
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.ui.budgets import acts
from cavendish.above.ui.labels import period


class SetBudget(TenantAct, acts.NewBudget):
    permission = OperatorPermission.MONEY
    word, heading = _("Set budget"), _("Set a budget for %s")

    mode = forms.ChoiceField(label=_("Mode"), choices=[("live", _("Live")), ("test", _("Test"))], initial="live")

    def __init__(self, *args: Any, tenant: Tenant, **options: Any) -> None:
        super().__init__(*args, tenant=tenant, tenant_id=tenant.id, **options)


class OneBudget(TenantAct, acts.OneBudget):
    """An act on a budget that there is."""

    permission = OperatorPermission.MONEY

    def __init__(self, *args: Any, tenant: Tenant, item: Budget, **options: Any) -> None:
        super().__init__(*args, tenant=tenant, tenant_id=tenant.id, budget=item, **options)

    @property
    def title(self) -> str:
        named = period(str(self.budget.get_period_display()))
        return str(self.heading).replace("%p", named).replace("%s", self.tenant.name)


class ChangeBudget(OneBudget, acts.ChangeBudget):
    word, heading = _("Change budget"), _("Change a budget of %s: %p")


class RemoveBudget(OneBudget, acts.DeleteBudget):
    word, heading = _("Remove budget"), _("Remove a budget of %s: %p")
