"""The sandbox as an ASGI application: a local server that speaks the Gemini API. Run it with uvicorn."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cavendish.gemini import catalog
from cavendish.sandbox import interactions, models, uploads
from cavendish.sandbox.errors import ApiError, error_response
from cavendish.sandbox.service import Sandbox


class _Version(Convertor[str]):
    regex = "v1(?:beta|alpha)?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("api_version", _Version())
_V = "/{version:api_version}"

_ROUTES = [
    Route(f"{_V}/interactions", interactions.create, methods=["POST"]),
    Route(f"{_V}/interactions/{{id}}", interactions.get, methods=["GET"]),
    Route(f"{_V}/interactions/{{id}}", interactions.delete, methods=["DELETE"]),
    Route(f"{_V}/interactions/{{id}}/cancel", interactions.cancel, methods=["POST"]),
    Route(f"{_V}/models", models.list_all, methods=["GET"]),
    Route(f"{_V}/tunedModels", models.list_tuned, methods=["GET"]),
    Route(f"{_V}/models/{{id}}", models.get, methods=["GET"]),
    Route(f"/upload{_V}/files", uploads.upload, methods=["POST", "PUT"]),
    Route(f"{_V}/files", uploads.list_all, methods=["GET"]),
    Route(f"{_V}/files/{{id}}:download", uploads.download, methods=["GET"]),
    Route(f"{_V}/files/{{id}}", uploads.get, methods=["GET"]),
    Route(f"{_V}/files/{{id}}", uploads.delete, methods=["DELETE"]),
]


def create_app(folder: Path | None = None) -> Starlette:
    """Returns the application. Its state is in `folder`, else in SANDBOX_STATE_DIR, else in a temporary folder.

    Its models are those of the platform, CATALOG_FILE included, but like Google it knows no further names of them.
    """
    if file := os.environ.get("CATALOG_FILE"):
        try:
            catalog.configure(file=file)
        except catalog.CatalogDataError as error:
            sys.exit(str(error))
    state = folder or os.environ.get("SANDBOX_STATE_DIR")
    if state and not _takes_files(Path(state)):
        sys.exit(f"SANDBOX_STATE_DIR is {state}: it cannot be written to. Use a folder of this process.")

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with contextlib.ExitStack() as stack:
            place = state or stack.enter_context(tempfile.TemporaryDirectory(prefix="cavendish-sandbox-"))
            app.state.sandbox = stack.enter_context(contextlib.closing(Sandbox.open(Path(place))))
            yield

    handlers = {ApiError: _api_error, HTTPException: _no_route}
    return Starlette(routes=_ROUTES, lifespan=lifespan, exception_handlers=handlers)


def _takes_files(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(request.url.path, error)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path[:200]} was not found on this server."
    return error_response(request.url.path, ApiError(error.status_code, message, headers=error.headers))


application = create_app()
