"""What the model will answer: decided when the request arrives, delivered when its time has come."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace

from cavendish.gemini.catalog import Resolution, text_tokens
from cavendish.sandbox import prose
from cavendish.sandbox.contents import Json
from cavendish.sandbox.pictures import Recipe
from cavendish.sandbox.request import ImageRequest, PictureFormat
from cavendish.sandbox.words import without_words

_FAILURES = {
    "safety": "The request was blocked: the generated picture would violate the safety policies.",
    "failed": "An internal error has occurred. Please retry.",
}
_CODES = {"safety": "safety", "failed": "internal"}


@dataclass(frozen=True)
class ResponsePlan:
    """`steps` as the interaction shows them, pictures as `{"data": {"recipe": {…}}}`; `frame`: pixels of the last."""

    status: str
    steps: list[Json] = field(default_factory=list)
    usage: Json = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)
    frame: tuple[int, int] | None = None


def make_plan(ask: ImageRequest, *, attempt: int, previous_frame: tuple[int, int] | None) -> ResponsePlan:
    """`attempt` counts how often this body came, from 1; `previous_frame` is the last turn's picture, in pixels."""
    if fault := ask.words.fault(attempt, "safety", "failed"):
        error = {"code": _CODES[fault.kind], "message": _FAILURES[fault.kind]}
        return ResponsePlan("failed", usage=_usage(ask, text=0, image=0, thought=0, queries=0), errors=[error])
    return _Composer(ask, attempt, previous_frame).plan()


