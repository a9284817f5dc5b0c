"""A request is judged before the first byte of its body is read, in the words of its API."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import suppress
from typing import Any
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from accounts.authentication import tokens
from accounts.authentication.principal import KeyUnread, principal_known, principal_of
from accounts.models import ApiKey
from cavendish.db.router import acting_as
from tests.api.accounts import picture
from tests.door.conftest import MB, Door
from tests.door.raw import Answer, Raw, aside, connected
from tests.factories import make_key, make_operator_key, make_tenant

LARGE = "Content-Length: 4000000"


async def ask(raw: Raw, method: str, path: str, *headers: str, key: str = "", body: bytes = b"") -> Answer:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    await raw.send("\r\n".join([*lines, "", ""]).encode() + body)
    return await raw.answer()


def words(answer: Answer) -> Any:
    return json.loads(answer.body)


async def change(row: ApiKey, **fields: Any) -> None:
    def update() -> None:
        with acting_as("operator"):
            ApiKey.objects.filter(id=row.id).update(**fields)

    await aside(update)


@pytest.fixture
def secret() -> str:
    return make_key(make_tenant())[1]


NATIVE = ("/api/v1/generations", "/api/v1/files", "/api/v1/keys")
GOOGLE = ("/v1beta/interactions", "/v1beta/models/gemini-3-pro-image:generateContent", "/upload/v1beta/files")
OPENAI = ("/openai/v1/images/generations",)


@pytest.mark.parametrize("path", [*NATIVE, *GOOGLE, *OPENAI])
@pytest.mark.parametrize("length", [LARGE, "Transfer-Encoding: chunked", "Content-Length: 10"])
async def test_without_a_key_it_is_401_before_the_body(door: Door, path: str, length: str) -> None:
    made_up = tokens.generate(livemode=True).secret
    async with door() as (port, layer):
        for key in ("", "nonsense", made_up, tokens.generate_operator().secret):
            async with connected(port) as raw:
                answer = await ask(raw, "POST", path, length, key=key)
                assert (answer.status, answer.headers["connection"]) == (401, "close")
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert made_up not in answer.body.decode()
                if path in NATIVE:
                    assert words(answer)["code"] == ("authentication_failed" if key else "not_authenticated")
                elif path in OPENAI:
                    assert words(answer)["error"]["code"] == "invalid_api_key"
                else:
                    error = words(answer)["error"]
                    assert error.get("status", error["code"]) in {"UNAUTHENTICATED", "unauthenticated"}
        assert layer._bodies.taken == 0


async def test_what_is_no_path_method_or_size_is_said_before_the_body(door: Door, secret: str) -> None:
    async with door(request=4 * MB, file=8 * MB) as (port, _):
        for method, path, length, status in (
            ("POST", "/api/v1/nowhere", LARGE, 404),
            ("POST", "/nowhere", LARGE, 404),
            ("POST", "/v1beta/nowhere", LARGE, 404),
            ("PUT", "/api/v1/generations", LARGE, 405),
            ("DELETE", "/openai/v1/images/generations", LARGE, 405),
            ("PROPFIND", "/api/v1/generations", "Content-Length: 5", 405),
            ("DELETE", "/account/login/", "Content-Length: 5", 405),
            ("POST", "/api/v1/generations", f"Content-Length: {4 * MB + 1}", 413),
            ("POST", "/api/v1/files", f"Content-Length: {9 * MB}", 413),
            ("POST", "/api/v1/keys", f"Content-Length: {2 * MB + 1}", 413),
            ("POST", "/account/login/", f"Content-Length: {2 * MB + 1}", 413),
            ("POST", "/account/login/", "Transfer-Encoding: chunked", 411),
            ("POST", "/healthz", "Content-Length: 1", 413),
            ("GET", "/healthz", "Transfer-Encoding: chunked", 411),
        ):
            async with connected(port) as raw:
                answer = await ask(raw, method, path, length, key=secret)
                assert answer.status == status, (method, path)
                assert answer.headers["connection"] == "close"
                if status == 405:
                    assert "POST" in answer.headers["allow"]


async def test_who_asks_first_is_answered_by_the_judgement(door: Door, secret: str) -> None:
    expect = "Expect: 100-continue"
    async with door(request=4 * MB) as (port, _):
        for key, length, status in ((secret + "x", 100, 401), ("", 100, 401), (secret, 5 * MB, 413)):
            async with connected(port) as raw:
                answer = await ask(raw, "POST", "/api/v1/generations", expect, f"Content-Length: {length}", key=key)
                assert answer.status == status
                assert await raw.rest() == b""
        async with connected(port) as raw:
            answer = await ask(raw, "POST", "/api/v1/generations", expect, "Content-Length: 2", key=secret)
            assert answer.status == 100
            await raw.send(b"{}")
            assert (await raw.answer()).status == 422


async def test_requests_that_may_come_in_are_answered_as_ever(door: Door, secret: str) -> None:
    async with door() as (port, _), connected(port) as raw:
        for method, path, status in (
            ("GET", "/api/v1/models", 200),
            ("GET", "/api/v1/generations/gen_1", 404),
            ("DELETE", "/api/v1/generations/gen_1", 404),
            ("POST", "/api/v1/generations/gen_1/cancel", 404),
            ("OPTIONS", "/api/v1/models", 200),
            ("GET", "/v1beta/models", 200),
            ("GET", "/openai/v1/models", 200),
            ("GET", "/account/login/", 200),
            ("GET", "/nowhere", 404),
            ("GET", "/healthz", 200),
        ):
            answer = await ask(raw, method, path, key=secret)
            assert answer.status == status, (method, path, answer.body[:200])
        # On one connection all of them: nothing was closed.
        assert (await ask(raw, "GET", f"/v1beta/models?key={secret}")).status == 200
        assert (await ask(raw, "GET", "/metrics")).status == 200
        answer = await ask(raw, "GET", "/nowhere")
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_a_refused_read_keeps_its_connection(door: Door, secret: str) -> None:
    async with door() as (port, _), connected(port) as raw:
        assert (await ask(raw, "GET", "/api/v1/keys")).status == 401
        assert (await ask(raw, "GET", "/api/v1/nowhere")).status == 404
        assert (await ask(raw, "GET", "/api/v1/models", key=secret)).status == 200


async def test_chunked_bodies_are_taken_and_counted(door: Door, secret: str) -> None:
    chunked = ("Transfer-Encoding: chunked", "Content-Type: application/json")
    async with door(request=1 * MB) as (port, layer):
        async with connected(port) as raw:
            answer = await ask(raw, "POST", "/api/v1/quotes", *chunked, key=secret, body=b"2\r\n{}\r\n0\r\n\r\n")
            assert answer.status == 422
        async with connected(port) as raw:
            piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
            answer = await ask(raw, "POST", "/api/v1/quotes", *chunked, key=secret, body=piece * 17)
            assert (answer.status, words(answer)["code"]) == (413, "body_too_large")
        assert layer._bodies.taken == layer._bodies.to_come == 0


async def test_a_form_without_its_length_is_read(door: Door, secret: str) -> None:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        + picture()
        + b"\r\n--b--\r\n"
    )
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(form), form)
    headers = ("Transfer-Encoding: chunked", "Content-Type: multipart/form-data; boundary=b")
    async with door() as (port, _), connected(port) as raw:
        answer = await ask(raw, "POST", "/api/v1/files", *headers, key=secret, body=body)
        assert (answer.status, words(answer)["bytes"]) == (201, len(picture()))


async def test_a_large_body_that_is_refused_is_not_reset_under_the_answer(door: Door, secret: str) -> None:
    """A proxy writes as long as it can before it reads."""
    length = 30_000_000
    async with door(request=MB) as (port, _):
        for path, key, status in (("/api/v1/files", "", 401), ("/api/v1/generations", secret, 413)):
            proxy = socket.create_connection(("127.0.0.1", port))
            proxy.setblocking(False)
            sent = proxy.send(
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
                f"Authorization: Bearer {key}\r\n\r\n".encode()
            )
            await asyncio.sleep(0.05)
            try:
                while sent < length:
                    sent += proxy.send(bytes(100_000))
            except BlockingIOError:
                pass  # what happens to it: its buffers are full, so it looks for an answer
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(5):
                assert f" {status} ".encode() in await loop.sock_recv(proxy, 1000)
            assert sent < length
            proxy.close()


async def test_scopes_and_addresses_of_a_key_are_judged(door: Door) -> None:
    tenant = await aside(make_tenant)
    _, reader = await aside(lambda: make_key(tenant, scopes=["read"]))
    row, elsewhere = await aside(lambda: make_key(tenant))
    await change(row, ip_ranges=["10.9.8.7/32"])
    async with door() as (port, _):
        async with connected(port) as raw:
            answer = await ask(raw, "POST", "/api/v1/files", LARGE, key=reader)
            assert (answer.status, words(answer)["code"]) == (403, "permission_denied")
            assert words(answer)["required_scope"] == "files"
        async with connected(port) as raw:
            answer = await ask(raw, "POST", "/openai/v1/images/generations", LARGE, key=reader)
            assert (answer.status, words(answer)["error"]["type"]) == (403, "permission_error")
        async with connected(port) as raw:
            assert (await ask(raw, "POST", "/api/v1/files", LARGE, key=elsewhere)).status == 401
            assert await raw.rest(seconds=8) == b""


async def test_operators_keys_open_what_is_theirs(door: Door, secret: str) -> None:
    operator = await aside(make_operator_key)
    async with door() as (port, _):
        async with connected(port) as raw:
            assert (await ask(raw, "GET", "/api/v1/tenants", key=operator)).status == 200
            assert (await ask(raw, "GET", "/api/v1/usage?from=2026-01-01&to=2026-01-02", key=operator)).status == 200
            assert (await ask(raw, "GET", "/api/v1/usage", key=secret)).status == 200
        for key, path in ((secret, "/api/v1/tenants"), (operator, "/api/v1/generations")):
            async with connected(port) as raw:
                assert (await ask(raw, "POST", path, LARGE, key=key)).status == 401


async def test_a_known_key_is_judged_without_a_query(door: Door, secret: str) -> None:
    with pytest.raises(KeyUnread) as caught:
        principal_known(tokens.generate(livemode=True).secret)
    assert caught.value.new
    assert principal_known("nonsense") is None
    known = None
    # A poll that began before the key was made may name it as changed after it was read: then it is read again.
    for _ in range(20):
        read = await aside(lambda: principal_of(secret))
        with suppress(KeyUnread):
            known = principal_known(secret)
            break
    assert known == read is not None
    async with door() as (port, layer), connected(port) as raw:
        until = time.monotonic() + 1
        while time.monotonic() < until:
            await ask(raw, "GET", "/api/v1/models", key=secret)
            await asyncio.sleep(0.05)
        # Nobody is left to read keys: one that is known and watched does not ask for it.
        for threads in (layer._rules._readers._known, layer._rules._readers._new):  # type: ignore[attr-defined]
            threads.shutdown()
        assert (await ask(raw, "GET", "/api/v1/models", key=secret)).status == 200


async def test_a_revoked_or_expired_key_is_refused(door: Door) -> None:
    tenant = await aside(make_tenant)
    row, revoked = await aside(lambda: make_key(tenant))
    late, expired = await aside(lambda: make_key(tenant))
    await change(row, revoked_at=timezone.now())
    await change(late, expires_at=timezone.now())
    async with door() as (port, _):
        for key in (revoked, expired):
            async with connected(port) as raw:
                assert (await ask(raw, "POST", "/api/v1/files", LARGE, key=key)).status == 401


async def test_signed_ids_of_uploads_are_judged(door: Door) -> None:
    row, secret = await aside(lambda: make_key(make_tenant()))
    start = (
        "X-Goog-Upload-Protocol: resumable",
        "X-Goog-Upload-Command: start",
        "X-Goog-Upload-Header-Content-Type: image/png",
        "Content-Length: 2",
    )
    go_on = ("X-Goog-Upload-Command: query", "Content-Length: 0")
    async with door() as (port, layer):
        async with connected(port) as raw:
            answer = await ask(raw, "POST", "/upload/v1beta/files", *start, key=secret, body=b"{}")
            assert answer.status == 200
            url = urlsplit(answer.headers["x-goog-upload-url"])
            address = f"{url.path}?{url.query}"
            assert (await ask(raw, "POST", address, *go_on)).headers["x-goog-upload-status"] == "active"
        for path, status in (
            (address.replace("upload_id=", "upload_id=x"), 404),
            ("/upload/v1beta/files?upload_id=", 404),
        ):
            async with connected(port) as raw:
                answer = await ask(raw, "POST", path, LARGE, "X-Goog-Upload-Command: upload")
                assert (answer.status, answer.headers["x-goog-upload-status"]) == (status, "final")
        for changed in (
            {"ip_ranges": ["10.0.0.1/32"]},
            {"ip_ranges": [], "scopes": ["read"]},
            {"scopes": ["files"], "revoked_at": timezone.now()},
        ):
            await change(row, **changed)
            async with connected(port) as raw:
                answer = await ask(raw, "POST", address, LARGE, "X-Goog-Upload-Command: upload")
                assert (answer.status, answer.headers["x-goog-upload-status"]) == (401, "final"), changed
        assert layer._bodies.taken == 0


async def test_only_our_own_host_names_are_answered(door: Door) -> None:
    async with door() as (port, _):
        for host, status in (
            ("localhost", 200),
            (f"127.0.0.1:{port}", 200),
            ("[::1]:80", 200),
            ("evil.example", 400),
            (f"evil.example:{port}", 400),
            ("localhost.evil.example", 400),
            ("a@b", 400),
        ):
            for path in ("/metrics", "/api/v1/openapi.json", "/static/ui/icon.svg", "/healthz"):
                async with connected(port) as raw:
                    await raw.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                    assert (await raw.answer()).status == status, (host, path)


async def test_a_query_with_too_many_fields_is_400(door: Door) -> None:
    async with door() as (port, _), connected(port) as raw:
        assert (await ask(raw, "GET", "/v1beta/models?" + "a&" * 2000)).status == 400


async def test_a_database_that_is_away_is_503_and_not_401(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError

    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door() as (port, _), connected(port) as raw:
        monkeypatch.setattr(type(connections["default"]), "ensure_connection", away)
        answer = await ask(raw, "POST", "/api/v1/files", LARGE, key=secret)
        assert (answer.status, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize(
    "place", ["cavendish.wait.judgement.Judge._match", "cavendish.http.threaded.ThreadedHandler.read_body"]
)
async def test_whatever_fails_before_an_answer_is_answered_in_the_words_of_its_api(
    door: Door, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door() as (port, _):
        for error, status, pause in ((OperationalError(), 503, "2"), (RuntimeError(), 500, None)):
            monkeypatch.setattr(place, Mock(side_effect=error))
            for path, kind in (("/api/v1/models", "application/problem+json"), ("/v1beta/models", "application/json")):
                async with connected(port) as raw:
                    answer = await ask(raw, "GET", path, key=secret)
                    assert (answer.status, answer.headers.get("retry-after")) == (status, pause)
                    assert answer.headers["content-type"].startswith(kind)


async def test_an_answer_outlives_a_database_that_goes_away_under_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError

    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door() as (port, _), connected(port) as raw:
        monkeypatch.setattr("accounts.authentication.cors.tenant_work", away)
        answer = await ask(raw, "GET", "/api/v1/models", "Origin: https://app.example", key=secret)
        assert (answer.status, answer.headers.get("access-control-allow-origin")) == (200, None)
