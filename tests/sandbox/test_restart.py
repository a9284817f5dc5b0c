from __future__ import annotations

import asyncio
import base64
import signal
import time
from pathlib import Path

import httpx
import psutil

from tests.sandbox.conftest import MODEL, Server
from tests.sandbox.helpers import pixels, png


def test_a_kill_loses_neither_interactions_nor_files(own_server: Server) -> None:
    api = own_server.client()

    def post(input: object, **fields: object) -> httpx.Response:
        return api.post("/v1/interactions", json={"model": MODEL, "input": input, **fields})

    picture = {"type": "image", "mime_type": "image/png", "data": png(160, 90)}
    done = post([picture, {"type": "text", "text": "kept [[c2pa]] [[images:2]]"}]).json()
    running = post("running [[latency:1.5]]", background=True).json()
    hanging = post("[[hang]]", background=True).json()
    raw = base64.b64decode(png(30, 20))
    headers = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
    url = api.post("/upload/v1/files", headers=headers).headers["x-goog-upload-url"]
    api.post(url, headers={"X-Goog-Upload-Command": "upload", "X-Goog-Upload-Offset": "0"}, content=raw[:20])
    before = api.get(f"/v1/interactions/{done['id']}").json()

    own_server.kill()
    own_server.start()

    assert api.get(f"/v1/interactions/{done['id']}").json() == before
    assert pixels(post("next", previous_interaction_id=done["id"]).json()) == (1376, 768)
    finish = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "20"}
    assert api.post(url, headers=finish, content=raw[20:]).json()["file"]["sizeBytes"] == str(len(raw))
    assert api.get(f"/v1/interactions/{hanging['id']}").json()["status"] == "in_progress"
    deadline = time.monotonic() + 10
    while (ended := api.get(f"/v1/interactions/{running['id']}").json())["status"] == "in_progress":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert pixels(ended) == (1024, 1024)


def test_deleting_leaves_nothing_on_disk(own_server: Server) -> None:
    api = own_server.client()
    picture = {"type": "image", "mime_type": "image/png", "data": png(16, 9)}
    id = api.post("/v1/interactions", json={"model": MODEL, "input": [picture]}).json()["id"]
    folder = own_server.folder / "interactions"
    assert sorted(path.name for path in folder.iterdir()) == [f"{id}.0", f"{id}.json"]
    api.delete(f"/v1/interactions/{id}")
    assert list(folder.iterdir()) == []
    unstored = {"model": MODEL, "input": [picture], "store": False}
    assert api.post("/v1/interactions", json=unstored).status_code == 200
    assert list(folder.iterdir()) == []


def test_no_key_and_no_prompt_of_an_unstored_request_reach_the_disk(own_server: Server) -> None:
    api = own_server.client("a-secret-key")
    for store in (True, False):
        api.post("/v1/interactions", json={"model": MODEL, "input": f"prompt-{store}", "store": store})
    texts = b"".join(path.read_bytes() for path in Path(own_server.folder).rglob("*") if path.is_file())
    assert b"a-secret-key" not in texts
    assert b"prompt-False" not in texts


def test_a_hanging_request_does_not_hold_up_the_end(own_server: Server) -> None:
    api = own_server.client()
    with api.stream("POST", "/v1/interactions", json={"model": MODEL, "input": "[[hang]]", "stream": True}):
        started = time.monotonic()
        own_server.kill(signal.SIGTERM)
        assert time.monotonic() - started < 5
    own_server.start()


async def test_many_waiting_requests_cost_little(own_server: Server) -> None:
    assert own_server.process is not None
    process = psutil.Process(own_server.process.pid)
    calm = process.memory_info().rss
    body = {"model": MODEL, "input": "wait [[latency:1.5]]", "response_format": {"type": "image", "image_size": "512"}}
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(limits=limits, timeout=30, headers={"x-goog-api-key": "many"}) as client:
        url = f"{own_server.url}/v1/interactions"
        calls = [asyncio.create_task(client.post(url, json=body)) for _ in range(200)]
        await asyncio.sleep(1)
        waiting = process.memory_info().rss
        threads = process.num_threads()
        answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert waiting - calm < 30 * 1024 * 1024
    assert threads < 10
