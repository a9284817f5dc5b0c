"""The web process: `python -m cavendish.up.serve cavendish.asgi:application`. Django and the layer in front."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import warnings

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
# Fills the app registry, so it comes before everything that imports models.
django.setup(set_prefix=False)

from django.contrib.staticfiles.finders import get_finders  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from accounts.authentication.admission import admission_of  # noqa: E402
from cavendish.boot.declared import Process  # noqa: E402
from cavendish.boot.startup import refuse_unsafe  # noqa: E402
from cavendish.db.pool import open_pool  # noqa: E402
from cavendish.events.timeline import timeline_warn  # noqa: E402
from cavendish.http.threaded import ThreadedHandler  # noqa: E402
from cavendish.storage.startup import refuse_unusable_store  # noqa: E402
from cavendish.telemetry.logs import RedactingFilter  # noqa: E402
from cavendish.telemetry.tracing import tracing_start  # noqa: E402
from cavendish.wait import Options, WaitLayer  # noqa: E402
from cavendish.wait.bodies import BudgetLimits  # noqa: E402
from cavendish.wait.database import Database  # noqa: E402
from cavendish.wait.intake import Pace  # noqa: E402
from cavendish.wait.judgement import BodyBytes, Judge  # noqa: E402
from cavendish.wait.layer import people_slots  # noqa: E402
from cavendish.wait.lifespan import Leaving  # noqa: E402
from cavendish.wait.open_requests import OpenLimits  # noqa: E402

refuse_unsafe(Process.WEB)
tracing_start("web")
refuse_unusable_store()
# Not on the event loop, which imports this.
threading.Thread(target=timeline_warn, kwargs={"using": "operator"}, daemon=True).start()

# uvicorn's own lines, should somebody switch its access log on: an address may carry a key.
for _name in ("uvicorn.access", "uvicorn.error"):
    logging.getLogger(_name).addFilter(RedactingFilter())

# Where static files have not been collected they are found in the packages.
warnings.filterwarnings("ignore", message="No directory at")

# Django keeps request bodies in the system's temporary folder, which often lies in memory: an upload may have 2 GB.
_incoming = settings.SPOOL_DIR / "incoming"
_incoming.mkdir(parents=True, exist_ok=True)
tempfile.tempdir = str(_incoming)


def _static_paths() -> set[str]:
    """The addresses of all static files."""
    files = (name for finder in get_finders() for name, _ in finder.list([]))
    return {f"/{settings.STATIC_URL.strip('/')}/{name}" for name in files}


# Loads all views now, not while the first client waits.
_ = get_resolver().url_patterns

application = WaitLayer(
    ThreadedHandler(
        threads=settings.DJANGO_SLOTS
        + people_slots(settings.DJANGO_SLOTS)
        + settings.RENDER_SLOTS
        + settings.FETCHING_REQUESTS
        + settings.DERIVING_REQUESTS
    ),
    valkey_url=settings.VALKEY_URL,
    source=Database(lambda: open_pool("default", max_size=4)),
    rules=Judge(
        BodyBytes(request=settings.MAX_BODY_BYTES, file=settings.MAX_FILE_BYTES),
        admission_of=admission_of,
        static=None if settings.DEBUG else _static_paths(),
    ),
    options=Options(
        max_wait_seconds=settings.MAX_WAIT_SECONDS,
        django_slots=settings.DJANGO_SLOTS,
        render_slots=settings.RENDER_SLOTS,
        keep_documents=not settings.DEBUG,
        leaving=Leaving(unready=settings.UNREADY_SECONDS, drain=settings.CONFIG.number("DRAIN_SECONDS")),
        pace=Pace(least_rate=settings.BODY_LEAST_RATE, seconds=settings.BODY_SECONDS),
        bodies=BudgetLimits(
            spool=settings.SPOOL_DIR,
            total=settings.BODIES_BYTES,
            per_tenant=settings.BODIES_BYTES_PER_TENANT,
            keep_free=settings.SPOOL_KEEP_FREE_BYTES,
        ),
        open_requests=OpenLimits(
            total=settings.MAX_OPEN_REQUESTS,
            per_tenant=settings.MAX_OPEN_REQUESTS_PER_TENANT,
            per_key=settings.MAX_OPEN_REQUESTS_PER_KEY,
            per_address=settings.MAX_OPEN_REQUESTS_PER_ADDRESS,
        ),
    ),
)
