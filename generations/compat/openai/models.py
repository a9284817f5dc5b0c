"""Models by the names that OpenAI's clients use for them."""

from __future__ import annotations

from cavendish.gemini.catalog import Model, UnknownModel, models_taken, requested_model
from cavendish.http.problems import FieldError, Problem, first_of
from generations.request.hints import no_such_model

ADDRESS = "/openai/v1/models"
_VENDORS = ("models/", "google/", "gemini/")
"""What Google's own names begin with, and what routers put before them."""


def model_named(id: str | None) -> tuple[Model, str]:
    """The model that runs for a body's `model`, and that name as the native API takes it.

    Raises Problem 400 without one, 404 where there is none of that name.
    """
    if id is None:
        detail = f"model is missing; use {first_of([model.id for model in models_taken()], see=ADDRESS)}."
        raise Problem(400, "required", errors=[FieldError("/model", "required", detail)])
    name = id
    for vendor in _VENDORS:
        name = name.removeprefix(vendor)
    try:
        return requested_model(name), name
    except UnknownModel as unknown:
        detail = no_such_model(id, unknown, see=ADDRESS)
        raise Problem(404, "model_not_found", errors=[FieldError("/model", "model_not_found", detail)]) from None
