"""An act on one tenant."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise

from accounts.models import Tenant
from accounts.roles.operators import OperatorPermission
from cavendish.above.ui.acts import Act


class TenantAct(Act):
    """`heading` has the tenant's name as `%s`; `permission` is what the operator's role must have."""

    permission: ClassVar[OperatorPermission]
    heading: ClassVar[str | Promise] = ""

    def __init__(self, *args: Any, tenant: Tenant, **options: Any) -> None:
        self.tenant = tenant
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", self.tenant.name)
