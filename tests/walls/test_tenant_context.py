"""The outer wall, in the code: a tenant's rows exist only in its context."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from psycopg_pool import ConnectionPool

from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from cavendish.db.tenancy import TenantContextError, TenantManager, current_tenant, tenant_context
from generations.models import Generation
from tests.walls.catalog import tenant_tables
from tests.walls.conftest import Filled

Pair = tuple[Filled, Filled]


def tenant_models() -> list[type[models.Model]]:
    ours = set(tenant_tables())
    return [model for model in apps.get_models() if model._meta.db_table in ours]


def test_every_tenant_table_has_a_model_whose_managers_refuse_outside_of_a_context(pair: Pair) -> None:
    found = tenant_models()
    assert {model._meta.db_table for model in found} == set(tenant_tables())
    for model in found:
        assert isinstance(model._default_manager, TenantManager), model
        assert isinstance(model._base_manager, TenantManager), model
        for manager in model._meta.managers:
            with pytest.raises(TenantContextError, match=f"{model.__name__} was queried without a tenant"):
                manager.count()


def test_a_relation_cannot_be_followed_outside_of_a_context(pair: Pair) -> None:
    own, _ = pair
    with tenant_context(own.id):
        generation = Generation.objects.get(id=own.ended)
    for name in ("tenant", "content"):
        with pytest.raises(TenantContextError):
            getattr(generation, name)
    with pytest.raises(TenantContextError):
        generation.outputs.count()


def test_a_query_made_in_one_context_gives_nothing_in_another(pair: Pair) -> None:
    own, foreign = pair
    with tenant_context(own.id):
        lazy = Generation.objects.filter(tenant_id=own.id)
    with tenant_context(foreign.id):
        assert list(lazy) == []
    assert list(lazy.all()) == []  # and nothing without one: the database's wall


def test_a_forgotten_filter_shows_the_tenants_own_rows_only(pair: Pair) -> None:
    own, foreign = pair
    for here, there in ((own, foreign), (foreign, own)):
        with tenant_context(here.id):
            for model in tenant_models():
                tenants = {getattr(row, "tenant_id", row.pk) for row in model._default_manager.all()}
                assert tenants == {here.id}, model
            assert not Generation.objects.filter(id=there.ended).exists()
            assert Generation.objects.filter(id=there.ended).update(status="queued") == 0


def test_contexts_do_not_nest(pair: Pair) -> None:
    own, foreign = pair
    with tenant_context(own.id):
        for other in (own, foreign):
            with pytest.raises(TenantContextError, match="do not nest"), tenant_context(other.id):
                pass
        assert current_tenant() == own.id
        assert Generation.objects.filter(id=own.ended).exists()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), tenant_context(own.id):
        pass
    assert current_tenant() is None


def test_an_error_inside_closes_the_context_and_undoes_what_was_written(pair: Pair) -> None:
    own, _ = pair

    def fail() -> None:
        with tenant_context(own.id):
            Generation.objects.filter(id=own.ended).update(metadata={"a": "b"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert current_tenant() is None
    with tenant_context(own.id):
        assert Generation.objects.get(id=own.ended).metadata == {"team": "red"}


def test_a_context_is_its_threads_own(pair: Pair) -> None:
    own, _ = pair
    seen: list[object] = []
    with tenant_context(own.id):
        thread = threading.Thread(target=lambda: seen.append(current_tenant()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_a_pooled_connection_carries_nothing_over(pair: Pair) -> None:
    own, foreign = pair
    query = "SELECT count(*) FROM generations_generation"
    with ConnectionPool(conninfo("default"), min_size=1, max_size=1) as pool:
        with pool.connection() as served:
            pid = served.info.backend_pid
            served.execute("SELECT set_config('app.tenant_id', %s, true)", [str(own.id)])
            assert served.execute(query).fetchone() == (2,)
        for tenant, expected in ((None, 0), (foreign.id, 2), (None, 0)):
            with pool.connection() as next_one:
                assert next_one.info.backend_pid == pid
                if tenant:
                    next_one.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
                assert next_one.execute(query).fetchone() == (expected,)


def _backend_and_tenant() -> tuple[int, str | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('app.tenant_id', true)")
        row = cursor.fetchone()
    assert row is not None
    return row[0], row[1]


def test_djangos_own_connection_forgets_the_tenant_with_the_transaction(pair: Pair) -> None:
    own, _ = pair
    with tenant_context(own.id):
        pid, inside = _backend_and_tenant()
    assert inside is not None
    assert UUID(inside) == own.id
    again, outside = _backend_and_tenant()
    assert (again, outside or None) == (pid, None)


def test_the_operator_sees_all_without_a_context(pair: Pair) -> None:
    own, foreign = pair
    with acting_as("operator"):
        assert Generation.objects.filter(id__in=[own.ended, foreign.ended]).count() == 2
    with pytest.raises(TenantContextError):
        Generation.objects.count()
