from __future__ import annotations

from accounts.models.audit import AuditEvent
from accounts.models.key import ApiKey, Scope
from accounts.models.operator_key import OperatorKey
from accounts.models.person import Membership, Role, User, UserManager
from accounts.models.tenant import Tenant, TenantStatus

__all__ = [
    "ApiKey",
    "AuditEvent",
    "Membership",
    "OperatorKey",
    "Role",
    "Scope",
    "Tenant",
    "TenantStatus",
    "User",
    "UserManager",
]
