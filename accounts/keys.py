"""API keys as text: `cvd_live_` or `cvd_test_`, 12 characters that find the row, 32 that prove it, 6 of checksum.

The shape is fixed so that secret scanners can match it (`cvd_(live|test)_[0-9A-Za-z]{50}`) and drop what the checksum
does not confirm. Only the prefix and the SHA-256 of the whole key are stored; 190 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHAPE = re.compile(r"cvd_(live|test)_[0-9A-Za-z]{50}")
_FIND, _PROVE, _CHECK = 12, 32, 6


@dataclass(frozen=True)
class NewKey:
    """A key at the only moment when its secret exists."""

    secret: str
    prefix: str
    digest: bytes

    def __repr__(self) -> str:
        return f"NewKey({self.prefix}…)"


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def generate(*, livemode: bool) -> NewKey:
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_FIND + _PROVE))
    text = f"cvd_{'live' if livemode else 'test'}_{body}"
    return describe(text + _checksum(text))


def describe(secret: str) -> NewKey:
    """Prefix and digest of a key's text."""
    return NewKey(
        secret=secret, prefix=secret[: len("cvd_live_") + _FIND], digest=hashlib.sha256(secret.encode()).digest()
    )


def is_well_formed(text: str) -> bool:
    """Shape and checksum, so that a mistyped key costs no query."""
    return _SHAPE.fullmatch(text) is not None and secrets.compare_digest(_checksum(text[:-_CHECK]), text[-_CHECK:])
