"""Scripts of every site may use the APIs that official SDKs speak, and read what is refused."""

from __future__ import annotations

import pytest

from tests.door.conftest import Door
from tests.door.raw import aside, connected
from tests.door.test_judgement import ask
from tests.factories import make_key, make_tenant

ORIGIN = "Origin: https://app.example.com"
MODEL = "gemini-3.1-flash-image"
OPEN = [
    "/v1/interactions",
    "/v1beta/interactions/x/cancel",
    f"/v1beta/models/{MODEL}:generateContent",
    f"/v1alpha/models/{MODEL}:streamGenerateContent?alt=sse",
    "/v1beta/models/imagen-4.0-generate-001:predict",
    "/v1beta1/publishers/google/models/imagen-4.0-generate-001:predict",
    "/v1/batches/x",
    "/v1beta/files/x:download?alt=media",
    "/upload/v1beta/files",
    "/openai/v1/images/generations",
    "/v1beta/openai/chat/completions",
    "/v1beta/nothing",
]
CLOSED = ["/api/v1/generations", "/account/", "/admin/", "/healthz", "/v1betas", "/nothing"]


async def test_a_browser_may_ask_without_a_key_and_for_any_header(door: Door) -> None:
    names = "x-goog-api-key,X-Goog-Api-Client,x-goog-upload-command,content-type,x-of-a-later-sdk"
    asks = ORIGIN, "Access-Control-Request-Method: POST", f"Access-Control-Request-Headers: {names}"
    async with door() as (port, _), connected(port) as raw:
        for path in OPEN:
            answer = await ask(raw, "OPTIONS", path, *asks)
            assert (answer.status, answer.body) == (204, b""), path
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["access-control-allow-headers"] == names
            assert {"GET", "POST", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
        # The same without headers of its own, and with what no header is called.
        for more in ((), ("Access-Control-Request-Headers: a:b",)):
            answer = await ask(raw, "OPTIONS", OPEN[0], *asks[:2], *more)
            assert (answer.status, "access-control-allow-headers" in answer.headers) == (204, False)


@pytest.mark.parametrize("has_key", [False, True])
async def test_refusals_can_be_read_with_and_without_a_key(door: Door, has_key: bool) -> None:
    _, secret = await aside(lambda: make_key(make_tenant(), scopes=["read"]))
    async with door() as (port, _):
        for path in OPEN:
            for method in ("GET", "POST"):
                async with connected(port) as raw:
                    key = secret if has_key else ""
                    answer = await ask(raw, method, path, ORIGIN, "Content-Length: 2", key=key, body=b"{}")
                    assert answer.headers["access-control-allow-origin"] == "*", path
                    exposed = answer.headers["access-control-expose-headers"].split(", ")
                    assert {"X-Goog-Upload-URL", "X-Goog-Upload-Status", "Retry-After", "Warning"} <= set(exposed)
                    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
                    assert "access-control-allow-credentials" not in answer.headers


async def test_other_addresses_stay_as_they_are(door: Door) -> None:
    async with door() as (port, _), connected(port) as raw:
        for path in CLOSED:
            answer = await ask(raw, "GET", path, ORIGIN)
            assert "access-control-allow-origin" not in answer.headers, path
            assert "cross-origin-resource-policy" not in answer.headers
