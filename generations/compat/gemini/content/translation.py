"""A generateContent body as the body of an interaction, which is the schema that every job is read from."""

from __future__ import annotations

from typing import Any

from cavendish.gemini.catalog import Model, UnknownModel, requested_model
from cavendish.http.problems import Problem
from generations.compat.gemini.content.settings import config_parse, safety_settings_parse, tools_parse
from generations.compat.gemini.content.turns import Turns, part_parse
from generations.compat.shared.camel_fields import CamelFields, camel_tree, is_idle
from generations.compat.shared.pointer_map import PointerMap, placed
from generations.request.fields import Context

_REFUSED = {
    "cachedContent": "Cached content is not offered; send the content itself.",
    "continuationToken": "There are no continuations here; send the whole conversation.",
    "toolConfig": "The image models call no tools of yours; leave it out.",
}

_IN_CONFIG = (
    "temperature", "topP", "topK", "seed", "maxOutputTokens", "stopSequences", "candidateCount", "responseModalities",
    "imageConfig", "thinkingConfig", "responseFormat", "responseMimeType",
)  # fmt: skip
# Where a name belongs that stands somewhere else.
_ELSEWHERE = {
    **{name: f"generationConfig.{name}" for name in _IN_CONFIG},
    **{name: f"generationConfig.imageConfig.{name}" for name in ("aspectRatio", "imageSize")},
    **{name: f"generationConfig.thinkingConfig.{name}" for name in ("thinkingLevel", "includeThoughts")},
    **dict.fromkeys(("input", "prompt", "messages"), "contents"),
    **dict.fromkeys(("n", "numberOfImages", "sampleCount"), "several requests, one picture each"),
    "config": "generationConfig",
    "googleSearch": "tools",
    "mimeType": "generationConfig.responseFormat.image.mimeType",
    "size": "generationConfig.imageConfig.imageSize",
    "system": "systemInstruction",
    "thinkingBudget": "generationConfig.thinkingConfig.thinkingLevel",
}


class Translation:
    """Translates one body for `model`, which the client called `name`. Afterwards `thoughts` says whether it wants to
    see them, and `ignored` names what was taken and changes nothing.
    """

    def __init__(self, model: Model, *, name: str | None = None) -> None:
        self.thoughts = False
        self.ignored: list[str] = []
        self._model = model
        self._name = name or model.id
        self._pointers: PointerMap | None = None

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body of an interaction. Raises Problem 422 with all that an interaction cannot express.

        `body` is as `body_read` returns it.
        """
        context, pointers = Context("native"), PointerMap()
        context.elsewhere = _ELSEWHERE
        fields = CamelFields(context, camel_tree(body), "")
        self._named(fields)
        turns = Turns(context, pointers)
        turns.parse(fields)
        tree: dict[str, Any] = {"model": self._name, "input": turns.steps}
        instruction = _instruction(fields)
        if instruction:
            tree["system_instruction"] = instruction
            pointers.note("/system_instruction", fields.at("systemInstruction"))
        config = fields.inner("generationConfig")
        if config is not None:
            self.thoughts = config_parse(config, self._model, tree, pointers)
        tools_parse(fields, tree, pointers)
        safety_settings_parse(fields, tree, pointers)
        for name in ("store", "labels"):
            if (value := fields.take(name)) is not None:
                tree[name] = value
                pointers.note(f"/{name}", fields.at(name))
        for name, because in _REFUSED.items():
            fields.refuse(name, because=because)
        tier = fields.text("serviceTier")
        if not is_idle(tier) and f"{tier}".lower() not in {"standard", "unspecified", "service_tier_standard"}:
            fields.wrong("serviceTier", "not_supported", "There is one tier for single requests; leave it out.")
        fields.close()
        context.raise_errors()
        self._pointers, self.ignored = pointers, context.ignored
        return tree

    def placed(self, problem: Problem) -> Problem:
        """A problem with the body, wherever it was noticed, in the names of the body."""
        return placed(problem, self._pointers)

    def _named(self, fields: CamelFields) -> None:
        model = fields.text("model")
        if model and not self._is_meant(model):
            fields.wrong("model", "conflict", f"The address names {self._name}; leave it out here.")

    def _is_meant(self, name: str) -> bool:
        try:
            return requested_model(name) is self._model
        except UnknownModel:
            return False


def _instruction(fields: CamelFields) -> str:
    """The texts of `systemInstruction`, one below the other."""
    given = fields.take("systemInstruction")
    if isinstance(given, str):
        return given
    content = fields.inner("systemInstruction")
    if content is None:
        return ""
    content.take("role")
    parts = content.take("parts")
    if isinstance(parts, dict):
        content.values["parts"] = [parts]
    texts = []
    for index, item in enumerate(content.items("parts")):
        pointer = f"{content.at('parts')}/{index}"
        block = part_parse(CamelFields(fields.context, item, pointer)) if isinstance(item, dict) else {"type": ""}
        if block is not None and block["type"] != "text":
            fields.context.wrong(pointer, "not_supported", "System instructions are text.")
        elif block is not None:
            texts.append(block["text"])
    content.close()
    return "\n".join(texts)
