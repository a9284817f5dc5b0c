"""An ended generation as a GenerateContentResponse (docs/wire.md): parts in order, why it ended, grounding, usage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cavendish.db import ids
from cavendish.gemini.catalog import Model, text_tokens
from cavendish.http.problems import Problem
from cavendish.http.times import moment
from generations.compat.gemini.content.grounding import grounding_json
from generations.compat.shared.addresses import output_url
from generations.compat.shared.early_ends import early_end, is_at_limit
from generations.compat.shared.ends import failure_code, failure_message, failure_status
from generations.compat.shared.json_stream import StoredBase64
from generations.compat.shared.signatures import signature_pack
from generations.errors import EndReason, ErrorCode
from generations.models import TERMINAL, GenerationContent, Status
from generations.selectors import GenerationDetail

Part = dict[str, Any]
_WHOLE = {"finishReason": "STOP"}
_USAGE = {
    "promptTokenCount": "total_input_tokens",
    "candidatesTokenCount": "total_output_tokens",
    "thoughtsTokenCount": "total_thought_tokens",
    "cachedContentTokenCount": "total_cached_tokens",
    "toolUsePromptTokenCount": "total_tool_use_tokens",
    "totalTokenCount": "total_tokens",
}
_ALWAYS = {"promptTokenCount", "candidatesTokenCount", "totalTokenCount"}
_DETAILS = {
    "promptTokensDetails": "input_tokens_by_modality",
    "candidatesTokensDetails": "output_tokens_by_modality",
    "cacheTokensDetails": "cached_tokens_by_modality",
    "toolUsePromptTokensDetails": "tool_use_tokens_by_modality",
}
# What Google calls the end of a picture, where that has a name of its own, and of a text.
_REASONS = {
    EndReason.MAX_OUTPUT_TOKENS: ("MAX_TOKENS", "MAX_TOKENS"),
    EndReason.SAFETY: ("IMAGE_SAFETY", "SAFETY"),
    EndReason.PROHIBITED_CONTENT: ("IMAGE_PROHIBITED_CONTENT", "PROHIBITED_CONTENT"),
    EndReason.BLOCKLIST: ("BLOCKLIST", "BLOCKLIST"),
    EndReason.SENSITIVE_DATA: ("SPII", "SPII"),
    EndReason.RECITATION: ("IMAGE_RECITATION", "RECITATION"),
    EndReason.LANGUAGE: ("LANGUAGE", "LANGUAGE"),
}
ANSWERED = frozenset({ErrorCode.SAFETY_BLOCKED, ErrorCode.NO_IMAGE, ErrorCode.GUARD_REFUSED})
"""Failures that generateContent has a reason to finish for. All others are errors, and none of them is charged."""


@dataclass
class AnswerParts:
    """The parts of an answer. `texts` names the block of `GenerationContent.content` behind a part, by its index."""

    parts: list[Part] = field(default_factory=list)
    texts: dict[int, dict[str, Any]] = field(default_factory=dict)


def response_json(detail: GenerationDetail, *, thoughts: bool) -> dict[str, Any]:
    """The answer of an ended generation, of which the whole is loaded.

    What is charged is handed out: the text that came instead of a picture, too.
    """
    generation, content = detail.generation, detail.content
    answer_parts = AnswerParts()
    if generation.status == Status.SUCCEEDED or (generation.error or {}).get("code") == ErrorCode.NO_IMAGE:
        answer_parts = _read(content, thoughts=thoughts)
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": answer_parts.parts}}
    candidate |= _finish(detail, content)
    if grounding := grounding_json(content, answer_parts.texts):
        candidate["groundingMetadata"] = grounding
    usage = usage_json(content.usage_reported or {})
    return {"candidates": [candidate], **head_json(detail), "usageMetadata": usage}


def failure_of(detail: GenerationDetail) -> Problem | None:
    """The error that an ended generation is answered with; None where it is answered with a response.

    No SDK of Google's sends generateContent again by itself (docs/wire.md), and clients that know nothing of reasons to
    finish take a response without parts for an empty answer.
    """
    generation = detail.generation
    if generation.status == Status.SUCCEEDED:
        return None
    code = failure_code(detail)
    if code in ANSWERED:
        return None
    return Problem(499 if generation.status == Status.CANCELED else failure_status(code), code, failure_message(detail))


def head_json(detail: GenerationDetail) -> dict[str, Any]:
    generation = detail.generation
    return {
        "modelVersion": generation.model,
        "responseId": ids.encode(ids.GENERATION, generation.id),
        "createTime": moment(generation.created_at),
    }


def unfinished_json(detail: GenerationDetail) -> dict[str, Any]:
    """The answer for a client whose wait ended before the job did. It goes on, and its interaction can be read."""
    public = ids.encode(ids.GENERATION, detail.generation.id)
    message = f"The answer is not there yet; it is going to be at /v1/interactions/{public}. Do not send it again."
    content = {"role": "model", "parts": []}
    candidate = {"index": 0, "content": content, "finishReason": "OTHER", "finishMessage": message}
    return {"candidates": [candidate], **head_json(detail), "usageMetadata": usage_json({})}


def chunks_json(response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same answer as a stream gives it: a chunk for each part; the last says why it ended, grounding and usage."""
    [candidate] = response["candidates"]
    head = {name: value for name, value in response.items() if name not in {"candidates", "usageMetadata"}}
    if "error" in response:
        yield dict(response)
        return
    *most, last = candidate["content"]["parts"] or [None]
    for part in most:
        yield {"candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}}], **head}
    content = {"role": "model", "parts": [] if last is None else [last]}
    yield {**response, "candidates": [{**candidate, "content": content}]}


def usage_json(reported: Mapping[str, Any]) -> dict[str, Any]:
    """The upstream's own counts under this API's names."""
    counts = {name: reported.get(theirs) for name, theirs in _USAGE.items()}
    shown: dict[str, Any] = {name: count or 0 for name, count in counts.items() if count or name in _ALWAYS}
    for name, theirs in _DETAILS.items():
        entries = reported.get(theirs)
        details = [
            {"modality": str(entry.get("modality", "")).upper(), "tokenCount": entry.get("tokens", 0)}
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, Mapping)
        ]
        if details:
            shown[name] = details
    return shown


