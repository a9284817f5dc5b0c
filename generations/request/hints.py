"""The second half of an error message: what would have been right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable

from cavendish.gemini.catalog import Model, ModelRetired, UnknownModel, models_taken, requested_model
from cavendish.http.problems import Problem, first_of, shown

MODELS_ADDRESS = "/api/v1/models"

# What clients of other services send, and where it belongs here.
ELSEWHERE = {
    "prompt": "input",
    "contents": "input",
    "messages": "input",
    "config": "generation_config",
    "n": "max_images",
    "num_images": "n",
    "number_of_images": "n",
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
    "image_config": "response_format",
    "quality": "response_format.image_size",
    "resolution": "response_format.image_size",
    "mime_type": "response_format.mime_type",
    "top_p": "generation_config.top_p",
    "max_output_tokens": "generation_config.max_output_tokens",
    "stop_sequences": "generation_config.stop_sequences",
    "thinking_summaries": "generation_config.thinking_summaries",
    "google_search": "tools",
}
EXPLAINED = {
    "stream": "follow the job at /api/v1/generations/{id}/events instead.",
    "background": "every generation runs in the background; the header `Prefer: wait=60` waits for it.",
    "candidate_count": "one job gives one answer; send several jobs.",
    "person_generation": "the models have no such setting for a picture.",
    "prominent_people": "the models have no such setting for a picture.",
    "image_output_options": "the models have no such setting for a picture; response_format.mime_type names its type.",
    "output_compression_quality": "the models have no such setting for a picture.",
    **dict.fromkeys(
        ("top_k", "presence_penalty", "frequency_penalty", "media_resolution"),
        "the image models have no such setting; leave it out.",
    ),
    "service_tier": "there is one tier for single requests; batches cost less.",
}
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


def unknown_field(name: str, known: Collection[str]) -> str:
    """What to say of a field that is none here; `known` are those that are. camelCase is read as snake_case."""
    snake = _HUMP.sub(r"_\1", name[:60]).lower()
    near = [snake] if snake in known else difflib.get_close_matches(snake, known, n=1)
    if snake in EXPLAINED and snake not in known:
        hint = EXPLAINED[snake]
    elif near and snake == near[0]:
        hint = f"did you mean {snake}?"
    elif snake in ELSEWHERE or near:
        meant = ELSEWHERE.get(snake) or near[0]
        # Gemini's API has no `n`.
        hint = f"did you mean {ELSEWHERE['n'] if meant == 'n' and meant not in known else meant}?"
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


def model_missing(id: str, offered: Collection[Model], *, see: str = MODELS_ADDRESS) -> Problem:
    """The 404 of a model that was asked for by its id and is not among those `offered`."""
    try:
        requested_model(id)
    except UnknownModel as unknown:
        return Problem(404, "not_found", no_such_model(id, unknown, see=see))
    use = f"; use {first_of([model.id for model in offered], see=see)}" if offered else ""
    return Problem(404, "not_found", f"The model {shown(id)} is not offered here to this key{use}.")
