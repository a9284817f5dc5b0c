"""What a picture that came back is: read from its bytes, never from what the upstream says of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import c2pa

from cavendish.gemini.reader import Spilled
from generations.request.headers import NotReadable, Truncated, read_header
from generations.request.media_types import EXTENSIONS
from generations.request.sniff import HEAD_BYTES, sniff


class NotAPicture(Exception):
    """The bytes are no picture that we know."""


@dataclass(frozen=True)
class Picture:
    """Pixels and type from the file's header; `c2pa`: Content Credentials are present, not that they verify."""

    path: Path
    mime_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    c2pa: bool


def picture_read(spilled: Spilled) -> Picture:
    """Returns what the header says, so that a 24 MB picture costs no more than a small one. Raises NotAPicture."""
    with spilled.path.open("rb", buffering=0) as file:
        mime_type = sniff(file.read(HEAD_BYTES))
    if mime_type is None:
        raise NotAPicture(f"{spilled.size} bytes that are no picture")
    if mime_type not in EXTENSIONS:
        raise NotAPicture(f"a picture of an unexpected type, {mime_type}")
    try:
        size = read_header(spilled.path, mime_type)
    except Truncated as cut:  # what there is of it is given on
        size = cut.size
    except NotReadable:
        size = None
    if size is None:
        raise NotAPicture(f"{spilled.size} bytes that are no {mime_type}")
    width, height = size
    return Picture(
        path=spilled.path,
        mime_type=mime_type,
        width=width,
        height=height,
        bytes=spilled.size,
        sha256=spilled.sha256,
        # The library parses the whole file; the reader has seen whether there can be anything to find.
        c2pa=spilled.c2pa_hint and has_credentials(spilled.path, mime_type),
    )


def has_credentials(path: Path, mime_type: str) -> bool:
    """Whether the file carries a C2PA manifest store (C2PA specification 2.x, section 11)."""
    try:
        with path.open("rb") as source, c2pa.Reader(mime_type, source):
            return True
    except c2pa.C2paError as error:
        # A manifest that does not parse is present all the same; only "nothing there" is absence.
        return "ManifestNotFound" not in type(error).__name__ + str(error)
