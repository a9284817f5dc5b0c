"""`ai.batches` of @google/genai, unchanged."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.api.accounts import Account
from tests.compat.node import PACKAGE
from tests.services import Running


def test_batches(platform: Running, account: Account, node_modules: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_modules)
    (tmp_path / "batches.mjs").write_text((PACKAGE / "batches.mjs").read_text())
    lines = [{"key": str(key), "request": {"contents": [{"parts": [{"text": "a cat"}]}]}} for key in range(2)]
    lines[1]["request"] = {}
    (tmp_path / "requests.jsonl").write_text("\n".join(map(json.dumps, lines)))
    environment = {**os.environ, "GOOGLE_GEMINI_BASE_URL": platform.url, "GEMINI_API_KEY": account.secret}
    done = subprocess.run(
        ["node", "batches.mjs", "requests.jsonl"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    assert found["created"] == {"state": "JOB_STATE_PENDING", "displayName": "Inline"}
    assert found["cat"] == {"metadata": {"key": "cat"}, "picture": True}
    assert found["wrong"]["code"] == 3
    assert found["lines"] == [["key", "response"], ["key", "error"]]
    assert (found["canceled"], found["gone"]) == ("JOB_STATE_CANCELLED", 404)
    assert found["listed"] == [None, "Inline"]
