"""Who waits while the platform stops is told where the answer is going to be, and it is."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.accounts import FLASH
from tests.compat.content.helpers import SMALL, user
from tests.services import Running

BODY = {"contents": [user("slow [[latency:4]]")], "generationConfig": SMALL}
METHODS = ("generateContent", "streamGenerateContent", "streamGenerateContent?alt=sse")


@pytest.mark.slow
def test_a_restart_loses_no_answer(own_platform: Running) -> None:
    key = {"x-goog-api-key": own_platform.ready["tenants"][0]["api_key"]}

    def call(method: str) -> httpx.Response:
        address = f"{own_platform.url}/v1/models/{FLASH}:{method}"
        return httpx.post(address, json=BODY, headers=key, timeout=60)

    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(call, method) for method in METHODS]
        listed = f"{own_platform.url}/api/v1/generations"
        until(lambda: len(httpx.get(listed, headers=key).json()["data"]) == 3)
        own_platform.stop()
        answers = [call.result() for call in calls]
    alone, array, events = (answer.text for answer in answers)
    [chunk] = json.loads(array)
    told = [json.loads(alone), chunk, json.loads(events.removeprefix("data: "))]
    for answer, response in zip(answers, told, strict=True):
        assert answer.status_code == 200
        [candidate] = response["candidates"]
        assert (candidate["finishReason"], candidate["content"]["parts"]) == ("OTHER", [])
        assert f"/v1/interactions/{response['responseId']}" in candidate["finishMessage"]
    own_platform.start()
    for response in told:
        address = f"{own_platform.url}/v1/interactions/{response['responseId']}"
        until(lambda address=address: httpx.get(address, headers=key).json()["status"] == "completed")


def until(true: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)
