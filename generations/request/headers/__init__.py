"""Size in pixels of a picture as it is displayed, and whether its file is whole, without decoding it.

What a stranger sends is read here in the web process, so the readers are Python that cannot overrun memory, and every
one of them goes through `Source`, which bounds how much is read and how often. What was weighed against them:

- Pillow keeps every marker, chunk and extension of a JPEG, PNG or GIF in memory while it opens one.
- libheif (pillow-heif 1.8, pi-heif 1.4) reads HEIC as every viewer does, but opening a damaged file of 700 bytes with
  pi-heif's libheif 1.23.0 ends the process. The sizes in `tests/fuzz/corpus` were compared with libheif's.
- imagesize 2.0 leaves `clap` and EXIF of PNG out, keeps what it finds without a bound, and does not see whether a file
  is whole.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from generations.request.headers.boxes import read_movie
from generations.request.headers.heif import read_heif
from generations.request.headers.jpeg import read_jpeg
from generations.request.headers.png import read_png
from generations.request.headers.small import read_anything, read_bmp, read_gif, read_riff, read_webp
from generations.request.headers.source import NotReadable, Size, Source, Truncated
from generations.request.headers.tiff import read_tiff

__all__ = ["NotReadable", "Size", "Source", "Truncated", "read_header", "read_source"]

_READERS: dict[str, Callable[[Source], Size | None]] = {
    "image/png": read_png,
    "image/jpeg": read_jpeg,
    "image/gif": read_gif,
    "image/bmp": read_bmp,
    "image/tiff": read_tiff,
    "image/webp": read_webp,
    **dict.fromkeys(("image/heic", "image/heif", "image/avif"), read_heif),
    **dict.fromkeys(("video/mp4", "video/mov", "video/3gpp"), read_movie),
    "video/avi": read_riff,
    **dict.fromkeys(("video/webm", "video/mpeg", "video/wmv", "video/x-flv"), read_anything),
}


def read_header(path: Path, mime_type: str) -> Size | None:
    """Width and height as displayed, None for videos and where the format does not tell.

    Raises NotReadable or Truncated.
    """
    with path.open("rb", buffering=0) as file:
        return read_source(Source(file, path.stat().st_size), mime_type)


def read_source(source: Source, mime_type: str) -> Size | None:
    """`read_header` of a file that is open."""
    try:
        size = _READERS[mime_type](source)
    except (struct.error, IndexError) as error:  # something is shorter than its kind has to be
        raise NotReadable(str(error)) from None
    if size is not None and min(size) < 1:
        raise NotReadable("no pixels")
    return size
