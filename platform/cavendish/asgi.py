"""The web process: `uvicorn cavendish.asgi:application`. Django behind the layer that waits in its place."""

from __future__ import annotations

import logging
import os
import tempfile

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
# Fills the app registry, so it comes before everything that imports models.
django.setup(set_prefix=False)

from cavendish.boot.startup import refuse_unsafe  # noqa: E402
from cavendish.db.pool import open_pool  # noqa: E402
from cavendish.http.threaded import ThreadedHandler  # noqa: E402
from cavendish.telemetry.logs import RedactingFilter  # noqa: E402
from cavendish.wait import Options, WaitLayer  # noqa: E402
from cavendish.wait.database import Database  # noqa: E402

refuse_unsafe()

# uvicorn's own lines, should somebody switch its access log on: an address may carry a key.
for _name in ("uvicorn.access", "uvicorn.error"):
    logging.getLogger(_name).addFilter(RedactingFilter())

# Django keeps request bodies in the system's temporary folder, which often lies in memory: an upload may have 2 GB.
_incoming = settings.SPOOL_DIR / "incoming"
_incoming.mkdir(parents=True, exist_ok=True)
tempfile.tempdir = str(_incoming)

application = WaitLayer(
    ThreadedHandler(threads=settings.DJANGO_SLOTS + settings.RENDER_SLOTS),
    valkey_url=settings.VALKEY_URL,
    source=Database(lambda: open_pool("default", max_size=4)),
    options=Options(
        max_body_bytes=settings.MAX_BODY_BYTES,
        max_file_bytes=settings.MAX_FILE_BYTES,
        max_wait_seconds=settings.MAX_WAIT_SECONDS,
        django_slots=settings.DJANGO_SLOTS,
        render_slots=settings.RENDER_SLOTS,
    ),
)
