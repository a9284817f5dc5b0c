"""Writes of people."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.models import User
from cavendish.db.router import current_alias


def user_create(*, email: str, password: str, name: str = "", operator: bool = False) -> User:
    """A person whose address counts as verified: an operator gives it. Who signs up proves it (accounts.people)."""
    with transaction.atomic(using=current_alias()):
        manager = User.objects.db_manager(current_alias())
        create = manager.create_superuser if operator else manager.create_user
        user = create(email, password, name=name)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
