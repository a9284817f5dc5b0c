"""What the model answered, as a message has it: pieces in order, of which a message joins and a stream sends each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generations.compat.openai.chat.outlines import FORMAT, Place, outline_pack
from generations.compat.shared.early_ends import early_end
from generations.compat.shared.ends import FILTERED
from generations.compat.shared.json_stream import StoredBase64
from generations.compat.shared.signatures import KEPT, Step
from generations.errors import EndReason, ErrorCode
from generations.models import GenerationContent, Status
from generations.selectors import GenerationDetail
from generations.show.representation import grounding_json, is_grounded, page_path
from generations.show.signed_urls import url_sign

BETWEEN = "\n\n"
"""Between two texts that a picture stood between."""
Piece = dict[str, Any]


@dataclass
class Reply:
    """`pieces` are deltas of a message in the model's order; `rest` is what stands beside all of them."""

    pieces: list[Piece] = field(default_factory=list)
    rest: dict[str, Any] = field(default_factory=dict)
    finish_reason: str = "stop"
    native_finish_reason: str = "STOP"
    """The same in Google's words, of which there are more."""
    refusal: str | None = None

    def message(self) -> dict[str, Any]:
        """The pieces as one message."""
        text = "".join(piece.get("content", "") for piece in self.pieces)
        images = [image for piece in self.pieces for image in piece.get("images", ())]
        reasoning = "".join(piece.get("reasoning", "") for piece in self.pieces)
        details = [detail for piece in [*self.pieces, self.rest] for detail in piece.get("reasoning_details", ())]
        return {
            "role": "assistant",
            "content": text if text or not self.refusal else None,
            "refusal": self.refusal,
            **({"reasoning": reasoning} if reasoning else {}),
            **({"images": images} if images else {}),
            **self.rest,
            **({"reasoning_details": details} if details else {}),
        }


def reply_of(detail: GenerationDetail, content: GenerationContent, *, thoughts: bool) -> Reply | None:
    """The answer of an ended generation; None where it ended without one. `content` has its steps loaded."""
    generation = detail.generation
    code = (generation.error or {}).get("code")
    if generation.status != Status.SUCCEEDED and code not in {ErrorCode.NO_IMAGE, *FILTERED}:
        return None
    reply = _Reader(content, thoughts=thoughts).read()
    if code in FILTERED:
        # A picture that was blocked is not handed out, and what stood beside it is no answer.
        return Reply([], {}, *_finish(content, filtered=True), refusal=str((generation.error or {})["message"]))
    reply.finish_reason, reply.native_finish_reason = _finish(content, filtered=False)
    if is_grounded(content.grounding):
        reply.rest["grounding"] = grounding_json(content.grounding)
        reply.rest["page_url"] = url_sign(page_path(generation.id))[0]
    return reply


def _finish(content: GenerationContent, *, filtered: bool) -> tuple[str, str]:
    """Why the answer ended, in OpenAI's words and in Google's."""
    ended = early_end(content)
    if ended is None:
        return ("content_filter", "SAFETY") if filtered else ("stop", "STOP")
    reason, _ = ended
    if reason is EndReason.MAX_OUTPUT_TOKENS:
        return "length", "MAX_TOKENS"
    return "content_filter", "SPII" if reason is EndReason.SENSITIVE_DATA else reason.upper()


class _Reader:
    """Reads the upstream's steps once."""

    def __init__(self, content: GenerationContent, *, thoughts: bool) -> None:
        self._content = content
        self._thoughts = thoughts
        self._texts = iter(block for block in content.content if block["type"] == "text")
        self._reply = Reply()
        self._length = 0
        self._images = 0
        self._parted = False
        self._citations: list[dict[str, Any]] = []
        self._outline: list[Step] = []

    def read(self) -> Reply:
        for step in self._content.steps:
            kind = step.get("type")
            if kind == "thought" and self._thoughts:
                self._reasoning(step)
            if kind in KEPT:
                self._outline.append(step)
            elif kind == "model_output":
                places = [place for block in step.get("content") or () for place in self._block(block)]
                self._outline.append({"type": "model_output", "content": places})
        if self._citations:
            self._reply.rest["annotations"] = self._citations
        if self._needs_outline():
            packed = {"type": "reasoning.encrypted", "data": outline_pack(self._outline), "format": FORMAT, "index": 0}
            self._reply.rest["reasoning_details"] = [packed]
        return self._reply

    def _reasoning(self, step: Mapping[str, Any]) -> None:
        for block in step.get("summary") or ():
            if block.get("type") == "text" and (text := str(block.get("text") or "")):
                detail = {"type": "reasoning.summary", "summary": text, "format": FORMAT, "index": 0}
                self._reply.pieces.append({"reasoning": text, "reasoning_details": [detail]})

    def _block(self, block: Mapping[str, Any]) -> list[Place]:
        """The place of a block in the message; [] for one that a message has no place for."""
        if block.get("type") == "text":
            cited: Mapping[str, Any] = next(self._texts, {})
            return self._text(str(block.get("text") or ""), cited.get("citations") or ())
        if "storage_key" not in block:
            return []
        url = StoredBase64(block["storage_key"], prefix=f"data:{block['mime_type']};base64,")
        image = {"type": "image_url", "image_url": {"url": url}, "index": self._images}
        self._reply.pieces.append({"images": [image]})
        self._images += 1
        self._parted = True
        return [None]

    def _text(self, text: str, citations: Any) -> list[Place]:
        if not text:
            return []
        between = BETWEEN if self._parted and self._length else ""
        start = self._length + len(between)
        self._citations += [_annotation(citation, text, start) for citation in citations]
        self._reply.pieces.append({"content": between + text})
        self._length = start + len(text)
        self._parted = False
        return [[start, self._length]]

    def _needs_outline(self) -> bool:
        """Whether text and pictures alone do not say how the turn was."""
        signed = any(step["type"] != "model_output" and step.get("signature") for step in self._outline)
        order = [place is None for step in self._outline for place in step.get("content") or () if "content" in step]
        return signed or order != sorted(order) or order.count(False) > 1


def _annotation(citation: Mapping[str, Any], text: str, start: int) -> dict[str, Any]:
    """A citation as OpenAI has it: in characters of the message, where ours counts bytes of its text."""
    raw = text.encode()
    begin, end = (start + len(raw[: citation[name]].decode(errors="ignore")) for name in ("start_index", "end_index"))
    cited = {"url": citation["url"], "title": citation["title"], "start_index": begin, "end_index": end}
    return {"type": "url_citation", "url_citation": cited}