def tokens_json(tree: dict[str, Any], model: Model) -> dict[str, Any]:
    """Tokens of a conversation by the rule that quotes use; `tree` is as Translation returns it.

    Each picture counts by the catalog's figure, each video at the model's limit, since how long it is shows only when
    it is read. It need not end with the user's turn: histories are counted, too.
    """
    counts = {"TEXT": text_tokens(tree.get("system_instruction", "")), "IMAGE": 0, "VIDEO": 0}
    for step in tree["input"]:
        for block in [*step.get("content", ()), *step.get("summary", ())]:
            if block["type"] == "text":
                counts["TEXT"] += text_tokens(block["text"])
            elif block["type"] == "image":
                counts["IMAGE"] += model.tokens_per_input_image
            else:
                counts["VIDEO"] += model.video_token_limit
    details = [{"modality": modality, "tokenCount": count} for modality, count in counts.items() if count]
    return {"totalTokens": sum(counts.values()), "promptTokensDetails": details}


def _read(content: GenerationContent, *, thoughts: bool) -> AnswerParts:
    """The parts of the upstream's steps. A signature goes on the next part that is no thought."""
    answer_parts = AnswerParts()
    texts = iter(block for block in content.content if block["type"] == "text")
    unsigned: list[dict[str, Any]] = []
    by_uri = content.job_spec.get("by_uri", False)
    for step in content.steps:
        kind = step.get("type")
        if kind == "thought":
            shown = [_part(block, by_uri=by_uri) for block in step.get("summary") or ()] if thoughts else []
            answer_parts.parts += [{**part, "thought": True} for part in shown if part]
            unsigned.append(step)
        elif kind in {"google_search_call", "google_search_result"}:
            unsigned.append(step)
        elif kind == "model_output":
            for block in step.get("content") or ():
                cited = next(texts, None) if block.get("type") == "text" else None
                part = _part(block, by_uri=by_uri)
                if not part:
                    continue
                if cited:
                    answer_parts.texts[len(answer_parts.parts)] = cited
                answer_parts.parts.append(part | _signed(unsigned))
                unsigned = []
    if signed := _signed(unsigned):
        # Google, too, ends with an empty text where nothing is left to sign.
        answer_parts.parts.append({"text": "", **signed})
    return answer_parts


def _signed(steps: list[dict[str, Any]]) -> dict[str, str]:
    signature = signature_pack(steps)
    return {"thoughtSignature": signature} if signature else {}


def _part(block: Mapping[str, Any], *, by_uri: bool) -> Part | None:
    if block.get("type") == "text":
        return {"text": str(block["text"])} if block.get("text") else None
    if "storage_key" not in block:
        return None
    if by_uri and "output_id" in block:
        return {"fileData": {"mimeType": block["mime_type"], "fileUri": output_url(block["output_id"])}}
    return {"inlineData": {"mimeType": block["mime_type"], "data": StoredBase64(block["storage_key"])}}


def _finish(detail: GenerationDetail, content: GenerationContent) -> dict[str, str]:
    generation = detail.generation
    if generation.status not in TERMINAL:
        raise ValueError(f"{generation} has not ended")
    ended = early_end(content)
    wants_image = content.job_spec.get("wants_image", True)
    if generation.status == Status.SUCCEEDED:
        return {"finishReason": _reason(ended[0], wants_image), "finishMessage": ended[1]} if ended else _WHOLE
    error = generation.error or {"code": "canceled", "message": "The request was canceled."}
    match error["code"]:
        case ErrorCode.SAFETY_BLOCKED:
            reason = _reason(ended[0] if ended else EndReason.SAFETY, wants_image)
        case ErrorCode.GUARD_REFUSED:
            reason = _reason(EndReason.PROHIBITED_CONTENT, wants_image)
        case ErrorCode.NO_IMAGE:
            reason = "MAX_TOKENS" if is_at_limit(content) else "NO_IMAGE"
        case _:
            reason = "OTHER"
    return {"finishReason": reason, "finishMessage": str(error["message"])}


def _reason(reason: EndReason, wants_image: bool) -> str:
    of_image, of_text = _REASONS[reason]
    return of_image if wants_image else of_text
