"""The routes under /models."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cavendish.gemini.catalog import Model, models
from cavendish.sandbox.contents import Json
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.paging import page
from cavendish.sandbox.service import owner


async def list_all(request: Request) -> Response:
    owner(request)
    return JSONResponse(page(request, "models", [_model_json(model) for model in models()], default=50, maximum=1000))


async def list_tuned(request: Request) -> Response:
    owner(request)
    return JSONResponse({})


async def get(request: Request) -> Response:
    owner(request)
    id = request.path_params["id"]
    for model in models():
        if model.id == id:
            return JSONResponse(_model_json(model))
    version = request.path_params["version"]
    raise ApiError(404, f"models/{id[:100]} is not found for API version {version}.")


def _model_json(model: Model) -> Json:
    return {
        "name": f"models/{model.id}",
        "version": "001",
        "displayName": model.name,
        "description": model.description,
        "inputTokenLimit": model.input_token_limit,
        "outputTokenLimit": model.output_token_limit,
        "supportedGenerationMethods": ["createInteraction"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": model.thinks,
    }
