"""Names of media types: one for each format, whatever clients call it."""

from __future__ import annotations

_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
    "image/tif": "image/tiff",
    "image/heic-sequence": "image/heic",
    "image/heif-sequence": "image/heif",
    "video/quicktime": "video/mov",
    "video/x-msvideo": "video/avi",
    "video/msvideo": "video/avi",
    "video/x-ms-wmv": "video/wmv",
    "video/x-ms-asf": "video/wmv",
    "video/flv": "video/x-flv",
    "video/x-m4v": "video/mp4",
    "video/mpg": "video/mpeg",
    "video/3gpp2": "video/3gpp",
}
# Containers whose bytes do not tell the two names apart reliably.
_INTERCHANGEABLE = ({"image/heic", "image/heif"}, {"video/mp4", "video/mov", "video/3gpp"})


def plain_mime_type(declared: str) -> str:
    """The usual name, in lower case and without parameters."""
    plain = declared.partition(";")[0].strip().lower()
    return _ALIASES.get(plain, plain)


def agree(declared: str, real: str) -> bool:
    """Whether bytes of the type `real` may be declared as `declared`."""
    declared = plain_mime_type(declared)
    return declared == real or any({declared, real} <= group for group in _INTERCHANGEABLE)


EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}
"""File name endings of the types that the models make."""
