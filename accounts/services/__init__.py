"""Writes of accounts."""

from __future__ import annotations

from accounts.services.api_keys import api_key_create
from accounts.services.operator_keys import operator_key_create, operator_key_revoke
from accounts.services.people import membership_create, user_create
from accounts.services.tenants import tenant_create

__all__ = [
    "api_key_create",
    "membership_create",
    "operator_key_create",
    "operator_key_revoke",
    "tenant_create",
    "user_create",
]
