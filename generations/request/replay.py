"""Steps that the model made in an earlier answer, sent again as part of the conversation.

Only known keys are kept. Signatures are kept verbatim: the upstream recognises its own thoughts by them.
"""

from __future__ import annotations

from typing import Any

import pybase64

from cavendish.http.problems import shown
from generations.request.content import content_parse
from generations.request.fields import Fields
from generations.request.generation_request import Block, Media, Step, Text

MODEL_STEPS = ("model_output", "thought", "google_search_call", "google_search_result")
SEARCH_TYPES = ("web_search", "image_search")
# What Google documents to send for a turn whose signature is lost or was never there.
_SAID = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
_ENCODED = tuple(pybase64.b64encode(text.encode()).decode() for text in _SAID)
_STAND_INS = frozenset({*_SAID, *_ENCODED, *(text.rstrip("=") for text in _ENCODED)})


def model_step_parse(fields: Fields, kind: str) -> Step | None:
    """A step of one of MODEL_STEPS; what is wrong in it is noted."""
    before = len(fields.context.errors)
    content: tuple[Block, ...] = ()
    kept: dict[str, Any] = {}
    if kind == "model_output":
        content = content_parse(fields, of_user=False)
        fields.take("error")
        for block in content:
            if isinstance(block, Media) and block.kind == "video":
                fields.context.wrong(block.pointer, "not_supported", "The models here make no videos.")
    elif kind == "thought":
        content = _summary(fields)
    elif kind == "google_search_call":
        kept = {"id": fields.text("id"), "search_type": fields.choice("search_type", SEARCH_TYPES)}
        kept["arguments"] = _queries(fields)
    else:
        kept = {"call_id": fields.text("call_id"), "result": _suggestions(fields)}
        kept["is_error"] = fields.flag("is_error", False) or None
    signature = fields.text("signature")
    kept["signature"] = None if signature and is_stand_in(signature) else signature
    fields.close(replayed=True)
    if len(fields.context.errors) > before or (kind == "thought" and signature and not (kept["signature"] or content)):
        return None
    return Step(fields.pointer, kind, content, {name: value for name, value in kept.items() if value is not None})


def is_stand_in(signature: str) -> bool:
    """Whether a signature says that there is none. SDKs whose signatures are bytes send it as base64."""
    return signature in _STAND_INS


def _summary(fields: Fields) -> tuple[Block, ...]:
    """The texts of a thought. Its pictures are dropped, also from the document: the signature stands for them."""
    summary = fields.items("summary")
    texts = [item for item in summary if isinstance(item, dict) and isinstance(item.get("text"), str)]
    if fields.has("summary") and isinstance(fields.values["summary"], list):
        fields.values["summary"] = [{"type": "text", "text": item["text"]} for item in texts]
    pointer = fields.at("summary")
    return tuple(Text(f"{pointer}/{index}", item["text"]) for index, item in enumerate(texts) if item["text"])


def _queries(fields: Fields) -> dict[str, list[str]] | None:
    inner = fields.inner("arguments")
    if inner is None:
        return None
    queries = inner.items("queries")
    if not all(isinstance(query, str) for query in queries):
        inner.wrong("queries", "wrong_type", "queries takes a list of strings.")
    inner.close(replayed=True)
    return {"queries": queries}


def _suggestions(fields: Fields) -> list[dict[str, str]] | None:
    kept = []
    for index, item in enumerate(fields.items("result")):
        if not isinstance(item, dict):
            fields.context.wrong(
                f"{fields.at('result')}/{index}", "wrong_type", f"This is {shown(item)}; it takes an object."
            )
            continue
        inner = Fields(fields.context, item, f"{fields.at('result')}/{index}")
        suggestions = inner.text("search_suggestions")
        inner.close(replayed=True)
        if suggestions is not None:
            kept.append({"search_suggestions": suggestions})
    return kept or None
