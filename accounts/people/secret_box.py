"""Encrypts the secrets of second factors with a key derived from SECRET_KEY: the database alone reveals none."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def seal(text: str) -> str:
    """Returns the text encrypted and authenticated with the key of SECRET_KEY."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str | None:
    """Returns the text, or None where it was sealed with an unknown key. Keys in SECRET_KEY_FALLBACKS are known too."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _box() -> MultiFernet:
    return _box_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _box_of(*keys: str) -> MultiFernet:
    digests = (salted_hmac("cavendish.second-factor", "", key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
