from __future__ import annotations

from accounts.models.key import ApiKey, Scope
from accounts.models.person import Membership, Role, User, UserManager
from accounts.models.tenant import Tenant, TenantStatus

__all__ = ["ApiKey", "Membership", "Role", "Scope", "Tenant", "TenantStatus", "User", "UserManager"]
