"""The body of a generation, or of an interaction (one schema), as a GenerationRequest, or a problem with all that is
wrong.
"""

from __future__ import annotations

from typing import Any

from cavendish.gemini.catalog import Model, UnknownModel, models_taken, requested_model
from cavendish.http.problems import invalid_value, shown
from generations.request.checks import check_characters, check_length, check_media
from generations.request.fields import Context, Fields, is_idle
from generations.request.formats import response_parse
from generations.request.generation_request import Dialect, GenerationRequest
from generations.request.hints import MODELS_ADDRESS, no_such_model
from generations.request.settings import (
    INT32,
    gemini_config_parse,
    metadata_parse,
    safety_settings_parse,
    search_types_parse,
    stop_sequences_parse,
    thinking_level_parse,
)
from generations.request.shapes import input_parse
from generations.request.templates import TemplateFinder, no_templates, template_parse, template_steps
from generations.request.webhooks import webhook_config_parse, webhook_parse

MAX_VARIANTS = 8
MAX_SECONDS = 86_400
"""How far off a deadline may be."""

# Ignoring one of these would answer something else than what was asked.
REFUSED = {
    "agent": "Agents are not offered; name a model.",
    "agent_config": "Agents are not offered; name a model.",
    "cached_content": "Cached content is not offered; send the content itself.",
    "environment": "Environments are not offered.",
    "continuation_token": "There are no continuations here; use previous_interaction_id.",
}


def request_parse(
    tree: Any, *, dialect: Dialect = "native", templates: TemplateFinder = no_templates
) -> GenerationRequest:
    """Reads `tree` (as `body_read` returns it; it is pruned in place) and checks it against the catalog.

    "native" refuses unknown fields; "interactions" also takes some that change nothing. Looks into no file, needs no
    network, and no database but where `templates` looks one up; takes well under a millisecond. Raises Problem 422
    `invalid_request` with every wrong value.
    """
    if not isinstance(tree, dict):
        raise invalid_value("", "wrong_type", f"The body is {shown(tree)}; it takes an object.")
    context = Context(dialect)
    fields = Fields(context, tree, "")
    model = _model(fields)
    template = template_parse(fields, templates) if context.strict else None
    if context.strict and fields.has("template"):
        steps = template_steps(context, fields.take("input"), template)
    else:
        steps = input_parse(context, fields.take("input"))
    config = fields.inner("generation_config") or Fields(context, {}, "/generation_config")
    response = response_parse(fields, config, model)
    system_instruction = fields.text("system_instruction")
    if model is not None:
        check_media(context, steps, model)
    parsed: dict[str, Any] = {
        "dialect": dialect,
        "steps": steps,
        "response": response,
        "system_instruction": system_instruction or None,
        "thinking_level": thinking_level_parse(config, model),
        "thinking_summaries": config.choice("thinking_summaries", ("auto", "none")),
        "temperature": config.number("temperature", 0, 2),
        "top_p": config.number("top_p", 0, 1),
        "seed": config.whole("seed", -INT32, INT32 - 1),
        "max_output_tokens": config.whole("max_output_tokens", 1, model.output_token_limit if model else INT32),
        "stop_sequences": stop_sequences_parse(config),
        "search_types": search_types_parse(fields, model),
        "max_images": _max_images(fields, model),
        "previous_id": _previous_id(fields),
        "store": fields.flag("store", True),
        "metadata": metadata_parse(
            context, fields.inner("metadata"), None if context.strict else fields.inner("labels")
        ),
        "safety_settings": safety_settings_parse(fields),
        "variants": (fields.whole("n", 1, MAX_VARIANTS) or 1) if context.strict else 1,
        "deadline": fields.number("deadline", 1, MAX_SECONDS) if context.strict else None,
        "background": not context.strict and fields.flag("background", False),
        "stream": not context.strict and fields.flag("stream", False),
        "webhooks": webhook_parse(fields) if context.strict else webhook_config_parse(fields),
        "text_tokens": check_length(context, steps, system_instruction, model),
        "template": template,
        "document": tree,
    }
    _refuse(fields, parsed)
    if not context.strict:
        gemini_config_parse(config, thinks=model is not None and model.thinks, searches=bool(parsed["search_types"]))
    config.close()
    fields.close()
    check_characters(context, tree)
    context.raise_errors()
    assert model is not None
    return GenerationRequest(model=model, ignored=tuple(context.ignored), **parsed)


def _model(fields: Fields) -> Model | None:
    id = fields.text("model")
    if id is None:
        if not fields.has("model"):
            fields.wrong("model", "required", f"model is missing; for example {models_taken()[0].id}.")
        return None
    try:
        return requested_model(id)
    except UnknownModel as unknown:
        see = MODELS_ADDRESS if fields.context.strict else "/v1/models"
        fields.wrong("model", "unknown_model", no_such_model(id, unknown, see=see))
        return None


def _max_images(fields: Fields, model: Model | None) -> int:
    if model is None:
        fields.take("max_images")
        return 1
    value = fields.whole("max_images", 1, model.max_images_limit, of=f" with {model.id}")
    return model.max_images_default if value is None else value


def _previous_id(fields: Fields) -> str | None:
    """The id in `previous_generation_id` or `previous_interaction_id`, which are one field."""
    ids = {name: fields.text(name) for name in ("previous_generation_id", "previous_interaction_id")}
    given = {id for id in ids.values() if id}
    if len(given) > 1:
        detail = "It differs from previous_generation_id; the two are one field, give one of them."
        fields.wrong("previous_interaction_id", "conflict", detail)
    return next(iter(given), None)


def _refuse(fields: Fields, parsed: dict[str, Any]) -> None:
    for name, detail in REFUSED.items():
        if not fields.context.strict and fields.has(name):
            fields.take(name)
            fields.wrong(name, "not_supported", detail)
    tier = None if fields.context.strict else fields.text("service_tier")
    if tier and not is_idle(tier) and tier != "standard":
        fields.wrong("service_tier", "not_supported", "There is one tier for single requests; leave it out.")
    if parsed["background"] and not parsed["store"]:
        fields.wrong("background", "conflict", 'A background job is stored; leave out "store": false or background.')
