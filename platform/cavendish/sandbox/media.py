"""Pictures and videos in a request: decoded, measured, counted."""

from __future__ import annotations

import re
import warnings
from typing import BinaryIO
from urllib.parse import urlsplit

import pybase64
from PIL import Image

from cavendish.sandbox.errors import ApiError

# Only headers are read here. Pillow refuses twice as many: 200 million pixels are what the platform takes.
Image.MAX_IMAGE_PIXELS = 100_000_000

URL_VIDEO_SECONDS = 10
BYTES_PER_SECOND = 1_000_000

_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_FILE_URI = re.compile(r"(?:.*/v1(?:beta|alpha)?/)?files/([a-z0-9-]{1,40})")
_HEIF = re.compile(rb"....ftyp(?:heic|heix|mif1|msf1|hevc|heif)", re.DOTALL)
_YOUTUBE = {"youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"}


def decode(data: object) -> bytes:
    """Returns the bytes of base64 in both alphabets, padded or not, as Google accepts it. Raises ApiError."""
    if not isinstance(data, str) or not data:
        raise ApiError(400, "'data' must be a non-empty base64 string.")
    try:
        raw = data.encode("ascii").translate(_URL_SAFE)
        return pybase64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except ValueError:
        raise ApiError(400, "Base64 decoding failed for 'data'.") from None


def picture_size(file: BinaryIO) -> tuple[int, int] | None:
    """Returns width and height in pixels by the file's header; None for HEIC and HEIF, which Pillow cannot read.

    Raises ApiError for what is no picture.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(file) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        file.seek(0)
        if _HEIF.match(file.read(12)):
            return None
        raise ApiError(400, "Unable to process input image. Please check that it is a valid image.") from None


def video_seconds(size: int) -> int:
    """Returns the duration of a video of `size` bytes. The sandbox opens no video: a second per million bytes begun."""
    return max(1, -(-size // BYTES_PER_SECOND))


def file_id(uri: str) -> str | None:
    """Returns the id in `files/abc` or in a file's URI with any host, because the platform may be in between."""
    match = _FILE_URI.fullmatch(uri.split("?")[0])
    return match[1] if match else None


def is_youtube(uri: str) -> bool:
    try:
        url = urlsplit(uri)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and url.hostname in _YOUTUBE
