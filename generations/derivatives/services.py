"""Finds or makes a smaller picture of an output."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError

from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import not_found, unavailable
from cavendish.http.slots import slot_given_up
from cavendish.storage import ObjectMissing, objects
from generations.derivatives.lanes import LaneLimits, Lanes, LanesFull
from generations.derivatives.scaling import NotDecodable, picture_scale
from generations.derivatives.sizes import MAX_SOURCE_PIXELS, derived_size
from generations.errors import DERIVING_SECONDS, PictureUnreadable, TooManyDerivatives
from generations.models import Derivative, Output


@cache
def lanes() -> Lanes[Derivative]:
    return Lanes(
        LaneLimits(
            lanes=settings.DERIVATIVES_AT_ONCE,
            requests=settings.DERIVING_REQUESTS,
            requests_per_owner=settings.DERIVING_REQUESTS_PER_TENANT,
        )
    )


def derivative_get(output: Output, *, format: str, width: int) -> Derivative:
    """Returns the output's picture of that format (a name of FORMATS) and requested width, which is made if missing.

    It blocks until then, without a slot of Django's, so it is no step of a transaction. Raises PictureUnreadable,
    TooManyDerivatives, and Problem: 404 for an output that went meanwhile, 503 where too many requests wait.
    """
    tenant_id = output.tenant_id
    known = _find(output, format, width)
    if known is not None:
        return known
    if output.width * output.height > MAX_SOURCE_PIXELS:
        raise PictureUnreadable("The picture has too many pixels to be scaled; use the original.")
    try:
        with slot_given_up():
            return lanes().run(tenant_id, (output.id, format, width), lambda: _make(output, format, width))
    except LanesFull as full:
        if full.own:
            raise TooManyDerivatives(settings.DERIVING_REQUESTS_PER_TENANT) from None
        raise unavailable("Too many pictures are being scaled; try again.", retry_after=DERIVING_SECONDS) from None


def _find(output: Output, format: str, width: int) -> Derivative | None:
    with tenant_context(output.tenant_id):
        row: Derivative | None = Derivative.objects.filter(
            output_id=output.id, format=format, requested_width=width
        ).first()
    return row


def _make(output: Output, format: str, width: int) -> Derivative:
    # Whoever had the lane before, or another process, may have made it.
    known = _find(output, format, width)
    if known is not None:
        return known
    try:
        with _local(output.storage_key) as path:
            across, _ = derived_size(output.width, output.height, requested=width)
            data = picture_scale(path, format=format, width=across)
    except NotDecodable:
        raise PictureUnreadable("The picture cannot be decoded; the original is given as it came.") from None
    except (ObjectMissing, FileNotFoundError):
        raise not_found() from None
    return _keep(output, format, width, data)


def _keep(output: Output, format: str, width: int, data: bytes) -> Derivative:
    """Stores the bytes and their row; where another process was faster, or the output went, the bytes go again."""
    tenant_id, row_id = output.tenant_id, ids.new_id()
    key = f"tenants/{tenant_id.hex}/derived/{output.id.hex}/{row_id.hex}.{format}"
    with _scratch() as path:
        path.write_bytes(data)
        objects().keep(path, key)
    try:
        with tenant_context(tenant_id):
            row: Derivative = Derivative.objects.create(
                id=row_id,
                tenant_id=tenant_id,
                output_id=output.id,
                format=format,
                requested_width=width,
                bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                storage_key=key,
            )
            return row
    except BaseException as error:
        objects().delete(key)
        if not isinstance(error, IntegrityError):
            raise
    known = _find(output, format, width)
    if known is None:
        raise not_found()
    return known


@contextmanager
def _local(key: str) -> Iterator[Path]:
    """Yields the path of an object's bytes on this machine, where they are copied if they lie elsewhere."""
    path = objects().local_path(key)
    if path is not None:
        yield path
        return
    with _scratch() as copy:
        with copy.open("wb") as target:
            for chunk in objects().read(key):
                target.write(chunk)
        yield copy


@contextmanager
def _scratch() -> Iterator[Path]:
    """Yields a path in the spool for a file that is gone afterwards."""
    folder = Path(settings.SPOOL_DIR) / "derived"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / secrets.token_hex(16)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
