"""Signed addresses of stored bytes and of the page that shows them.

The signature is the last query parameter and covers the path and all the others. Beside it, `OPTIONS` may be added to
an address that was signed without them: whoever may have a picture may have it smaller, and not the other way round.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare

from cavendish.db import ids

_SALT = "cavendish.signed-url"
# Expiry times are rounded up, so that the same object has the same URL for a while and caches can work.
_ROUND = 300
MAX_SECONDS = 7 * 86_400
"""The longest lifetime that a request can choose (`url_expires_in`)."""
OPTIONS = frozenset({"format", "width"})


def url_sign(
    path: str, *, seconds: int | None = None, options: Mapping[str, object] | None = None
) -> tuple[str, datetime]:
    """Returns an absolute URL for `path` and when it expires: in `seconds` exactly, else in SIGNED_URL_SECONDS or a
    little later. `options` are parameters that it is signed with."""
    if seconds is None:
        expires = (int(time.time()) + settings.SIGNED_URL_SECONDS + _ROUND - 1) // _ROUND * _ROUND
    else:
        expires = int(time.time()) + seconds
    query = urlencode({**(options or {}), "expires": expires})
    url = f"{settings.BASE_URL}{path}?{query}&signature={_signature(path, query)}"
    return url, datetime.fromtimestamp(expires, tz=UTC)


def url_verify(path: str, query_string: str) -> bool:
    """Whether the query ends in a valid signature over everything before it, and has not expired."""
    return url_expiry(path, query_string) is not None


def url_expiry(path: str, query_string: str, *, added: Collection[str] = ()) -> int | None:
    """Returns when a validly signed query expires, in seconds since 1970; None for one that is not, or has expired.

    Parameters whose names are in `added` may stand in it without being signed.
    """
    query, separator, signature = query_string.rpartition("&signature=")
    if not separator or not constant_time_compare(signature, _signature(path, query)):
        signed = [pair for pair in query_string.split("&") if pair.partition("=")[0] not in added]
        return url_expiry(path, "&".join(signed)) if added else None
    expires = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair).get("expires", "")
    return int(expires) if expires.isdecimal() and int(expires) > time.time() else None


def share_sign(path: str, share_link_id: UUID) -> str:
    """Returns an absolute URL for `path` that is good for as long as the share link is."""
    query = urlencode({"share": ids.encode(ids.SHARE_LINK, share_link_id)})
    return f"{settings.BASE_URL}{path}?{query}&signature={_signature(path, query)}"


def share_verify(path: str, query_string: str) -> UUID | None:
    """Returns the share link that a signed query names, None for any other query."""
    query, separator, signature = query_string.rpartition("&signature=")
    name, _, public = query.partition("=")
    if not separator or name != "share" or not constant_time_compare(signature, _signature(path, query)):
        return None
    return ids.decode(ids.SHARE_LINK, public)


def _signature(path: str, query: str) -> str:
    return signing.Signer(salt=_SALT).signature(f"{path}?{query}")
