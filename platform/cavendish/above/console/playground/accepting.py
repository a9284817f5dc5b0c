"""From a form to accepted generations: what the API does for a key, with its limits and its rule against doubles."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from accounts.authentication.principal import Principal
from accounts.idempotency.errors import KeyInProgress
from accounts.idempotency.keyed_request import KeyedRequest, keyed_begin, keyed_request_current
from accounts.limits import current_reservation
from cavendish.above.console.workplace import Workplace
from generations.accept.funnel import generation_accept

MAX_ONCE = 40
MAX_WAIT_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.1


def accept(request: HttpRequest, work: Workplace, body: Mapping[str, Any]) -> list[UUID]:
    """Returns the generations that a body made: several where it asks for variants.

    The form's `once` makes a double click, or a page that is sent again, one request; a changed form is another one.
    Raises Problem, and then nothing was made.
    """
    who = work.principal
    current_reservation().open(who.limits, pictures=True)
    document = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    once = request.POST.get("once", "")[:MAX_ONCE]
    if not once:
        return generation_accept(who=who, body=io.BytesIO(document), dialect="native").ids
    digest = hashlib.sha256(document)
    keyed = _begun(who, f"console-{once}-{digest.hexdigest()[:24]}", digest.digest())
    if keyed.is_replay:
        return [UUID(one) for one in keyed.created_ids]
    try:
        with keyed_request_current(keyed):
            accepted = generation_accept(who=who, body=io.BytesIO(document), dialect="native")
    except BaseException:
        keyed.forget()
        raise
    if not keyed.is_done:
        keyed.end()
    return accepted.ids


def _begun(who: Principal, key: str, digest: bytes) -> KeyedRequest:
    """Takes the key. Of a double click a browser shows the second answer, so that one waits for the first to be done.

    Raises KeyInProgress where that takes too long.
    """
    last = time.monotonic() + MAX_WAIT_SECONDS
    while True:
        try:
            return keyed_begin(owner=who, key=key, digest=digest)
        except KeyInProgress:
            if time.monotonic() > last:
                raise
            time.sleep(LOOK_AGAIN_SECONDS)
