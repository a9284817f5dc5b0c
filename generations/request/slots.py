"""Prompts with slots: where the slots stand, and what a prompt says once they are filled."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

MAX_NAME_CHARS = 64

# [color], and as other templates have it {{color}} or {color}.
_NAME = rf"[^\[\]{{}}\n]{{1,{MAX_NAME_CHARS}}}"
_SLOT = re.compile(rf"\[({_NAME})\]|\{{\{{({_NAME})\}}\}}|\{{({_NAME})\}}")
_STOPS = frozenset(".!?。！？")
_AFTER_A_GAP = frozenset(" ,;:，；：\n") | _STOPS


def slots_in(prompt: str) -> list[str]:
    """Returns what stands in the prompt as a slot, each name once, in order."""
    return list(dict.fromkeys(filter(None, map(_name, _SLOT.finditer(prompt)))))


def slots_fill(prompt: str, slots: Collection[str], values: Mapping[str, str]) -> str:
    """Returns the prompt with the values in place of its slots. Brackets that are no slot's stay, those in values too.

    A slot without a value leaves no gap: a sentence that would be empty goes with its stop, a space with the slot.
    """
    text, at = "", 0
    for match in _SLOT.finditer(prompt):
        name = _name(match)
        if name not in slots:
            continue
        text += prompt[at : match.start()]
        at = match.end()
        if value := values.get(name, "").strip():
            text += value
            continue
        before, after = text.rstrip(" "), prompt[at : at + 1]
        if after in _STOPS and (not before or before[-1] in _STOPS):
            text, at = before, at + 1
        elif not after or after in _AFTER_A_GAP:
            text = before
    return (text + prompt[at:]).strip()


def _name(match: re.Match[str]) -> str:
    return (match[1] or match[2] or match[3]).strip()
