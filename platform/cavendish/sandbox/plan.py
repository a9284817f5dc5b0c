"""What the model will respond: decided when the request arrives, delivered when its latency is over."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, replace

from cavendish.gemini.catalog import Resolution, text_tokens
from cavendish.sandbox import prose
from cavendish.sandbox.contents import Json
from cavendish.sandbox.pictures import Recipe
from cavendish.sandbox.request import ImageRequest, PictureFormat
from cavendish.sandbox.words import without_words

_FAILURES = {
    "safety": "The request was blocked: the generated picture would violate the safety policies.",
    "prohibited_content": "The response was blocked: it may hold prohibited content.",
    "blocklist": "The response was blocked: it holds a term of the blocklist.",
    "spii": "The response was blocked: it may hold sensitive personal information.",
    "recitation": "The response ended: it repeats a source.",
    "language": "The response ended: its language is not supported.",
    "failed": "An internal error has occurred. Please retry.",
}
# A prompt that asks a model for text and pictures in turn, as the guide's does: "…, interleave illustrations".
_IN_TURN = re.compile(r"\binterleav|交织|穿插|图文并茂", re.IGNORECASE)
_PICTURES_IN_TURN = 3
_SECOND_SKETCH_FROM = 700
"""Thought tokens from which on there are two interim pictures instead of one."""


@dataclass(frozen=True)
class ResponsePlan:
    """The planned response.

    `steps` are as the interaction shows them, with pictures as `{"data": {"recipe": {…}}}`; `frame` are the pixels of
    the last picture.
    """

    status: str
    steps: list[Json] = field(default_factory=list)
    usage: Json = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)
    frame: tuple[int, int] | None = None


def create_plan(request: ImageRequest, *, attempt: int, previous_frame: tuple[int, int] | None) -> ResponsePlan:
    """Returns the plan for a request.

    `attempt` counts how often this body arrived, from 1; `previous_frame` is the previous turn's picture, in pixels.
    """
    if fault := request.words.fault(attempt, *_FAILURES):
        error = {"code": "internal" if fault.kind == "failed" else fault.kind, "message": _FAILURES[fault.kind]}
        return ResponsePlan("failed", usage=_usage(request, text=0, image=0, thought=0, queries=0), errors=[error])
    return _Composer(request, attempt, previous_frame).plan()


class _Composer:
    def __init__(self, request: ImageRequest, attempt: int, previous_frame: tuple[int, int] | None) -> None:
        self._request = request
        self._prompt = without_words(request.contents.prompt)
        self._previous_frame = previous_frame
        self._count = self._pictures()
        self._no_image = request.words.fault(attempt, "no_image") is not None
        self._wrong_size = request.words.fault(attempt, "wrong_size") is not None
        # The same request draws the same picture; another prompt, seed, input or turn draws another one.
        contents = request.contents
        identity = [
            request.model.id,
            contents.steps,
            contents.digests,
            request.system_instruction,
            request.seed,
            request.previous,
        ]
        self._seed = hashlib.sha256(json.dumps(identity).encode()).hexdigest()

    def _pictures(self) -> int:
        request = self._request
        if request.words.images is not None:
            return request.words.images
        asked = request.model.interleaves and request.wants_text and _IN_TURN.search(self._prompt)
        return _PICTURES_IN_TURN if asked else 1

    def plan(self) -> ResponsePlan:
        request = self._request
        thought = request.model.thought_typical.get(request.model.thought_key(request.thinking_level), 0)
        content, text, image, complete = self._content(thought)
        steps = [*self._thoughts(thought), *self._searches(), {"type": "model_output", "content": content}]
        usage = _usage(request, text=text, image=image, thought=thought, queries=len(request.search_types))
        frame = self._pixels(request.picture) if request.picture and image else None
        return ResponsePlan("completed" if complete else "incomplete", steps, usage, frame=frame)

    def _content(self, thought: int) -> tuple[list[Json], int, int, bool]:
        """Returns blocks in order, their text and image tokens, and whether all fit into `max_output_tokens`."""
        request = self._request
        content: list[Json] = []
        text = image = 0
        budget = request.max_output_tokens or request.model.output_token_limit
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
        request = self._request
        if request.picture is None or self._no_image:
            block = {"type": "text", "text": prose.answer_text()}
            if request.search_types:
                block = self._cited()
            return [(block, text_tokens(block["text"]))]
        count = self._count
        tokens = self._row(request.picture).tokens
        blocks: list[tuple[Json, int]] = []
        for index in range(count):
            # Citations belong to a text: a grounded response has one even beside a picture alone.
            if request.search_types and index == 0:
                block = self._cited()
                blocks.append((block, text_tokens(block["text"])))
            elif request.wants_text:
                text = prose.caption(index, count)
                blocks.append(({"type": "text", "text": text}, text_tokens(text)))
            blocks.append((self._picture(request.picture, index), tokens))
        return blocks

    def _picture(self, picture: PictureFormat, index: int) -> Json:
        width, height = self._pixels(picture)
        if self._wrong_size:
            width, height = width // 2, height // 2
        words = self._request.words
        recipe = replace(self._recipe(picture, index, width, height), bytes=words.bytes, c2pa=words.c2pa)
        return {"type": "image", "mime_type": picture.mime_type, "data": {"recipe": asdict(recipe)}}

    def _recipe(self, picture: PictureFormat, index: int, width: int, height: int, note: str = "") -> Recipe:
        label = f"{self._request.model.id} · {self._row(picture).aspect_ratio} · {picture.image_size}{note}"
        text = f"{index + 1}. {self._prompt}" if self._count > 1 and index >= 0 else self._prompt
        return Recipe(text[:1000], label, f"{self._seed}:{index}", width, height, picture.mime_type)

    def _thoughts(self, tokens: int) -> list[Json]:
        if not tokens:
            return []
        summary: list[Json] = [{"type": "text", "text": prose.thought_text(self._prompt)}]
        if picture := self._request.picture:
            width, height = (side // 2 for side in self._pixels(picture))
            sketches = min(self._request.model.max_interim_images, 2 if tokens >= _SECOND_SKETCH_FROM else 1)
            for index in range(-1, -1 - sketches, -1):
                recipe = self._recipe(picture, index, width, height, " · interim thought")
                summary.append({"type": "image", "mime_type": picture.mime_type, "data": {"recipe": asdict(recipe)}})
        step: Json = {"type": "thought", "signature": prose.signature(self._seed)}
        return [{**step, "summary": summary} if self._request.summaries else step]

    def _searches(self) -> list[Json]:
        steps: list[Json] = []
        for number, kind in enumerate(self._request.search_types, 1):
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
        return prose.cited_text(self._request.search_types, prose.search_query(self._prompt, "web_search"))

    def _row(self, picture: PictureFormat) -> Resolution:
        model = self._request.model
        frame = self._request.contents.last_size or self._previous_frame
        ratio = picture.aspect_ratio or (model.nearest_aspect_ratio(*frame) if frame else model.default_aspect_ratio)
        return model.resolution(ratio, picture.image_size)

    def _pixels(self, picture: PictureFormat) -> tuple[int, int]:
        row = self._row(picture)
        return row.width, row.height


def _usage(request: ImageRequest, *, text: int, image: int, thought: int, queries: int) -> Json:
    """Returns usage as Google reports it. Tokens of `[[extra_tokens:N]]` have no modality, as in real responses."""
    inputs = request.input_tokens
    image += request.words.overrun if image else 0
    output = text + image + (request.words.extra_tokens if text or image else 0)
    usage: Json = {
        "total_tokens": sum(inputs.values()) + output + thought,
        "total_input_tokens": sum(inputs.values()),
        "input_tokens_by_modality": _by_modality(inputs),
        "total_cached_tokens": 0,
        "cached_tokens_by_modality": [],
        "total_output_tokens": output,
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
