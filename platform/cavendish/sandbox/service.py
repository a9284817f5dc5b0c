"""What the routes share: the state of one sandbox and the checks before each call."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.files import Files
from cavendish.sandbox.pictures import Studio
from cavendish.sandbox.records import Records
from cavendish.sandbox.words import Attempts

# Keys with these prefixes are refused, so that pools of keys can be tested.
_BAD_KEYS = {
    "invalid": (400, "API key not valid. Please pass a valid API key."),
    "blocked": (403, "The caller does not have permission: this API key was blocked."),
    "exhausted": (429, "You exceeded your current quota, please check your plan and billing details."),
}


@dataclass(frozen=True)
class Sandbox:
    records: Records
    files: Files
    studio: Studio
    posts: Attempts
    deliveries: Attempts

    @classmethod
    def open(cls, folder: Path) -> Sandbox:
        signed = folder / "signed"
        signed.mkdir(parents=True, exist_ok=True)
        return cls(Records(folder / "interactions"), Files(folder / "files"), Studio(signed), Attempts(), Attempts())

    def close(self) -> None:
        self.studio.close()


def sandbox(request: Request) -> Sandbox:
    state: Sandbox = request.app.state.sandbox
    return state


def owner(request: Request) -> str:
    """Returns a fingerprint of the caller's key, which is stored nowhere. Any key will do. Raises ApiError for none."""
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key") or ""
    if not key.strip():
        raise ApiError(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    for prefix, (status, message) in _BAD_KEYS.items():
        if key.startswith(prefix):
            raise ApiError(status, message)
    return hashlib.sha256(key.encode()).hexdigest()[:32]


async def read_body(request: Request, limit: int) -> bytes:
    """Returns the body without keeping it on the request: during the wait only what was parsed stays in memory."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(400, f"Request payload size exceeds the limit: {limit} bytes.")
    return bytes(body)
