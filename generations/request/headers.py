"""Size in pixels of a picture, and whether its file is whole, without decoding it.

Pillow reads the headers of the formats whose headers are more than a few bytes. Its format classes are used directly,
because `Image.open` warns or raises by a process-wide limit; ours is in `media.py`. WebP is read here: Pillow would
load the whole file.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

Size = tuple[int, int]
_ORIENTATION = 0x0112
_PILLOW: dict[str, Callable[[str], Any]] = {
    "image/png": PngImagePlugin.PngImageFile,
    "image/jpeg": JpegImagePlugin.JpegImageFile,
    "image/gif": GifImagePlugin.GifImageFile,
    "image/bmp": BmpImagePlugin.BmpImageFile,
    "image/tiff": TiffImagePlugin.TiffImageFile,
}


class NotReadable(Exception):
    """The file is not what its first bytes promise."""


class Truncated(Exception):
    """The file ends before the picture does."""


def read_header(path: Path, mime_type: str) -> Size | None:
    """Width and height as displayed (turned by the EXIF orientation), None where the format does not tell.

    Raises NotReadable or Truncated.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            size, whole = _READERS[mime_type](path, mime_type, view)
    except (NotReadable, Truncated):
        raise
    except Exception as error:  # broken files make format readers fail in every way there is
        raise NotReadable(type(error).__name__) from None
    if size is not None and min(size) < 1:
        raise NotReadable("no pixels")
    if not whole:
        raise Truncated
    return size


def _by_pillow(path: Path, mime_type: str, view: mmap.mmap) -> tuple[Size, bool]:
    with _PILLOW[mime_type](str(path)) as image:
        size: Size = image.size
        whole = True
        if mime_type == "image/tiff":
            whole = _tiff_is_whole(image, len(view))
        if mime_type in {"image/tiff", "image/jpeg"} and image.getexif().get(_ORIENTATION) in {5, 6, 7, 8}:
            size = (size[1], size[0])
    if mime_type == "image/png":
        whole = _png_is_whole(view)
    elif mime_type == "image/jpeg":
        whole = view.rfind(b"\xff\xd9", _jpeg_scan(view)) >= 0
    elif mime_type == "image/gif":
        # Encoders pad the trailer with zeros now and then.
        whole = view[-64:].rstrip(b"\0").endswith(b";")
    elif mime_type == "image/bmp":
        whole = int.from_bytes(view[2:6], "little") <= len(view)
    return size, whole


def _png_is_whole(view: mmap.mmap) -> bool:
    at = 8
    while at + 12 <= len(view):
        length, kind = struct.unpack_from(">I4s", view, at)
        at += 12 + length
        if kind == b"IEND":
            return bool(at <= len(view))
    return False


def _jpeg_scan(view: mmap.mmap) -> int:
    """Where the first scan begins. Before it a thumbnail may hold an end marker of its own."""
    at = 2
    while at + 4 <= len(view):
        marker, length = struct.unpack_from(">HH", view, at)
        if marker >> 8 != 0xFF:
            raise NotReadable("no marker")
        if marker == 0xFFFF:  # fill bytes
            at += 1
            continue
        at += 2 + length
        if marker == 0xFFDA:
            return int(at)
    return len(view)


def _tiff_is_whole(image: Any, size: int) -> bool:
    tags = image.tag_v2
    for offsets, counts in ((273, 279), (324, 325)):  # strips, tiles
        ends = [start + count for start, count in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)]
        if ends and max(ends) > size:
            return False
    return True


def _webp(path: Path, mime_type: str, view: mmap.mmap) -> tuple[Size, bool]:
    kind = view[12:16]
    if kind == b"VP8X":
        size = (int.from_bytes(view[24:27], "little") + 1, int.from_bytes(view[27:30], "little") + 1)
    elif kind == b"VP8L" and view[20] == 0x2F:
        bits = int.from_bytes(view[21:25], "little")
        size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    elif kind == b"VP8 " and view[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", view, 26)
        size = (width & 0x3FFF, height & 0x3FFF)
    else:
        raise NotReadable("no WebP chunk")
    return size, int.from_bytes(view[4:8], "little") + 8 <= len(view)


def _heif(path: Path, mime_type: str, view: mmap.mmap) -> tuple[Size | None, bool]:
    """The largest extent that any item has: tiles and thumbnails are smaller than the picture."""
    boxes, whole = _boxes(view)
    if b"meta" not in boxes:
        raise NotReadable("no meta box")
    start, end = boxes[b"meta"]
    sizes: list[Size] = []
    at = view.find(b"ispe", start, end)
    while at >= 0 and at + 16 <= len(view):
        sizes.append(struct.unpack_from(">II", view, at + 8))
        at = view.find(b"ispe", at + 4, end)
    size = max(sizes, key=lambda found: found[0] * found[1], default=None)
    turn = view.find(b"irot", start, end)
    if size and turn >= 0 and view[turn + 4] & 1:
        size = (size[1], size[0])
    return size, whole


def _movie(path: Path, mime_type: str, view: mmap.mmap) -> tuple[None, bool]:
    boxes, whole = _boxes(view)
    if b"moov" not in boxes and b"moof" not in boxes:
        # The index usually comes last, so a cut file has none.
        raise Truncated if not whole else NotReadable("no moov box")
    return None, whole


def _boxes(view: mmap.mmap) -> tuple[dict[bytes, tuple[int, int]], bool]:
    """The outermost ISO boxes by kind (start, end), and whether the last of them is complete."""
    found: dict[bytes, tuple[int, int]] = {}
    at, size = 0, len(view)
    while at + 8 <= size:
        length, kind = struct.unpack_from(">I4s", view, at)
        if length == 1 and at + 16 <= size:
            (length,) = struct.unpack_from(">Q", view, at + 8)
        elif length == 0:  # up to the end of the file
            length = size - at
        if length < 8:
            raise NotReadable("a box without length")
        found.setdefault(kind, (at, min(at + length, size)))
        at += length
    return found, at <= size


def _riff(path: Path, mime_type: str, view: mmap.mmap) -> tuple[None, bool]:
    return None, int.from_bytes(view[4:8], "little") + 8 <= len(view)


def _anything(path: Path, mime_type: str, view: mmap.mmap) -> tuple[None, bool]:
    return None, True


_READERS: dict[str, Callable[[Path, str, mmap.mmap], tuple[Size | None, bool]]] = {
    **dict.fromkeys(_PILLOW, _by_pillow),
    "image/webp": _webp,
    **dict.fromkeys(("image/heic", "image/heif"), _heif),
    **dict.fromkeys(("video/mp4", "video/mov", "video/3gpp"), _movie),
    "video/avi": _riff,
    **dict.fromkeys(("video/webm", "video/mpeg", "video/wmv", "video/x-flv"), _anything),
}
