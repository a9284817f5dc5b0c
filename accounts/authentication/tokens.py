"""API keys as text: `cvd_live_` or `cvd_test_`, 12 characters that find the row, 32 that prove it, 6 of checksum.

Operators' own keys begin with `cvd_operator_` and are never a tenant's. The shape is fixed so that secret scanners can
match it (`cvd_(live|test|operator)_[0-9A-Za-z]{50}`) and drop what the checksum does not confirm. Only the prefix and
the SHA-256 of the whole key are stored; 190 random bits need no slow hash.
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
_OPERATOR_SHAPE = re.compile(r"cvd_operator_[0-9A-Za-z]{50}")
_FIND, _PROVE, _CHECK = 12, 32, 6


@dataclass(frozen=True)
class Token:
    """A key's whole text, with the prefix and the digest that are stored."""

    secret: str
    prefix: str
    digest: bytes

    def __repr__(self) -> str:
        return f"Token({self.prefix}…)"


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def generate(*, livemode: bool) -> Token:
    """Returns a new random key for a tenant."""
    return _generate("live" if livemode else "test")


def generate_operator() -> Token:
    """Returns a new random key for an operator's program."""
    return _generate("operator")


def _generate(kind: str) -> Token:
    text = f"cvd_{kind}_" + "".join(secrets.choice(_ALPHABET) for _ in range(_FIND + _PROVE))
    return describe(text + _checksum(text))


def describe(secret: str) -> Token:
    """Returns prefix and digest of a key's text, which need not be well-formed."""
    return Token(secret=secret, prefix=secret[: -_PROVE - _CHECK], digest=hashlib.sha256(secret.encode()).digest())


def is_well_formed(text: str) -> bool:
    """Returns whether shape and checksum are those of a tenant's key, so that a mistyped one costs no query."""
    return _SHAPE.fullmatch(text) is not None and _has_checksum(text)


def is_operator_key(text: str) -> bool:
    """Returns whether shape and checksum are those of an operator's key."""
    return _OPERATOR_SHAPE.fullmatch(text) is not None and _has_checksum(text)


def _has_checksum(text: str) -> bool:
    return secrets.compare_digest(_checksum(text[:-_CHECK]), text[-_CHECK:])
