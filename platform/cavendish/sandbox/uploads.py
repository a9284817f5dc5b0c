"""The routes under /files and /upload: resumable upload as the SDKs do it, get, list, delete, download."""

from __future__ import annotations

import asyncio
import json

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from cavendish.sandbox.contents import Json
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.files import file_json
from cavendish.sandbox.paging import page
from cavendish.sandbox.service import owner, read_body, sandbox

_METADATA_LIMIT = 64 * 1024


async def upload(request: Request) -> Response:
    """Handles all commands. `start` needs the key; later calls have an upload_id, since the Python SDK sends no key."""
    if upload_id := request.query_params.get("upload_id"):
        return await _continue(request, upload_id)
    commands = _commands(request)
    if request.headers.get("x-goog-upload-protocol") != "resumable" or "start" not in commands:
        raise ApiError(400, "Uploads are resumable: send X-Goog-Upload-Protocol: resumable and the command start.")
    key = owner(request)
    metadata = _metadata(await read_body(request, _METADATA_LIMIT))
    declared = metadata.get("mimeType") or metadata.get("mime_type")
    mime_type = request.headers.get("x-goog-upload-header-content-type") or declared or "application/octet-stream"
    upload_id = sandbox(request).files.start(
        key,
        name=str(metadata.get("name") or ""),
        display_name=str(metadata.get("displayName") or metadata.get("display_name") or ""),
        mime_type=str(mime_type),
        size=_number(request.headers.get("x-goog-upload-header-content-length")),
    )
    url = request.url.include_query_params(upload_id=upload_id, upload_protocol="resumable").remove_query_params("key")
    return Response(headers={"X-Goog-Upload-URL": str(url), "X-Goog-Upload-Status": "active"})


async def get(request: Request) -> Response:
    record = sandbox(request).files.find(request.path_params["id"], owner(request))
    return JSONResponse(file_json(record, _base(request)))


async def download(request: Request) -> Response:
    files = sandbox(request).files
    record = files.find(request.path_params["id"], owner(request))
    return FileResponse(files.content(record["id"]), media_type=record["mime_type"])


async def list_all(request: Request) -> Response:
    files = [file_json(record, _base(request)) for record in sandbox(request).files.list(owner(request))]
    return JSONResponse(page(request, "files", files, default=10, maximum=100))


async def delete(request: Request) -> Response:
    sandbox(request).files.delete(request.path_params["id"], owner(request))
    return JSONResponse({})


async def _continue(request: Request, upload_id: str) -> Response:
    files = sandbox(request).files
    commands = _commands(request)
    if "query" in commands:
        received = str(files.received(upload_id))
        return Response(headers={"X-Goog-Upload-Status": "active", "X-Goog-Upload-Size-Received": received})
    if "cancel" in commands:
        files.cancel(upload_id)
        return Response(headers={"X-Goog-Upload-Status": "cancelled"})
    if not commands & {"upload", "finalize"}:
        raise ApiError(400, "X-Goog-Upload-Command must be upload, finalize, query or cancel.")
    if "upload" in commands:
        offset = _number(request.headers.get("x-goog-upload-offset")) or 0
        await files.append(upload_id, offset, request.stream())
    if "finalize" not in commands:
        return Response(headers={"X-Goog-Upload-Status": "active"})
    record = await asyncio.to_thread(files.finish, upload_id)
    return JSONResponse({"file": file_json(record, _base(request))}, headers={"X-Goog-Upload-Status": "final"})


def _commands(request: Request) -> set[str]:
    return {word.strip().lower() for word in request.headers.get("x-goog-upload-command", "").split(",")}


def _metadata(raw: bytes) -> Json:
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise ApiError(400, "Invalid JSON payload received.") from None
    metadata = body.get("file") if isinstance(body, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise ApiError(400, f"'{text[:40]}' is not a whole number.")
    return int(text)


def _base(request: Request) -> str:
    """Returns scheme, host and version: a file's URI has the version of the request."""
    return f"{request.url.scheme}://{request.url.netloc}/{request.path_params['version']}"
