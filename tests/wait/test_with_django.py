"""The layer over Django's own ASGI handler, and its own process under signals."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.core.asgi import get_asgi_application
from django.test import override_settings

from cavendish.messaging.valkey import ENDED
from cavendish.wait import WaitLayer
from cavendish.wait.database import Database
from tests.wait.conftest import OPTIONS, RULES
from tests.wait.servers import OwnValkey, free_port, serving, spawn, until, until_subscribed, until_waiting


@override_settings(ROOT_URLCONF="tests.wait.urls")
async def test_waiting_clients_keep_no_thread(valkey: OwnValkey, source: Database) -> None:
    django: Any = get_asgi_application()
    layer = WaitLayer(django, valkey_url=valkey.url, source=source, rules=RULES, options=OPTIONS)
    async with serving(layer) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:
        await until_subscribed(layer.hub)
        assert (await client.get("/nowhere")).status_code == 404
        before = threading.active_count()
        jobs = [uuid4() for _ in range(40)]
        requests = [asyncio.create_task(client.post(f"/wait/{job.hex}", content=b"abc")) for job in jobs]
        await until_waiting(layer.hub, 40)
        await until(lambda: threading.active_count() <= before)
        for job in jobs:
            await valkey.publish(ENDED, job.hex)
        answers = await asyncio.gather(*requests)
    assert [answer.status_code for answer in answers] == [200] * 40
    assert {answer.json()["internal"] for answer in answers} == {True}
    assert answers[0].headers["location"] == f"/api/v1/generations/gen_{jobs[0].hex}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_signal_answers_who_waits_and_ends_the_process(number: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.wait.standalone:application", "--port", str(port)]
    process = spawn([*command, "--log-level", "error"], VALKEY_URL="")
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            async with asyncio.timeout(20):
                while True:
                    try:
                        await client.get("/nowhere")
                        break
                    except httpx.ConnectError:
                        await asyncio.sleep(0.05)
            request = asyncio.create_task(client.post(f"/wait/{uuid4().hex}"))
            await asyncio.sleep(0.3)
            assert not request.done()
            began = time.monotonic()
            process.send_signal(number)
            answer = await request
            assert (answer.status_code, answer.json()["status"]) == (202, "queued")
        await asyncio.to_thread(process.wait, 10)
        assert time.monotonic() - began < 5
    finally:
        process.kill()
        process.wait()
