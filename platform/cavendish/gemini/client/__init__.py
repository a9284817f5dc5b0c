"""The client of the Gemini API: streams requests and responses, retries by class of error, never reveals the keys."""

from __future__ import annotations

from cavendish.gemini.client._body import Blob
from cavendish.gemini.client._client import GeminiClient
from cavendish.gemini.client._errors import (
    BrokenAnswer,
    GeminiError,
    NotFound,
    RateLimited,
    Rejected,
    TimedOut,
    Unavailable,
)
from cavendish.gemini.client._interaction import UNFINISHED, Interaction
from cavendish.gemini.client._keys import Key, KeyPool, KeyReport, key_fingerprint
from cavendish.gemini.client._tries import OnTry, Try

__all__ = [
    "UNFINISHED",
    "Blob",
    "BrokenAnswer",
    "GeminiClient",
    "GeminiError",
    "Interaction",
    "Key",
    "KeyPool",
    "KeyReport",
    "NotFound",
    "OnTry",
    "RateLimited",
    "Rejected",
    "TimedOut",
    "Try",
    "Unavailable",
    "key_fingerprint",
]
