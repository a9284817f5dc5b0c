"""groundingMetadata: what was searched, what has to be shown beside the answer, and what each sentence rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from generations.models import GenerationContent


def grounding_json(content: GenerationContent, texts: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """The groundingMetadata of an answer; {} without a search.

    `texts` are the text blocks with their citations, by the index of the part that shows them.

    Offsets of a segment are UTF-8 bytes of its part, end exclusive, as citations have them.
    """
    grounding = content.grounding or {}
    metadata: dict[str, Any] = {}
    for name, kind in (("webSearchQueries", False), ("imageSearchQueries", True)):
        if queries := _queries(content, of_images=kind):
            metadata[name] = queries
    if suggestions := grounding.get("search_suggestions"):
        metadata["searchEntryPoint"] = {"renderedContent": "\n".join(suggestions)}
    chunks: dict[tuple[str, str], int] = {}
    for citation in grounding.get("citations") or ():
        chunks.setdefault((citation["url"], citation["title"]), len(chunks))
    if chunks:
        of_images = _only_images(content)
        metadata["groundingChunks"] = [_chunk(url, title, of_images=of_images) for url, title in chunks]
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
        metadata["groundingSupports"] = supports
    return metadata


def _chunk(url: str, title: str, *, of_images: bool) -> dict[str, Any]:
    """Returns a source: of a picture the page that contains it, which is what has to be linked."""
    if not of_images:
        return {"web": {"uri": url, "title": title}}
    try:
        domain = urlsplit(url).hostname or ""
    except ValueError:
        domain = ""
    return {"image": {"sourceUri": url, "title": title, **({"domain": domain} if domain else {})}}


def _only_images(content: GenerationContent) -> bool:
    """Returns whether every search was for pictures. The upstream marks searches, not citations: where there were
    both kinds, which citation is of which is not known."""
    kinds = {step.get("search_type") for step in content.steps if step.get("type") == "google_search_call"}
    return kinds == {"image_search"}


def _queries(content: GenerationContent, *, of_images: bool) -> list[str]:
    texts: list[str] = []
    for step in content.steps:
        if step.get("type") == "google_search_call" and (step.get("search_type") == "image_search") == of_images:
            arguments = step.get("arguments")
            queries = arguments.get("queries") if isinstance(arguments, Mapping) else None
            texts += [str(query) for query in queries or ()]
    return texts
