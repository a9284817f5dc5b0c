"""Writes of people and of whom they belong to."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Membership, Role, Tenant, User
from cavendish.db.router import current_alias


def user_create(*, email: str, password: str, name: str = "", operator: bool = False) -> User:
    with transaction.atomic(using=current_alias()):
        manager = User.objects.db_manager(current_alias())
        if operator:
            return manager.create_superuser(email, password, name=name)
        return manager.create_user(email, password, name=name)


def membership_create(*, tenant: Tenant, user: User, role: Role) -> Membership:
    with transaction.atomic(using=current_alias()):
        membership: Membership = Membership.objects.create(tenant=tenant, user=user, role=role)
        return membership
