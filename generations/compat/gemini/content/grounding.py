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
    kinds = _kinds(content)
    if chunks:
        metadata["groundingChunks"] = [_chunk(*chunk, of_images=kind) for kind in kinds for chunk in chunks]
    supports = [
        {
            "segment": {
                "partIndex": index,
                "startIndex": citation["start_index"],
                "endIndex": citation["end_index"],
                "text": citation["text"],
            },
            "groundingChunkIndices": [
                chunks[citation["url"], citation["title"]] + len(chunks) * number for number, _ in enumerate(kinds)
            ],
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


def _kinds(content: GenerationContent) -> list[bool]:
    """Returns of which kinds the sources are: of pages (False), of pictures (True), or of both.

    The upstream marks searches, not citations: where there were both kinds, which citation is of which is not known.
    Then each source is given as both, since that of a picture has to be shown as one.
    """
    kinds = {
        step.get("search_type") == "image_search" for step in content.steps if step.get("type") == "google_search_call"
    }
    return sorted(kinds) or [False]


def _queries(content: GenerationContent, *, of_images: bool) -> list[str]:
    texts: list[str] = []
    for step in content.steps:
        if step.get("type") == "google_search_call" and (step.get("search_type") == "image_search") == of_images:
            arguments = step.get("arguments")
            queries = arguments.get("queries") if isinstance(arguments, Mapping) else None
            texts += [str(query) for query in queries or ()]
    return texts
