"""A key in an address reaches no log, no error and no answer (I9)."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from accounts.authentication import tokens
from tests.api.accounts import FLASH, Account
from tests.services import ROOT, Running


def provoke(http: httpx.Client, secret: str) -> list[httpx.Response]:
    """Requests that work, that are refused, that fail to be read, and that name nothing."""
    return [
        http.get(f"/v1beta/models?key={secret}"),
        http.get(f"/v1beta/nowhere?key={secret}"),
        http.get(f"/v1beta/files/none?key={secret}"),
        http.post(f"/v1beta/interactions?key={secret}", content=b"{"),
        http.post(f"/v1beta/models/{FLASH}:generateContent?key={secret}", json={"contents": 7}),
        http.get(f"/api/v1/models?key={secret}"),
        http.get(f"/openai/v1/models?key={secret}", headers={"Authorization": f"Bearer {secret}x"}),
        http.get(f"/?key={secret}", headers={"Host": "bad host"}),
        http.put(f"/upload/v1beta/files?key={secret}"),
        http.get("/api/v1/models", headers={"Authorization": f"Bearer {secret} {secret}"}),
    ]


def test_no_log_and_no_answer_repeats_a_key(account: Account, platform: Running) -> None:
    wrong = tokens.generate(livemode=True).secret
    answers = [*provoke(account.http, account.secret), *provoke(account.http, wrong)]
    assert {200, 400, 401, 404} <= {answer.status_code for answer in answers}
    assert [answer.request.url.path for answer in answers if answer.status_code >= 500] == []
    for secret in (account.secret, wrong):
        proof = secret[21:53]
        for answer in answers:
            assert proof not in answer.text
            assert proof not in str(answer.headers)
        for log in [*(platform.data_dir / "logs").rglob("*"), platform.output]:
            assert not log.is_file() or proof not in log.read_text(errors="replace"), log


@contextmanager
def uvicorn_with_access_log(platform: Running) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """As somebody may start it who does not use `up`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "cavendish.asgi:application", "--port", str(port), "--access-log"],
        env=platform.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()


def test_uvicorns_access_log_shows_that_there_was_a_key_and_not_which(account: Account, platform: Running) -> None:
    with uvicorn_with_access_log(platform) as (url, process):
        deadline = time.monotonic() + 30
        while True:
            try:
                answer = httpx.get(f"{url}/v1beta/models?key={account.secret}&pageSize=1", timeout=30)
                break
            except httpx.ConnectError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert answer.status_code == 200
    output, _ = process.communicate(timeout=20)
    assert "GET /v1beta/models?key=…&pageSize=1 HTTP/1.1" in output
    assert account.secret[21:53] not in output
