"""Authentication and limits from inside a process: `python -m tests.bench.inside <limited key> <other key>`.

It runs against the platform whose data directory is in the environment, and prints JSON: microseconds for a request
with a known key, with limits and without any, and for reading a key from PostgreSQL; words with Valkey and queries for
a request with a known key.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
django.setup()

from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.request import Request

from accounts.authentication import principal, tokens
from accounts.authentication.drf import ApiKeyAuthentication
from accounts.limits import reservation_for_request
from accounts.models import Tenant
from cavendish.db.router import acting_as
from cavendish.messaging import valkey

ROUNDS, CALLS = 15, 60
SETTLE_SECONDS = 1.2


def request_with(secret: str) -> Request:
    return Request(RequestFactory().get("/", headers={"Authorization": f"Bearer {secret}"}))


def authenticate(request: Request) -> None:
    with reservation_for_request() as slip:
        ApiKeyAuthentication().authenticate(request)
        slip.close(refused=False)


def microseconds(work: Callable[[Request], None], request: Request) -> float:
    """The median of a round's calls."""
    spent = []
    for _ in range(CALLS):
        began = time.perf_counter()
        work(request)
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1e6


def read(request: Request) -> None:
    secret = ApiKeyAuthentication().secret_of(request)
    principal._read(tokens.describe(secret))


def evaluations() -> int:
    client = valkey.client()
    assert client is not None
    found = client.info("commandstats")
    return int(found.get("cmdstat_evalsha", {}).get("calls", 0))


def main() -> None:
    limited, unlimited = sys.argv[1:]
    other = principal.principal_of(unlimited)
    assert other is not None
    with acting_as("operator"):
        tenant = Tenant.objects.filter(id=other.tenant_id)
        before = tenant.values("requests_per_minute", "images_per_minute").get()
        tenant.update(requests_per_minute=0, images_per_minute=0)
    try:
        # Until the watch covers both keys, the changed one included.
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            for secret in (limited, unlimited):
                authenticate(request_with(secret))
            time.sleep(0.05)
        works: dict[str, tuple[Callable[[Request], None], Request]] = {
            "limited": (authenticate, request_with(limited)),
            "unlimited": (authenticate, request_with(unlimited)),
            "read": (read, request_with(unlimited)),
        }
        rounds: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, (work, request) in works.items():
                rounds[name].append(microseconds(work, request))
        words = evaluations()
        with CaptureQueriesContext(connection) as queries:
            for _ in range(CALLS):
                authenticate(request_with(limited))
        told = {name: statistics.median(values) for name, values in rounds.items()}
        told |= {"words": (evaluations() - words) / CALLS, "queries": len(queries) / CALLS}
        sys.stdout.write(json.dumps(told) + "\n")
    finally:
        with acting_as("operator"):
            tenant.update(**before)


if __name__ == "__main__":
    main()
