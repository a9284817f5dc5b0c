from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.authentication.admission import admission_of
from cavendish.db.pool import open_pool
from cavendish.http.threaded import ThreadedHandler
from cavendish.wait import Options, WaitLayer
from cavendish.wait.bodies import BudgetLimits
from cavendish.wait.database import Database
from cavendish.wait.judgement import BodyBytes, Judge
from tests.door.raw import serving

MB = 1024 * 1024
Door = Callable[..., AbstractAsyncContextManager[tuple[int, WaitLayer]]]


@pytest.fixture
def door(django_db_setup: None, tmp_path: Path) -> Door:
    """The layer before our Django, under a server with our bounds: `async with door() as (port, layer)`.

    Keywords are fields of Options; `request` and `file` the limits of bodies.
    """

    @asynccontextmanager
    async def opened(
        *, request: int = 4 * MB, file: int = 8 * MB, threads: int = 8, **options: Any
    ) -> AsyncIterator[tuple[int, WaitLayer]]:
        given = replace(Options(bodies=BudgetLimits(spool=tmp_path, keep_free=0), django_slots=threads), **options)
        layer = WaitLayer(
            ThreadedHandler(threads=threads + settings.FETCHING_REQUESTS),
            valkey_url=settings.VALKEY_URL,
            source=Database(lambda: open_pool("default", max_size=2)),
            rules=Judge(
                BodyBytes(request=request, file=file),
                admission_of=admission_of,
                static={"/static/console/console.css", "/static/ui/icon.svg", "/static/ui/ui.css"},
            ),
            options=given,
        )
        async with serving(layer, lifespan="on") as port:
            yield port, layer

    return opened
