"""Text that comes as bytes of an encoding that nobody names: names of files in headers and forms."""

from __future__ import annotations


def text_of(raw: bytes) -> str:
    """Returns the text: UTF-8 where it is that, else what old clients on Windows mean, of which Latin-1 is a part."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