class _Composer:
    def __init__(self, ask: ImageRequest, attempt: int, previous_frame: tuple[int, int] | None) -> None:
        self._ask = ask
        self._prompt = without_words(ask.contents.prompt)
        self._previous_frame = previous_frame
        self._no_image = ask.words.fault(attempt, "no_image") is not None
        self._wrong_size = ask.words.fault(attempt, "wrong_size") is not None
        # The same request draws the same picture; another prompt, seed, input or turn another one.
        asked = ask.contents
        identity = [ask.model.id, asked.steps, asked.digests, ask.system_instruction, ask.seed, ask.previous]
        self._seed = hashlib.sha256(json.dumps(identity).encode()).hexdigest()

    def plan(self) -> ResponsePlan:
        ask = self._ask
        thought = ask.model.thought_typical.get(ask.model.thought_key(ask.thinking_level), 0)
        content, text, image, complete = self._content(thought)
        steps = [*self._thoughts(thought), *self._searches(), {"type": "model_output", "content": content}]
        usage = _usage(ask, text=text, image=image, thought=thought, queries=len(ask.search_types))
        frame = self._pixels(ask.picture) if ask.picture and image else None
        return ResponsePlan("completed" if complete else "incomplete", steps, usage, frame=frame)

    def _content(self, thought: int) -> tuple[list[Json], int, int, bool]:
        """Blocks in order, their text and image tokens, and whether `max_output_tokens` let all of them through."""
        ask = self._ask
        content: list[Json] = []
        text = image = 0
        budget = ask.max_output_tokens or ask.model.output_token_limit
        for block, tokens in self._blocks():
            if thought + text + image + tokens > budget:
                return content, text, image, False
            content.append(block)
            if block["type"] == "text":
                text += tokens
            else:
                image += tokens
        return content, text, image, True

    def _blocks(self) -> list[tuple[Json, int]]:
        ask = self._ask
        if ask.picture is None or self._no_image:
            block = {"type": "text", "text": prose.answer_text()}
            if ask.search_types:
                block = self._cited()
            return [(block, text_tokens(block["text"]))]
        count = ask.words.images
        tokens = self._row(ask.picture).tokens
        blocks: list[tuple[Json, int]] = []
        for index in range(count):
            # Citations have no place but a text: a grounded answer carries one even beside a picture alone.
            if ask.search_types and index == 0:
                block = self._cited()
                blocks.append((block, text_tokens(block["text"])))
            elif ask.wants_text:
                text = prose.caption(index, count)
                blocks.append(({"type": "text", "text": text}, text_tokens(text)))
            blocks.append((self._picture(ask.picture, index), tokens))
        return blocks

    def _picture(self, wanted: PictureFormat, index: int) -> Json:
        width, height = self._pixels(wanted)
        if self._wrong_size:
            width, height = width // 2, height // 2
        words = self._ask.words
        recipe = replace(self._recipe(wanted, index, width, height), bytes=words.bytes, c2pa=words.c2pa)
        return {"type": "image", "mime_type": wanted.mime_type, "data": {"recipe": asdict(recipe)}}

    def _recipe(self, wanted: PictureFormat, index: int, width: int, height: int, note: str = "") -> Recipe:
        label = f"{self._ask.model.id} · {self._row(wanted).aspect_ratio} · {wanted.image_size}{note}"
        text = f"{index + 1}. {self._prompt}" if self._ask.words.images > 1 else self._prompt
        return Recipe(text[:1000], label, f"{self._seed}:{index}", width, height, wanted.mime_type)

    def _thoughts(self, tokens: int) -> list[Json]:
        if not tokens:
            return []
        summary: list[Json] = [{"type": "text", "text": prose.thought_text(self._prompt)}]
        if wanted := self._ask.picture:
            width, height = (side // 2 for side in self._pixels(wanted))
            recipe = self._recipe(wanted, -1, width, height, " · interim thought")
            summary.append({"type": "image", "mime_type": wanted.mime_type, "data": {"recipe": asdict(recipe)}})
        step: Json = {"type": "thought", "signature": prose.signature(self._seed)}
        return [{**step, "summary": summary} if self._ask.summaries else step]

    def _searches(self) -> list[Json]:
        steps: list[Json] = []
        for number, kind in enumerate(self._ask.search_types, 1):
            query = prose.search_query(self._prompt, kind)
            call_id = f"gs_{number}"
            steps.append(
                {
                    "type": "google_search_call",
                    "id": call_id,
                    "arguments": {"queries": [query]},
                    "search_type": kind,
                    "signature": prose.signature(f"{self._seed}:call:{kind}"),
                }
            )
            steps.append(
                {
                    "type": "google_search_result",
                    "call_id": call_id,
                    "is_error": False,
                    "result": [{"search_suggestions": prose.search_suggestions(query)}],
                    "signature": prose.signature(f"{self._seed}:result:{kind}"),
                }
            )
        return steps

    def _cited(self) -> Json:
        return prose.cited_text(self._ask.search_types, prose.search_query(self._prompt, "web_search"))

    def _row(self, wanted: PictureFormat) -> Resolution:
        model = self._ask.model
        frame = self._ask.contents.last_size or self._previous_frame
        ratio = wanted.aspect_ratio or (model.nearest_aspect_ratio(*frame) if frame else model.default_aspect_ratio)
        return model.resolution(ratio, wanted.image_size)

    def _pixels(self, wanted: PictureFormat) -> tuple[int, int]:
        row = self._row(wanted)
        return row.width, row.height


def _usage(ask: ImageRequest, *, text: int, image: int, thought: int, queries: int) -> Json:
    """As Google reports it; tokens of `[[extra_tokens:N]]` have no modality, as in real answers."""
    taken = ask.input_tokens
    image += ask.words.overrun if image else 0
    given = text + image + (ask.words.extra_tokens if text or image else 0)
    usage: Json = {
        "total_tokens": sum(taken.values()) + given + thought,
        "total_input_tokens": sum(taken.values()),
        "input_tokens_by_modality": _by_modality(taken),
        "total_cached_tokens": 0,
        "cached_tokens_by_modality": [],
        "total_output_tokens": given,
        "output_tokens_by_modality": _by_modality({"image": image, "text": text}),
        "total_tool_use_tokens": 0,
        "tool_use_tokens_by_modality": [],
        "total_thought_tokens": thought,
    }
    if queries:
        usage["grounding_tool_count"] = [{"type": "google_search", "count": queries}]
    return usage


def _by_modality(tokens: dict[str, int]) -> list[Json]:
    return [{"modality": modality, "tokens": count} for modality, count in tokens.items() if count]
