"""From a form to accepted generations: what the API does for a key, with its limits and its rule against doubles."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from accounts.idempotency.keyed_request import keyed_begin, keyed_request_current
from accounts.limits import current_reservation
from cavendish.above.console.workplace import Workplace
from generations.accept.funnel import generation_accept

MAX_ONCE = 40


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
    keyed = keyed_begin(owner=who, key=f"console-{once}-{digest.hexdigest()[:24]}", digest=digest.digest())
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
