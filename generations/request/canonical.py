"""A draft as JSON, as it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cavendish.gemini.reader import Spilled
from cavendish.http.problems import escape
from generations.request.draft import Draft


def request_canonical(draft: Draft, files: Mapping[str, str]) -> dict[str, Any]:
    """The request as sent, without unknown fields, `data` replaced by `file_id`. `files` maps pointers of media to ids.

    Raises KeyError when a picture's bytes have no id: they would be lost.
    """
    inline = {media.pointer: files[media.pointer] for media in draft.media() if media.source == "data"}
    canonical: dict[str, Any] = _copy(draft.document, "", inline)
    return canonical


def _copy(value: Any, pointer: str, inline: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        copied = {
            name: _copy(inner, f"{pointer}/{escape(name)}", inline)
            for name, inner in value.items()
            if not isinstance(inner, Spilled)
        }
        return copied | {"file_id": inline[pointer]} if pointer in inline else copied
    if isinstance(value, list):
        return [_copy(inner, f"{pointer}/{index}", inline) for index, inner in enumerate(value)]
    return value
