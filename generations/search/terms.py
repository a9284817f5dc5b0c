"""Words as the numbers that stand in the index.

A number is made of the tenant, the mode and the word. So the index of all tenants' rows leads to one tenant's alone,
however common a word is, and holds no text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any
from uuid import UUID

from generations.search.words import words_asked, words_of

MAX_TERMS = 4000
"""The different words of one generation that are found: a longer prompt is found by its first ones."""
MAX_CHARS = 100_000
"""How far each text is read."""
_MODES = {True: b"live", False: b"test"}


def terms_of(steps: Iterable[Mapping[str, Any]], *, tenant_id: UUID, livemode: bool) -> list[int]:
    """Returns the terms of what people wrote in the steps of a job's specification; a model's own words are left out.

    Each comes once.
    """
    texts = (
        block["text"]
        for step in steps
        if step.get("type") == "user_input"
        for block in step.get("content", ())
        if block.get("type") == "text"
    )
    words: dict[str, None] = {}
    for text in texts:
        for word in words_of(text[:MAX_CHARS]):
            words[word] = None
            if len(words) == MAX_TERMS:
                return _numbers(words, tenant_id, livemode)
    return _numbers(words, tenant_id, livemode)


def terms_asked(text: str, *, tenant_id: UUID, livemode: bool) -> list[int]:
    """Returns the terms that a generation must have to be found by `text`; none where it has no word."""
    return _numbers(words_asked(text), tenant_id, livemode)


def _numbers(words: Iterable[str], tenant_id: UUID, livemode: bool) -> list[int]:
    keyed = blake2b(digest_size=8, key=tenant_id.bytes, person=_MODES[livemode])
    numbers = []
    for word in words:
        digest = keyed.copy()
        digest.update(word.encode("utf-8", "surrogatepass"))
        numbers.append(int.from_bytes(digest.digest(), "big", signed=True))
    return numbers
