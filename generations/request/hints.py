"""The second half of an error message: what would have been right."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable

from cavendish.gemini.catalog import Model, ModelRetired, UnknownModel, models_taken
from cavendish.http.problems import first_of, shown

MODELS_ADDRESS = "/api/v1/models"

# What clients of other services send, and where it belongs here.
ELSEWHERE = {
    "prompt": "input",
    "contents": "input",
    "messages": "input",
    "n": "max_images",
    "num_images": "max_images",
    "number_of_images": "max_images",
    "size": "response_format.image_size",
    "image_size": "response_format.image_size",
    "aspect_ratio": "response_format.aspect_ratio",
    "output_format": "response_format.mime_type",
    "thinking_level": "generation_config.thinking_level",
    "thinking_budget": "generation_config.thinking_level",
    "temperature": "generation_config.temperature",
    "seed": "generation_config.seed",
    "labels": "metadata",
    "system": "system_instruction",
}
EXPLAINED = {
    "stream": "follow the job at /api/v1/generations/{id}/events instead.",
    "background": "every generation runs in the background; the header `Prefer: wait=60` waits for it.",
    "candidate_count": "one job gives one answer; send several jobs.",
}


def unknown_field(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name[:60].lower(), known, n=1)
    if name in EXPLAINED:
        hint = EXPLAINED[name]
    elif name in ELSEWHERE or near:
        hint = f"did you mean {ELSEWHERE.get(name) or near[0]}?"
    else:
        hint = f"known are {listing(sorted(known), 'and')}."
    return f"{shown(name)} is not a field here; {hint}"


def listing(values: Iterable[str], word: str = "or") -> str:
    """ "a, b or c"."""
    *most, last = list(values) or ["nothing"]
    return f"{', '.join(most)} {word} {last}" if most else last


def use(value: str, options: Collection[str]) -> str:
    """The end of a message: the option that was probably meant, and all of them."""
    near = difflib.get_close_matches(value[:60].lower(), [option.lower() for option in options], n=1)
    meant = next((option for option in options if near and option.lower() == near[0]), None)
    if meant is None or len(options) == 1:
        return f"use {listing(options)}."
    return f"did you mean {meant}? Taken are {listing(options, 'and')}."


def who_takes(takes: Callable[[Model], bool]) -> str:
    """A sentence that names the models for which `takes` holds; "" when there is none."""
    others = [model.id for model in models_taken() if model.deprecated is None and takes(model)]
    return f" It is taken by {first_of(others, see=MODELS_ADDRESS, word='and')}." if others else ""


def no_such_model(id: str, unknown: UnknownModel, *, see: str = MODELS_ADDRESS) -> str:
    """What to say of an id that is no model's: the one that was probably meant, or some and where all are listed."""
    if isinstance(unknown, ModelRetired):
        return f"{unknown} All are listed at {see}."
    if unknown.nearest:
        return f"There is no model {shown(id)}; did you mean {unknown.nearest}? All are listed at {see}."
    return f"There is no model {shown(id)}; use {first_of(unknown.known, see=see)}."
