"""What can be wrong with a document.

ReaderError
├── MalformedJson     not JSON, or it ended too early
├── TooDeep           nested deeper than max_depth
├── TooLarge          more bytes, files or structure than allowed
└── BadBase64         a string under a spill key that is not base64
"""

from __future__ import annotations


class ReaderError(ValueError):
    """`pointer` (RFC 6901) says where. The message is for the document's sender and repeats nothing of it."""

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer


class MalformedJson(ReaderError):
    """`offset` counts bytes from the start of the document, None where the parser does not say where it stopped."""

    def __init__(self, message: str, offset: int | None, pointer: str = "") -> None:
        super().__init__(message if offset is None else f"{message} (at byte {offset})", pointer)
        self.offset = offset


class TooDeep(ReaderError):
    pass


class TooLarge(ReaderError):
    """`limit` is the bound that was passed, in bytes, or in files when there were too many of them."""

    def __init__(self, message: str, limit: int, pointer: str = "") -> None:
        super().__init__(message, pointer)
        self.limit = limit


class BadBase64(ReaderError):
    pass
