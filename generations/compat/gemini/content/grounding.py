"""groundingMetadata: what was searched, what has to be shown beside the answer, and what each sentence rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generations.models import GenerationContent


def grounding_json(content: GenerationContent, texts: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """`texts`: the text blocks with their citations, by the index of the part that shows them. {} without a search.

    Offsets of a segment are UTF-8 bytes of its part, end exclusive, as citations have them.
    """
    grounding = content.grounding or {}
    found: dict[str, Any] = {}
    for name, kind in (("webSearchQueries", False), ("imageSearchQueries", True)):
        if queries := _queries(content, of_images=kind):
            found[name] = queries
    if suggestions := grounding.get("search_suggestions"):
        found["searchEntryPoint"] = {"renderedContent": "\n".join(suggestions)}
    chunks: dict[tuple[str, str], int] = {}
    for citation in grounding.get("citations") or ():
        chunks.setdefault((citation["url"], citation["title"]), len(chunks))
    if chunks:
        found["groundingChunks"] = [{"web": {"uri": url, "title": title}} for url, title in chunks]
    supports = [
        {
            "segment": {
                "partIndex": index,
                "startIndex": citation["start_index"],
                "endIndex": citation["end_index"],
                "text": citation["text"],
            },
            "groundingChunkIndices": [chunks[citation["url"], citation["title"]]],
        }
        for index, block in texts.items()
        for citation in block["citations"]
    ]
    if supports:
        found["groundingSupports"] = supports
    return found


def _queries(content: GenerationContent, *, of_images: bool) -> list[str]:
    found = []
    for step in content.steps:
        if step.get("type") == "google_search_call" and (step.get("search_type") == "image_search") == of_images:
            arguments = step.get("arguments")
            queries = arguments.get("queries") if isinstance(arguments, Mapping) else None
            found += [str(query) for query in queries or ()]
    return found
