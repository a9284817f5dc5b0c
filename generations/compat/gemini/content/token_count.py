"""Tokens of a conversation by the rule that quotes use, without running or keeping anything."""

from __future__ import annotations

from typing import Any

from cavendish.gemini.catalog import Model, text_tokens


def tokens_json(tree: dict[str, Any], model: Model) -> dict[str, Any]:
    """`tree` as Translation makes it. Each picture counts by the catalog's figure, each video at the model's limit,
    since how long it is shows only when it is read. It need not end with the user's turn: histories are counted, too.
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
