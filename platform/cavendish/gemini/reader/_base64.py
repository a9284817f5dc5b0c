"""Decodes base64 as it arrives inside a JSON string, chunk by chunk."""

from __future__ import annotations

import binascii
import re

import pybase64

_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_BLANKS = b" \t\r\n"
_UNICODE_ESCAPE = re.compile(rb"\\u00([0-7][0-9a-fA-F])")
_LONGEST_ESCAPE = len(rb"\u003d")


class NotBase64(ValueError):
    pass


class Base64Decoder:
    """Decodes the raw body of a JSON string. It accepts both alphabets, blanks, and missing padding."""

    def __init__(self) -> None:
        self._rest = b""  # less than one group of four characters
        self._escape = b""  # an escape whose end has not come yet
        self._padded = False
        self._plain = True  # nothing seen yet but the standard alphabet

    def feed(self, body: bytes) -> bytes:
        """Returns the bytes that `body` completes. Raises NotBase64."""
        if self._escape:
            body = self._escape + body
            self._escape = b""
        if body.find(b"\\") >= 0:
            body = self._unescape(body)
        return self._decode(self._rest + body if self._rest else body)

    def close(self) -> bytes:
        """Returns the last bytes, with the padding that the sender left out. Raises NotBase64."""
        if self._escape:
            raise NotBase64
        rest = self._rest.translate(_URL_SAFE, _BLANKS)
        if not rest:
            return b""
        last = rest.rstrip(b"=")
        # One character alone carries six bits; it cannot be a byte.
        if len(last) < 2 or self._padded:
            raise NotBase64
        return _strict(last.ljust(4, b"="))

    def _unescape(self, body: bytes) -> bytes:
        # Replacements of the whole buffer, not a callback per match: some encoders write every "/" as "\/".
        if b"\\\\" in body or b'\\"' in body:
            raise NotBase64
        cut = body.rfind(b"\\", -_LONGEST_ESCAPE)
        if cut >= 0 and len(body) - cut < (_LONGEST_ESCAPE if body[cut + 1 : cut + 2] in (b"u", b"") else 2):
            body, self._escape = body[:cut], body[cut:]
        body = body.replace(rb"\/", b"/")
        if b"\\" in body:
            body = body.replace(rb"\n", b"\n").replace(rb"\r", b"\r").replace(rb"\t", b"\t")
            body = _UNICODE_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), body)
        return body

    def _decode(self, body: bytes) -> bytes:
        if self._plain and not self._padded:
            whole = len(body) & ~3
            try:
                decoded = _strict(memoryview(body)[:whole] if whole != len(body) else body)
            except NotBase64:
                self._plain = False
            else:
                self._rest = body[whole:]
                self._padded = body[whole - 1 : whole] == b"="
                return decoded
        body = body.translate(_URL_SAFE, _BLANKS)
        if self._padded and body:
            raise NotBase64
        whole = len(body) & ~3
        decoded = _strict(body[:whole])
        self._rest = body[whole:]
        self._padded = body[whole - 1 : whole] == b"=" if whole else self._padded
        if self._padded and self._rest:
            raise NotBase64
        return decoded


def _strict(body: bytes | memoryview) -> bytes:
    try:
        return pybase64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise NotBase64 from None
