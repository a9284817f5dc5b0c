"""What a prompt template makes of values, and what that would cost."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from accounts.authentication.principal import Principal
from billing.prices.quotes import Quote
from cavendish.gemini.catalog import models
from cavendish.http.problems import Problem
from generations.accept.funnel import quote_build
from generations.accept.job_spec import JobSpec
from generations.request import GenerationRequest
from generations.selectors import models_offered

TIER = "standard"


def template_preview(
    *, who: Principal, model: str | None, named: Mapping[str, Any]
) -> tuple[GenerationRequest, JobSpec, Quote]:
    """Returns what `quote_build` does for a generation of this template alone; `named` is its `template`.

    Without `model` it is the first that the key may use. Raises Problem, with pointers into `named`.
    """
    chosen = model or next(offered.id for offered in (*models_offered(who), *models()) if not offered.deprecated)
    # Read as a body, so that the values are checked as those of a generation are.
    body = io.BytesIO(json.dumps({"model": chosen, "template": named}).encode())
    try:
        return quote_build(who=who, body=body, tier=TIER)
    except Problem as problem:
        problem.errors = [replace(error, pointer=error.pointer.removeprefix("/template")) for error in problem.errors]
        raise
