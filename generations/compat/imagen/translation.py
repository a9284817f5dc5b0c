"""A predict body, as the SDKs' `generate_images` sends it, as the body of an interaction.

{"instances": [{"prompt": "…"}], "parameters": {"sampleCount": 2, "aspectRatio": "16:9", "sampleImageSize": "2K"}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cavendish.gemini.catalog import Model
from cavendish.http.problems import Problem
from generations.compat.shared.camel_fields import CamelFields, camel_tree, is_idle, said
from generations.compat.shared.pointer_map import PointerMap, placed
from generations.request.fields import Context

MAX_SAMPLES = 4
DEFAULT_SAMPLES = 4
"""Imagen's own: who does not say how many has always got, and paid, four."""
_SAFETY = ("image_hate", "image_dangerous_content", "image_harassment", "image_sexually_explicit")
_REFUSED = {
    "negativePrompt": "The model has no such setting; say in the prompt what should not be there.",
    "storageUri": "Pictures are in the answer; leave it out.",
}
# The model has its own way here and takes no setting. The answer names those that were given.
_IGNORED = ("guidanceScale", "enhancePrompt", "includeSafetyAttributes", "language")
# Where a name belongs that stands somewhere else.
_ELSEWHERE = {
    **dict.fromkeys(("n", "numberOfImages", "candidateCount", "numImages"), "sampleCount"),
    **dict.fromkeys(("mimeType", "outputMimeType"), "outputOptions.mimeType"),
    **dict.fromkeys(("size", "resolution"), "sampleImageSize"),
    **dict.fromkeys(("prompt", "contents", "input"), "instances"),
    **dict.fromkeys(("config", "generationConfig", "imageConfig"), "parameters"),
}


@dataclass(frozen=True)
class ImagenRequest:
    tree: dict[str, Any]
    count: int
    reasons: bool
    """Whether the answer says why pictures were filtered."""
    ignored: list[str]
    """Settings that were given and change nothing."""


class Translation:
    def __init__(self, model: Model) -> None:
        self._model = model
        self._pointers = PointerMap()

    def parse(self, body: dict[str, Any]) -> ImagenRequest:
        """The body of an interaction that `body` asks for. Raises Problem 422 with all that is wrong."""
        context = Context("native")
        context.elsewhere = _ELSEWHERE
        fields = CamelFields(context, camel_tree(body), "")
        prompt = self._prompt(fields)
        settings = fields.inner("parameters") or CamelFields(context, {}, "/parameters")
        labels = fields.inner("labels")
        count = settings.whole("sampleCount", 1, MAX_SAMPLES) or DEFAULT_SAMPLES
        seed = settings.whole("seed", 0, 2**31 - 1 - MAX_SAMPLES)
        reasons = settings.flag("includeRaiReason", False)
        tree: dict[str, Any] = {
            "model": self._model.id,
            "input": [{"type": "text", "text": prompt}],
            "response_format": [{"type": "image", **self._shape(settings)}],
            "max_images": 1,
            **self._safety(settings),
            **({"labels": labels.values} if labels else {}),
        }
        for name, because in _REFUSED.items():
            settings.refuse(name, because=because)
        if settings.take("addWatermark") is False:
            settings.wrong("addWatermark", "not_supported", "The model's pictures are always watermarked (SynthID).")
        if str(settings.take("personGeneration") or "").lower() == "dont_allow":
            detail = "The model cannot be kept from people; say it in the prompt and leave this out."
            settings.wrong("personGeneration", "not_supported", detail)
        ignored = [name for name in _IGNORED if not is_idle(settings.take(name))]
        output = settings.values.get("outputOptions")
        if isinstance(output, dict) and not is_idle(output.get("compressionQuality")):
            ignored.append("compressionQuality")
        settings.close()
        fields.close()
        context.raise_errors()
        for ours, theirs in (
            ("/input", "/instances/0/prompt"),
            ("/model", ""),
            ("/labels", "/labels"),
            ("/n", "/parameters/sampleCount"),
        ):
            self._pointers.note(ours, theirs)
        if seed is not None:
            tree["generation_config"] = {"seed": seed}
        return ImagenRequest(tree, count, reasons, ignored)

    def placed(self, problem: Problem) -> Problem:
        """A problem with a translated body, in the names of the one that came."""
        return placed(problem, self._pointers)

    def _prompt(self, fields: CamelFields) -> str:
        instances = fields.items("instances")
        if len(instances) != 1 or not isinstance(instances[0], dict):
            fields.wrong("instances", "wrong_type", 'It takes one instance: [{"prompt": "…"}].')
            return ""
        instance = CamelFields(fields.context, instances[0], "/instances/0")
        prompt = instance.text("prompt") or ""
        if not prompt.strip():
            instance.wrong("prompt", "required", "prompt is missing or empty; say what to make.")
        for name in ("image", "mask", "referenceImages"):
            instance.refuse(name, because="Pictures are edited with generateContent or interactions.")
        instance.close()
        return prompt

    def _shape(self, settings: CamelFields) -> dict[str, Any]:
        names = ("sampleImageSize", "imageSize")
        size = next((name for name in names if settings.has(name)), names[0])
        shape = {"aspect_ratio": settings.take("aspectRatio"), "image_size": _size(settings.take(size))}
        settings.take(*names)
        self._pointers.note("/response_format/0", "/parameters")
        self._pointers.note("/response_format/0/aspect_ratio", "/parameters/aspectRatio")
        self._pointers.note("/response_format/0/image_size", f"/parameters/{size}")
        output = settings.inner("outputOptions")
        if output is not None:
            shape["mime_type"] = output.take("mimeType")
            self._pointers.note("/response_format/0/mime_type", output.at("mimeType"))
            output.take("compressionQuality")  # pictures are handed out as the model made them
            output.close()
        return said(shape)

    def _safety(self, settings: CamelFields) -> dict[str, Any]:
        level = settings.text("safetySetting")
        if level is None or is_idle(level):
            return {}
        self._pointers.note("/safety_settings", settings.at("safetySetting"))
        return {"safety_settings": [{"type": kind, "threshold": level.lower()} for kind in _SAFETY]}


def _size(value: Any) -> Any:
    """Imagen takes "1k" too, which Google's own samples send; the models here know "1K" alone."""
    return value.upper() if isinstance(value, str) and value.lower() in {"1k", "2k"} else value
