"""The models of accounts."""

from __future__ import annotations

from accounts.models.audit import AuditEvent
from accounts.models.idempotency import IdempotencyKey
from accounts.models.invitation import Invitation
from accounts.models.key import ApiKey, Scope
from accounts.models.note import TenantNote
from accounts.models.operator_key import OperatorKey
from accounts.models.person import Membership, OperatorRole, Role, User, UserManager
from accounts.models.tenant import SandboxDay, StorageUse, Tenant, TenantStatus
from accounts.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret

__all__ = [
    "ApiKey",
    "AuditEvent",
    "IdempotencyKey",
    "Invitation",
    "Membership",
    "OperatorKey",
    "OperatorRole",
    "Role",
    "SandboxDay",
    "Scope",
    "StorageUse",
    "Tenant",
    "TenantNote",
    "TenantStatus",
    "User",
    "UserManager",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookSecret",
]
