"""What a request names by URL, fetched in the process's pool of downloads. A tenant's bounds count both modes."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from uuid import UUID

from django.conf import settings

from cavendish.egress import DownloadPool, EgressBusy, EgressFailed, PoolLimits
from cavendish.gemini.reader import Spilled
from cavendish.http.problems import invalid_value, unavailable
from cavendish.http.slots import slot_given_up
from generations.errors import FETCH_SECONDS as RETRY_SECONDS
from generations.errors import TooManyFetches
from generations.request import FETCH_SECONDS, GenerationRequest, Media, MediaInfo, uri_fetch


@cache
def downloads() -> DownloadPool:
    return DownloadPool(
        PoolLimits(
            downloads=settings.FETCHES,
            downloads_per_owner=settings.FETCHES_PER_TENANT,
            groups=settings.FETCHING_REQUESTS,
            groups_per_owner=settings.FETCHING_REQUESTS_PER_TENANT,
        )
    )


def uris_fetch(parsed: GenerationRequest, *, tenant_id: UUID, spool: Path) -> dict[str, tuple[Spilled, MediaInfo]]:
    """Downloads everything that the request names by URL into `spool`; returns it by the pointer of its block.

    Blocks up to FETCH_SECONDS for all of it, without a slot of Django's and without a database connection, so it is no
    step of a transaction. Raises Problem: 422 for a URL (see `uri_fetch`), 429 where the tenant has too many requests
    that wait, 503 where all together have.
    """
    wanting = [media for media in parsed.media() if media.needs_fetch]
    if not wanting:
        return {}
    work = [partial(_fetch, parsed, media, spool) for media in wanting]
    try:
        with slot_given_up():
            results = downloads().run(tenant_id, work, seconds=FETCH_SECONDS)
    except EgressBusy as busy:
        if busy.own:
            raise TooManyFetches(settings.FETCHING_REQUESTS_PER_TENANT) from None
        raise unavailable("Too many files are being fetched; try again.", retry_after=RETRY_SECONDS) from None
    except EgressFailed as failed:
        raise invalid_value(f"{wanting[0].pointer}/uri", "url_unreachable", failed.reason) from None
    return {media.pointer: result for media, result in zip(wanting, results, strict=True)}


def _fetch(parsed: GenerationRequest, media: Media, spool: Path, seconds: float) -> tuple[Spilled, MediaInfo]:
    return uri_fetch(
        media,
        spool,
        max_bytes=settings.MAX_BODY_BYTES,
        dialect=parsed.dialect,
        allowed=(*parsed.model.input_mime_types, *parsed.model.video_mime_types),
        timeout=seconds,
    )
