"""The one way to tenants' rows: a context that sets the tenant.

`with tenant_context(tenant_id):` opens a transaction and sets the tenant that PostgreSQL's row-level security compares
with. Without it the managers of tenant models raise, and the database shows nothing. The setting ends with the
transaction, so a pooled connection carries nothing over to the next tenant. A statement that every job runs alone may
name the tenant itself, in one message (`cavendish.db.prepared.run_as`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models, transaction
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn

from cavendish.db.prepared import check
from cavendish.db.router import current_alias

_current: ContextVar[UUID | None] = ContextVar("tenant", default=None)

M = TypeVar("M", bound=models.Model)


class TenantContextError(RuntimeError):
    """A tenant's rows were queried outside of a tenant's context, or a context was opened inside another."""


def current_tenant() -> UUID | None:
    return _current.get()


def needs_context() -> bool:
    """Returns whether a context has to be opened to read tenants' rows; the operator's connection sees all."""
    return _current.get() is None and current_alias() == "default"


@contextmanager
def tenant_context(tenant_id: UUID) -> Iterator[None]:
    """One transaction in which the rows of `tenant_id`, and no others, exist.

    Raises TenantContextError inside another one: a nested one would leave the outer block with the wrong tenant.
    """
    if _current.get() is not None:
        raise TenantContextError("A tenant's context is open already; contexts do not nest.")
    with transaction.atomic(durable=True):
        token = _current.set(tenant_id)
        try:
            _enter(tenant_id)
            yield
        finally:
            _current.reset(token)


def _enter(tenant_id: UUID) -> None:
    """Begins the transaction and names the tenant, with one message: by itself psycopg sends BEGIN with another one."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        server: PGconn = connection.connection.pgconn
        begin = "BEGIN; " if server.transaction_status == TransactionStatus.IDLE else ""
        check(server.exec_(f"{begin}SET LOCAL app.tenant_id = '{tenant_id.hex}'".encode()))


@contextmanager
def tenant_work(tenant_id: UUID) -> Iterator[None]:
    """The tenant's context, or a transaction of the operator's: for services that tenants and operators call alike."""
    if current_alias() == "default":
        with tenant_context(tenant_id):
            yield
    else:
        with transaction.atomic(using=current_alias()):
            yield


class TenantManager(models.Manager[M]):
    """Refuses to build a query outside of a tenant's context, where it needs one."""

    def get_queryset(self) -> models.QuerySet[M]:
        if needs_context():
            raise TenantContextError(
                f"{self.model.__name__} was queried without a tenant; open tenant_context() first."
            )
        return super().get_queryset()


class TenantModel(models.Model):
    """A row that belongs to a tenant. Migrations put it under row-level security (see cavendish.db.rls)."""

    objects: Any = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
