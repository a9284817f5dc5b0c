from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now

from accounts.models.tenant import Tenant
from cavendish.db.ids import new_id
from cavendish.db.router import current_alias
from cavendish.db.tenancy import TenantModel


class OperatorRole(models.TextChoices):
    """What an operator is there for; accounts/roles/operators.py has what each may do."""

    FULL = "full", "Full"
    SUPPORT = "support", "Support"
    FINANCE = "finance", "Finance"
    READ_ONLY = "read_only", "Read-only"


class UserManager(BaseUserManager["User"]):
    """Creates people. The email identifies them and is compared without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_operator(self, email: str, password: str | None, *, role: OperatorRole, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, operator_role=role, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


# The columns that a person's own pages may change; the app's role is granted no others (migrations 0006 and 0023).
PERSONAL = ("email", "name", "password", "last_login", "language")


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Operators are staff and have a role; everybody else acts through memberships.

    `is_superuser` is Django's and decides nothing here.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May enter the admin: an operator.")
    operator_role = models.CharField(
        max_length=16, choices=OperatorRole, blank=True, default="", db_default="", help_text="Empty for others."
    )
    language = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="Of pages and mails; empty: the browser's."
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        constraints = (
            models.UniqueConstraint(Lower("email"), name="user_email_lower"),
            # Whoever may not make somebody staff gives nobody a role either.
            models.CheckConstraint(
                condition=models.Q(operator_role="") | models.Q(is_staff=True), name="user_role_of_staff"
            ),
        )

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves all columns, or only PERSONAL as the app's role, since django-allauth saves without `update_fields`."""
        if not self._state.adding and kwargs.get("update_fields") is None and current_alias() == "default":
            kwargs["update_fields"] = PERSONAL
        super().save(*args, **kwargs)


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    DEVELOPER = "developer", "Developer"
    BILLING = "billing", "Billing"
    VIEWER = "viewer", "Viewer"


class Membership(TenantModel):
    """A person's role in a tenant; one person may belong to several."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "user"], name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.tenant_id}: {self.role}"
