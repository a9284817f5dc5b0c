"""`manage.py listen --forward-to URL`: a tenant's events, forwarded to a developer's own machine.

It speaks to a platform over the API alone, so it needs no database and works from anywhere:
    CAVENDISH_API_KEY=cvd_test_… manage.py listen --api https://… --forward-to http://127.0.0.1:3000/hooks
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.webhooks import signing

KEY = "CAVENDISH_API_KEY"
POLL_SECONDS = 1.0
TIMEOUT = 15.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Command(BaseCommand):
    help = f"Forwards what a tenant's webhook endpoint received to a loopback URL, signed anew. The key is in {KEY}."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forward-to", required=True, metavar="URL", help="on this machine")
        parser.add_argument("--endpoint", required=True, metavar="ID", help="whose events are forwarded: whe_…")
        parser.add_argument("--api", default=settings.BASE_URL, metavar="URL", help="defaults to BASE_URL")
        parser.add_argument("--secret", default="", help="signs what is forwarded; a new one is printed otherwise")
        parser.add_argument("--count", type=int, default=0, help="ends after so many events")

    def handle(self, *args: Any, **options: Any) -> None:
        url = options["forward_to"]
        if urlsplit(url).hostname not in LOOPBACK:
            raise CommandError("--forward-to takes a URL on this machine, such as http://127.0.0.1:3000/hooks.")
        key = os.environ.get(KEY)
        if not key:
            raise CommandError(f"Set {KEY} to a key with the scope webhooks.")
        secret = options["secret"] or signing.secret_new()
        self.stdout.write(f"Forwarding to {url}, signed with {secret}")
        headers = {"Authorization": f"Bearer {key}"}
        path = f"/api/v1/webhook-endpoints/{options['endpoint']}/deliveries"
        with (
            httpx.Client(base_url=options["api"], headers=headers, timeout=TIMEOUT) as api,
            httpx.Client(timeout=TIMEOUT, trust_env=False) as receiver,
        ):
            for number, delivery in enumerate(_new_deliveries(api, path), 1):
                self.stdout.write(_forward(receiver, url, secret, delivery))
                if number == options["count"]:
                    return


def _new_deliveries(api: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """Yields deliveries that come after the call, with their bodies, in their order."""
    known = {row["id"] for row in _get(api, f"{path}?limit=100")["data"]}
    while True:
        rows = [row for row in _get(api, f"{path}?limit=100")["data"] if row["id"] not in known]
        for row in reversed(rows):
            delivery = _get(api, f"{path}/{row['id']}")
            # The body is written with the first attempt.
            if delivery["request_body"] is not None:
                known.add(row["id"])
                yield delivery
        time.sleep(POLL_SECONDS)


def _get(api: httpx.Client, path: str) -> dict[str, Any]:
    try:
        answer = api.get(path)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise CommandError(f"The platform answered {error.response.status_code}: {error.response.text[:300]}") from None
    except httpx.HTTPError as error:
        raise CommandError(f"The platform cannot be reached: {error}") from None
    body: dict[str, Any] = answer.json()
    return body


def _forward(receiver: httpx.Client, url: str, secret: str, delivery: dict[str, Any]) -> str:
    """Returns a line on what became of it. A receiver that is down is said and passed over."""
    body = delivery["request_body"].encode()
    message_id = delivery["event_id"]
    headers = signing.headers_sign(message_id=message_id, at=datetime.now(UTC), body=body, keys=[secret])
    try:
        status = str(
            receiver.post(url, content=body, headers={"Content-Type": "application/json", **headers}).status_code
        )
    except httpx.HTTPError as error:
        status = type(error).__name__
    return f"{delivery['event_type']} {message_id} → {status}"
