"""Where a client that asks for addresses instead of bytes finds its pictures."""

from __future__ import annotations

from uuid import UUID

from generations.show.representation import output_path
from generations.show.signed_urls import url_sign


def output_url(output_id: str) -> str:
    """The signed address of an output's bytes; sent back as input, it stands for the output even when it is over."""
    return url_sign(output_path(UUID(output_id)))[0]
