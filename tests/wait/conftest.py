from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest

from cavendish.db.pool import conninfo, open_pool
from cavendish.wait import Options, WaitLayer
from cavendish.wait.bodies import BudgetLimits
from cavendish.wait.database import Database
from cavendish.wait.judgement import BodyBytes
from tests.wait.django_like import Inner, LengthRules
from tests.wait.servers import OwnValkey, Rows, serving, until_subscribed

OPTIONS = Options(bodies=BudgetLimits(spool=Path("/tmp"), keep_free=0), max_wait_seconds=30)
RULES = LengthRules(BodyBytes(request=1_000_000, file=3_000_000))


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[OwnValkey]:
    server = OwnValkey(tmp_path)
    await server.start()
    yield server
    server.kill()


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def source() -> Database:
    return Database(lambda: open_pool("default", max_size=4))


@pytest.fixture
def layer(inner: Inner, valkey: OwnValkey, source: Database) -> WaitLayer:
    return WaitLayer(inner, valkey_url=valkey.url, source=source, rules=RULES, options=OPTIONS)


@pytest.fixture
async def rows(django_db_setup: None) -> AsyncIterator[Rows]:
    async with await psycopg.AsyncConnection.connect(conninfo("operator"), autocommit=True) as connection:
        made = Rows(connection)
        await made.make_tenant()
        yield made
        await made.remove()


@pytest.fixture
async def client(layer: WaitLayer) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(layer) as url, httpx.AsyncClient(base_url=url, timeout=20) as http:
        await until_subscribed(layer.hub)
        yield http
