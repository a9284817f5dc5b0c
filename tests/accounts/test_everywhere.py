"""What is decided at one place is in force in every process within a second, with Valkey and without."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from django.utils import timezone

from accounts.models import ApiKey
from tests.accounts.test_metrics import value
from tests.api.accounts import Account, Books
from tests.services import ROOT, Running

BOUND = 1.0
MODELS = "/api/v1/models/gemini-3.1-flash-image"


@contextmanager
def asking(platform: Running, secret: str) -> Iterator[subprocess.Popen[str]]:
    """Another process with a cache of its own, on the platform's database."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.accounts.asker", secret],
        env=platform.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_line(process: subprocess.Popen[str]) -> tuple[float, str]:
    """Returns the time and the answer that the process printed next."""
    assert process.stdout is not None
    at, answer = process.stdout.readline().split()
    return float(at), answer


@contextmanager
def frozen_valkey(platform: Running, account: Account) -> Iterator[None]:
    """A Valkey that takes connections and answers nothing; afterwards it counts again, for the tests that follow."""
    children = json.loads((platform.data_dir / "children.json").read_text())
    pid = next(pid for name, pid, _ in children if name == "Valkey")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
        until_shared(account.key())


def revoked_after(account: Account, process: subprocess.Popen[str]) -> tuple[float, float]:
    """Seconds from the commit of the revocation until the web process and the other one refuse the key."""
    assert read_line(process)[1] == "works"
    until = time.monotonic() + 1.2
    while time.monotonic() < until:
        assert account.get(MODELS).status_code == 200
        time.sleep(0.02)
    with account.books.open():
        ApiKey.objects.filter(tenant_id=account.tenant.id, prefix=account.secret[:21]).update(revoked_at=timezone.now())
    committed, wall = time.monotonic(), time.time()
    while account.http.get(MODELS, headers=account.headers).status_code == 200:
        assert time.monotonic() < committed + 5
    here = time.monotonic() - committed
    at, answer = read_line(process)
    assert answer == "refused"
    return here, at - wall


def test_a_revoked_key_ends_in_every_process(account: Account, platform: Running) -> None:
    with asking(platform, account.secret) as process:
        assert max(revoked_after(account, process)) < BOUND


def test_a_revoked_key_ends_in_every_process_while_valkey_hangs(account: Account, platform: Running) -> None:
    with asking(platform, account.secret) as process, frozen_valkey(platform, account):
        assert max(revoked_after(account, process)) < BOUND


def until_shared(account: Account) -> None:
    deadline = time.monotonic() + 10
    while account.get(MODELS).status_code != 200 or value(account.http, "cavendish_limits_shared") == 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_limits_hold_in_the_process_while_valkey_hangs(account: Account, http: httpx.Client, platform: Running) -> None:
    until_shared(account)
    narrow = account.key(requests_per_minute=10)
    assert narrow.get(MODELS).status_code == 200
    counted = value(http, "cavendish_limits_local_requests_total")
    with frozen_valkey(platform, account):
        began = time.monotonic()
        statuses = [narrow.get(MODELS).status_code for _ in range(30)]
        spent = time.monotonic() - began
        assert statuses == [200] * 10 + [429] * 20
        assert value(http, "cavendish_limits_shared") == 0
        assert value(http, "cavendish_limits_local_requests_total") == counted + 30
        # one short timeout, not thirty
        assert spent < 1.5
    assert narrow.get(MODELS).headers["ratelimit"].startswith('"key-requests";r=')


def test_when_and_from_where_a_key_was_used_is_noted(account: Account, books: Books) -> None:
    key = account.key()
    assert key.get(MODELS).status_code == 200
    deadline = time.monotonic() + 8
    while True:
        with books.open():
            row = ApiKey.objects.get(tenant_id=account.tenant.id, prefix=key.secret[:21])
        if row.last_used_at is not None:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert row.last_used_address == "127.0.0.1"
    assert abs((timezone.now() - row.last_used_at).total_seconds()) < 15


pytestmark = pytest.mark.flaky(reruns=1)
