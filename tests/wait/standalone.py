"""The layer over a real Django with the views of `urls.py`, for tests that need a process of its own:
`uvicorn tests.wait.standalone:application`. VALKEY_URL may be empty; PostgreSQL is never asked.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application

settings.ROOT_URLCONF = "tests.wait.urls"
_django: Any = get_asgi_application()

from cavendish.wait import Options, WaitLayer  # noqa: E402
from cavendish.wait.bodies import BudgetLimits  # noqa: E402
from cavendish.wait.database import Event  # noqa: E402
from cavendish.wait.judgement import BodyBytes  # noqa: E402
from tests.wait.django_like import LengthRules  # noqa: E402


class Silent:
    """Knows of nothing, so that only messages wake."""

    async def ended(self, ids: Sequence[UUID]) -> set[UUID]:
        return set()

    async def events(self, *, tenant: UUID, generation: UUID | None, after: str, limit: int) -> list[Event]:
        return []

    async def close(self) -> None:
        return None


application = WaitLayer(
    _django,
    valkey_url=os.environ.get("VALKEY_URL", ""),
    source=Silent(),
    rules=LengthRules(BodyBytes(request=1_000_000, file=1_000_000)),
    options=Options(bodies=BudgetLimits(spool=settings.DATA_DIR, keep_free=0)),
)
