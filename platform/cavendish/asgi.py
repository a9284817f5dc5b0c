"""The web process: `uvicorn cavendish.asgi:application`. Django behind the layer that waits in its place."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
# Fills the app registry, so it comes before everything that imports models.
_django: Any = get_asgi_application()

from cavendish.db.pool import open_pool  # noqa: E402
from cavendish.wait import Options, WaitLayer  # noqa: E402
from cavendish.wait.database import Database  # noqa: E402

application = WaitLayer(
    _django,
    valkey_url=settings.VALKEY_URL,
    source=Database(lambda: open_pool("default", max_size=4)),
    options=Options(
        max_body_bytes=settings.MAX_BODY_BYTES,
        max_file_bytes=settings.MAX_FILE_BYTES,
        max_wait_seconds=getattr(settings, "MAX_WAIT_SECONDS", 600),
        django_slots=getattr(settings, "DJANGO_SLOTS", 64),
        render_slots=getattr(settings, "RENDER_SLOTS", 16),
    ),
)
