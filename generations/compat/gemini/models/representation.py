"""A model as Google's API shows it, with our limits."""

from __future__ import annotations

from typing import Any

from cavendish.gemini.catalog import Model


def model_json(model: Model) -> dict[str, Any]:
    return {
        "name": f"models/{model.id}",
        "version": "1",
        "displayName": model.name,
        "description": model.description,
        "inputTokenLimit": model.input_token_limit,
        "outputTokenLimit": model.output_token_limit,
        "supportedGenerationMethods": [
            "createInteraction",
            "generateContent",
            "streamGenerateContent",
            "countTokens",
            "batchGenerateContent",
        ],
        "thinking": model.thinks,
    }
