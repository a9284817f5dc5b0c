"""The official JavaScript SDK beside the guide's samples: files, streams, background, errors."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.api.accounts import FLASH, Account, noise, picture
from tests.compat.node import PACKAGE
from tests.services import Running


def test_a_tour(platform: Running, account: Account, node_modules: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_modules)
    (tmp_path / "tour.mjs").write_text((PACKAGE / "tour.mjs").read_text())
    (tmp_path / "cat.png").write_bytes(picture())
    (tmp_path / "big.png").write_bytes(noise(1800))
    environment = {**os.environ, "GOOGLE_GEMINI_BASE_URL": platform.url, "GEMINI_API_KEY": account.secret}
    command = ["node", "tour.mjs", "cat.png", "big.png"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    file = found["file"]
    assert (file["displayName"], file["mimeType"], file["state"]) == ("Cat", "image/png", "ACTIVE")
    assert found["large"]["asked"] == found["large"]["size"] > 8 * 1024 * 1024
    assert found["got"] == file["name"]
    assert len(found["listed"]) == 2
    assert found["edited"] == {"status": "completed", "picture": True}
    assert (found["refused"], found["badUpload"]) == (404, 400)
    assert found["events"] == [
        "interaction.created",
        "interaction.status_update",
        "step.start",
        "step.delta",
        "step.stop",
        "interaction.completed",
    ]
    assert found["background"] == ["in_progress", "completed"]
    assert found["errors"] == {"deleted": ["NotFoundError", 404], "size": ["BadRequestError", 400]}
    assert found["models"][0] == f"models/{FLASH}"
