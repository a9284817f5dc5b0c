"""The tokens that are charged, in OpenAI's two ways of counting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generations.compat.shared.fan_out import charges
from generations.selectors import GenerationDetail

_INPUTS, _OUTPUTS = ("text", "image", "video"), ("text", "image")


def _counts(details: Sequence[GenerationDetail]) -> tuple[dict[str, int], dict[str, int], int, int]:
    """Tokens in and out by kind, those of thoughts, and how many of those that went in were cached."""
    used = [charge.usage for charge in charges(details) if charge.status == "charged" and charge.usage]
    inputs = {kind: sum(usage["input"][kind] for usage in used) for kind in _INPUTS}
    outputs = {kind: sum(usage["output"][kind] for usage in used) for kind in _OUTPUTS}
    return inputs, outputs, sum(usage["thought"] for usage in used), sum(usage["cached"] for usage in used)


def images_usage_json(details: Sequence[GenerationDetail]) -> dict[str, Any]:
    """The tokens that are charged for all of the jobs. Thoughts count as text of the output."""
    inputs, outputs, thoughts, _ = _counts(details)
    outputs["text"] += thoughts
    return {
        "input_tokens": sum(inputs.values()),
        "input_tokens_details": {"text_tokens": inputs["text"], "image_tokens": inputs["image"]},
        "output_tokens": sum(outputs.values()),
        "output_tokens_details": {"text_tokens": outputs["text"], "image_tokens": outputs["image"]},
        "total_tokens": sum(inputs.values()) + sum(outputs.values()),
    }


def chat_usage_json(details: Sequence[GenerationDetail]) -> dict[str, Any]:
    """The same as a chat counts them: thoughts are tokens of the completion."""
    inputs, outputs, thoughts, cached = _counts(details)
    prompt, completion = sum(inputs.values()), sum(outputs.values()) + thoughts
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {
            "cached_tokens": cached,
            "text_tokens": inputs["text"],
            "image_tokens": inputs["image"],
            "video_tokens": inputs["video"],
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": thoughts,
            "text_tokens": outputs["text"],
            "image_tokens": outputs["image"],
            "audio_tokens": 0,
        },
    }
