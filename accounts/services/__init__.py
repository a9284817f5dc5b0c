"""Writes of accounts."""

from __future__ import annotations

from accounts.services.api_keys import api_key_create, api_key_revoke, api_key_rotate, api_key_update
from accounts.services.invitations import (
    invitation_accept,
    invitation_create,
    invitation_resend,
    invitation_revoke,
)
from accounts.services.members import membership_create, membership_remove, membership_role_change
from accounts.services.operator_keys import operator_key_create, operator_key_revoke
from accounts.services.people import user_create
from accounts.services.policy import policy_accept
from accounts.services.tenants import (
    tenant_close,
    tenant_create,
    tenant_reactivate,
    tenant_sign_up,
    tenant_suspend,
    tenant_update,
    time_zones_turn,
)

__all__ = [
    "api_key_create",
    "api_key_revoke",
    "api_key_rotate",
    "api_key_update",
    "invitation_accept",
    "invitation_create",
    "invitation_resend",
    "invitation_revoke",
    "membership_create",
    "membership_remove",
    "membership_role_change",
    "operator_key_create",
    "operator_key_revoke",
    "policy_accept",
    "tenant_close",
    "tenant_create",
    "tenant_reactivate",
    "tenant_sign_up",
    "tenant_suspend",
    "tenant_update",
    "time_zones_turn",
    "user_create",
]
