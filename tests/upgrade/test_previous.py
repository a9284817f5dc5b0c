"""The previous release on this version's schema, under load: what a roll-out is while it lasts (docs/upgrades.md)."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services import ROOT, Running

PREVIOUS = "v0.1.0"
COMMIT = "afba27b85805ac0701b07277fd94523fd4e59156"
"""What PREVIOUS names, where a clone has no tags."""
FLASH = "gemini-3.1-flash-image"


def previous_code(folder: Path) -> Path:
    """The previous release's files, from the repository's history."""
    for name in (PREVIOUS, COMMIT):
        packed = subprocess.run(["git", "archive", name], cwd=ROOT, capture_output=True, check=False)
        if packed.returncode == 0:
            with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
                archive.extractall(folder, filter="data")
            return folder
    pytest.skip(f"{PREVIOUS} is not in this clone's history: its code was not tried on the new schema.")


class Previous(Running):
    """A platform of the previous release; `manage` is this version's."""

    def __init__(self, code: Path) -> None:
        self.code, self.entry = code, code / "manage.py"
        super().__init__({"WORKERS": "2"}, empty=True, timeout=200)

    @property
    def environment(self) -> Mapping[str, str]:
        # Before the editable installation of this version, for children that `up` starts as modules, too.
        return {**super().environment, "PYTHONPATH": os.pathsep.join([str(self.code), str(self.code / "platform")])}

    def migrate(self) -> None:
        """This version's migrations, while the previous one goes on."""
        command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--database", "owner", "--verbosity", "0"]
        subprocess.run(command, env=super().environment, check=True, timeout=200)


class Clients:
    """Jobs without a pause, and what went wrong with any."""

    def __init__(self, running: Running) -> None:
        self.ids: list[str] = []
        self.wrong: list[str] = []
        self._over = threading.Event()
        key = running.ready["tenants"][0]["api_key"]
        self._client = httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(4)]
        for thread in self._threads:
            thread.start()

    def _send(self, number: int) -> None:
        body: dict[str, Any] = {
            "model": FLASH,
            "input": "a boat",
            "response_format": {"type": "image", "image_size": "512"},
        }
        asks = (
            lambda: self._client.post("/api/v1/generations", json=body, headers={"Prefer": "wait=30"}),
            lambda: self._client.post("/v1beta/interactions", json=body),
            lambda: self._client.get("/api/v1/usage?group_by=day"),
            lambda: self._client.post("/api/v1/batches", json={"items": [{"request": body}]}),
        )
        while not self._over.is_set():
            try:
                answer = asks[number]()
            except httpx.HTTPError as error:
                self.wrong.append(repr(error))
                continue
            if answer.status_code >= 400:
                self.wrong.append(f"{answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
            elif number < 2:
                self.ids.append(answer.json()["id"])
            time.sleep(0.05)

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._client.close()


@pytest.fixture
def previous(tmp_path: Path) -> Iterator[Previous]:
    running = Previous(previous_code(tmp_path / "previous"))
    yield running
    running.remove()


@pytest.mark.slow
def test_the_previous_release_works_on_the_new_schema_and_hands_over(previous: Previous) -> None:
    clients = Clients(previous)
    try:
        time.sleep(3)
        before = len(clients.ids)
        previous.migrate()
        migrated = len(clients.ids)
        time.sleep(6)
    finally:
        clients.stop()
    assert clients.wrong == []
    assert before > 0
    assert len(clients.ids) > migrated, "the previous release made nothing on the new schema"

    previous.stop()
    current = Running({"WORKERS": "2"}, data_dir=previous.data_dir)
    try:
        key = current.ready["tenants"][0]["api_key"]
        with httpx.Client(base_url=current.url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
            for made in clients.ids:
                job = client.get(f"/api/v1/generations/{made}").json()
                assert job["status"] == "succeeded", f"{made}: {job['error']}"
        assert "Nothing differs" in current.manage("reconcile")
    finally:
        current.stop()
