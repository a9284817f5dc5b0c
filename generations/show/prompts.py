"""What people asked for: the last step of theirs in a request, from whichever API it came. In a tenant's context."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

# Signatures of replayed turns can weigh megabytes: only the last step of a person leaves the database.
_OF_LAST_STEP = """
    FROM generations_generationcontent c
    LEFT JOIN LATERAL (
        SELECT step FROM jsonb_array_elements(c.plan->'steps') WITH ORDINALITY AS e(step, place)
        WHERE step->>'type' = 'user_input' ORDER BY place DESC LIMIT 1
    ) last ON true
    WHERE c.generation_id = ANY (%s)
"""
_CONTENT = f"SELECT c.generation_id, last.step->'content', c.plan->>'system_instruction' {_OF_LAST_STEP}"
_TEXTS = f"""
    SELECT c.generation_id, left((
        SELECT string_agg(block->>'text', E'\\n' ORDER BY place)
        FROM jsonb_array_elements(last.step->'content') WITH ORDINALITY AS b(block, place)
        WHERE block->>'type' = 'text'
    ), %s)
    {_OF_LAST_STEP}
"""  # noqa: S608 (constants of ours)


@dataclass(frozen=True)
class Asked:
    """The texts of a person's last step, joined by line breaks, and its pictures and videos as blocks.

    A block has `type`, `mime_type` and, of what lies here, `file_id` or `output_id` in the API's spelling; a video that
    the upstream fetches itself has `uri`. All is empty once a generation was erased.
    """

    text: str
    media: list[dict[str, Any]]
    system_instruction: str


def asked_of(generation_ids: Iterable[UUID]) -> dict[UUID, Asked]:
    """Returns what was asked for, by the generation's id."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTENT, [list(generation_ids)])
        rows = cursor.fetchall()
    return {generation_id: _asked(content, instruction) for generation_id, content, instruction in rows}


def prompts_of(generation_ids: Iterable[UUID], *, most: int) -> dict[UUID, str]:
    """Returns the first `most` characters of each prompt, by the generation's id; "" where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS, [most, list(generation_ids)])
        return {generation_id: text or "" for generation_id, text in cursor.fetchall()}


def _asked(content: Any, instruction: str | None) -> Asked:
    blocks = json.loads(content) if isinstance(content, str) else content or []
    texts = [str(block.get("text", "")) for block in blocks if block.get("type") == "text"]
    media = [block for block in blocks if block.get("type") != "text"]
    return Asked("\n".join(texts), media, instruction or "")
